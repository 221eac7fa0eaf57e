"""The key pair (解密钥匙) with which a procurer or agency opens bid letters.

`prepare` makes the pair and wraps its private half under the person's passphrase, without a
database: a good passphrase function takes its time. `store` keeps public half and wrapped half.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput
from guarantees.flow import steps
from guarantees.records.person import OpeningKey
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from signing import seal

MAX_ACTIVE_KEYS = 12
"""Per organisation: every letter is wrapped to each of them, and all wraps share 8 KiB."""


@dataclass(frozen=True)
class PreparedKey:
    public_key: bytes
    """X25519, 32 bytes."""
    fingerprint: bytes
    """As in the wraps of letters (sealing.md step 5), 32 bytes."""
    wrapped_private: bytes = field(repr=False)
    """Argon2id and AES-256-GCM under the passphrase."""


def prepare(actor: Actor, passphrase: str, again: str, *names: str) -> PreparedKey:
    """A new pair, or InvalidInput that says what is wrong with the passphrase.

    names: login and other words of the person that a guesser would try first. Several faults
    stand on lines of their own.
    """
    errors = {}
    faults = seal.passphrase_faults(passphrase, [*names, actor.name, actor.organisation_name])
    if not passphrase:
        errors["passphrase"] = N_("请输入口令。")
    elif faults:
        errors["passphrase"] = "\n".join(seal.PASSPHRASE_FAULTS[one] for one in faults)
    elif passphrase != again:
        errors["passphrase_again"] = N_("两次输入的口令不一致，请重新输入。")
    if errors:
        raise InvalidInput(errors)
    pair = seal.make_key_pair()
    return PreparedKey(
        pair.public_key,
        seal.fingerprint_of(pair.public_key),
        seal.wrap_private(pair.private_key, passphrase),
    )


def store(session: Session, actor: Actor, now: datetime, key: PreparedKey) -> str:
    """Id of the key. Earlier keys stay: letters sealed to them open with them alone."""
    steps.require(actor, "opening_key.make", now)
    standing = session.scalar(
        select(func.count())
        .select_from(OpeningKey)
        .where(OpeningKey.organisation_id == actor.organisation_id, OpeningKey.state == "active")
    )
    if (standing or 0) >= MAX_ACTIVE_KEYS:
        text = N_("本单位的解密钥匙已达上限，请使用已有的钥匙；忘记口令请联系平台运营。")
        raise InvalidInput({"passphrase": text})
    made = OpeningKey(
        id=new_id(),
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        public_key=key.public_key,
        fingerprint=key.fingerprint,
        wrapped_private=key.wrapped_private,
        state="active",
        created_at=now,
    )
    session.add(made)
    session.flush()
    steps.record_about(
        session,
        f"organisation:{actor.organisation_id}",
        actor,
        now,
        "opening_key.made",
        key.fingerprint.hex()[:16],
    )
    return made.id
