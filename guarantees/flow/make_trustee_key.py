"""A trustee's keys (受托钥匙): made here under its passphrase, or kept by the trustee itself.

Of one that the trustee keeps (`./baohan trustee --new-key`) only the public half is registered; it
then approves by command. Every change goes into the transparency log.
"""

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound
from guarantees.flow import steps
from guarantees.records import log
from guarantees.records import trustbook as held
from guarantees.records.trust import TrusteeKey
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from signing.seal import fingerprint_of, lp, usable_public_key

MAX_ACTIVE_KEYS = 2
"""Per trustee: every letter is wrapped to each of them, and all wraps share 8 KiB."""

SHOWN_DIGITS = 16


def store(
    session: Session, actor: Actor, now: datetime, public_key: bytes, wrapped_private: bytes
) -> str:
    """Id of a key that was made and wrapped before (make_opening_key.prepare); InvalidInput where
    there are enough."""
    steps.require(actor, "trustee_key.make", now)
    made = _add(session, actor, now, public_key, wrapped_private, "passphrase")
    _tell(session, actor, now, made, "trustee_key.made")
    return made.id


def register(session: Session, actor: Actor, now: datetime, typed: str) -> str:
    """Id of a key whose private half the trustee keeps. typed: the public one, 64 hex digits."""
    steps.require(actor, "trustee_key.make", now)
    try:
        public_key = bytes.fromhex("".join(typed.split()))
    except ValueError:
        public_key = b""
    if not usable_public_key(public_key):
        text = N_("请填写 ./baohan trustee --new-key 显示的公开钥匙：64 位十六进制数字。")
        raise InvalidInput({"public_key": text})
    made = _add(session, actor, now, public_key, None, "public_key")
    _tell(session, actor, now, made, "trustee_key.registered")
    return made.id


def _add(
    session: Session,
    actor: Actor,
    now: datetime,
    public_key: bytes,
    wrapped: bytes | None,
    field: str,
) -> TrusteeKey:
    if len(held.active_keys(session, actor.organisation_id)) >= MAX_ACTIVE_KEYS:
        text = N_("本单位已有两把在用的受托钥匙，请先停用其中一把。")
        raise InvalidInput({field: text})
    fingerprint = fingerprint_of(public_key)
    known = select(TrusteeKey.id).where(TrusteeKey.fingerprint == fingerprint)
    if session.scalar(known) is not None:
        raise InvalidInput({field: N_("这把钥匙已经登记过。")})
    made = TrusteeKey(
        id=new_id(),
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        public_key=public_key,
        fingerprint=fingerprint,
        wrapped_private=wrapped,
        state=move("trustee_key", NEW, "active", "trustee_key.make"),
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def retire(session: Session, actor: Actor, now: datetime, key_id: str) -> None:
    """Letters are no more sealed to it; those that were still need it."""
    steps.require(actor, "trustee_key.make", now)
    key = session.get(TrusteeKey, key_id)
    if key is None or key.organisation_id != actor.organisation_id:
        raise NotFound(noun="trustee key", id=key_id)
    if key.state == "retired":
        return
    setting = held.setting(session)
    serves = setting is not None and actor.organisation_id in setting.trustees.values()
    if serves and len(held.active_keys(session, actor.organisation_id)) == 1:
        text = N_("本单位是现任受托人，不能停用唯一的钥匙；请先建立新的钥匙。")
        raise InvalidInput({"key": text})
    key.state = move("trustee_key", key.state, "retired", "trustee_key.make")
    _tell(session, actor, now, key, "trustee_key.retired")


def _tell(session: Session, actor: Actor, now: datetime, key: TrusteeKey, what: str) -> None:
    subject = f"organisation:{actor.organisation_id}"
    shown = key.fingerprint.hex()[:SHOWN_DIGITS]
    steps.record_about(session, subject, actor, now, what, shown)
    log.pending(session, "trust_change", change_digest(what, key))


def change_digest(what: str, key: TrusteeKey) -> bytes:
    """SHA-256 of a change of a trustee's keys as the log has it."""
    return hashlib.sha256(lp(what, key.organisation_id, key.fingerprint)).digest()
