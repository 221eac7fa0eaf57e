"""A recipient changes its key (换钥): from the old passphrase to a new one.

`prepare` reads, `begin` stores the heir, `rewrap` goes through the platform's unopened cases chunk
by chunk, `complete` retires the old key. Until then the old key still opens everything.

Every unopened case is written anew, whoever's it is, with a fresh nonce and at its old size: what
changes in the database says nothing of where letters lie. The letter's share `sp` is wrapped to the
heir without opening the letter; the stored envelope, whose leaf stands in the log, never changes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from guarantees.errors import MoveRefused, NotFound
from guarantees.flow import steps
from guarantees.flow.steps import envelopes, keyring
from guarantees.flow.steps.new_keys import PreparedKey, make_room, new_row
from guarantees.flow.steps.rehearsals import SHOWN_DIGITS
from guarantees.ports import Files, Vault
from guarantees.records import accounts, casebook, log
from guarantees.records.case import Case
from guarantees.records.key_change import PURPOSE, SIZE, KeyChange
from guarantees.records.person import OpeningKey
from guarantees.records.sealed import SealedCase
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from signing import seal
from signing.seal import Envelope, Recipient, SealBroken, SealContext, lp


@dataclass(frozen=True)
class Plan:
    """What one change needs besides the old private key."""

    old: keyring.Kept
    change: str
    """Id of a change that was begun; empty: not yet."""
    heir: Recipient | None
    """Its new key, once it was begun."""
    heirs: Mapping[bytes, bytes] = field(default_factory=dict)
    """Of the organisation's retired keys: fingerprint → the heir's."""


@dataclass
class Done:
    """What a run has written so far; one run goes through every case, so that it sees them all."""

    wraps: list[bytes] = field(default_factory=list)
    """SHA-256 of each re-wrap to the heir."""

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(b"".join(sorted(self.wraps))).digest()


def prepare(session: Session, actor: Actor, now: datetime, key_id: str) -> Plan:
    """NotFound unless it is an active key of the actor's organisation, or one being changed."""
    steps.require(actor, "opening_key.change", now)
    row = _own_key(session, actor, key_id)
    change = _change_of(session, key_id)
    if row.state != "active" or row.wrapped_private is None:
        raise MoveRefused(noun="opening key", id=key_id)
    heir = None
    if change is not None:
        heir = _recipient(session, change.new_key_id)
    return Plan(keyring.kept(row), change.id if change else "", heir, _heirs(session, actor))


def begin(
    session: Session, actor: Actor, now: datetime, plan: Plan, made: PreparedKey, old: bytes
) -> str:
    """The heir counts from now on: letters are sealed to both keys. Answers the change's id.

    old: the old private key; the heir inherits it, for letters that are being sealed just now to
    the old key alone.
    """
    steps.require(actor, "opening_key.change", now)
    accounts.locked_organisation(session, actor.organisation_id)
    row = _own_key(session, actor, plan.old.id)
    if row.state != "active" or _change_of(session, row.id) or _running(session, actor):
        raise MoveRefused(noun="opening key", id=row.id)
    make_room(session, actor.organisation_id, made, replacing=True)
    heir = new_row(actor, now, made)
    session.add(heir)
    session.flush()
    if made.kind == seal.HPKE:
        row.inherited = seal.bequeath(old, made.public_key)
    row.heir_id = heir.id
    change = KeyChange(
        id=new_id(),
        organisation_id=actor.organisation_id,
        old_key_id=row.id,
        new_key_id=heir.id,
        person_id=actor.person_id,
        state=move("key change", NEW, "running", "opening_key.change"),
        started_at=now,
    )
    session.add(change)
    _note(session, actor, now, "opening_key.changing", row, heir)
    return change.id


def cases(session: Session) -> list[str]:
    """Every unopened case of the platform; the caller shuffles them."""
    return casebook.unopened(session)


def rewrap(
    session: Session,
    actor: Actor,
    now: datetime,
    plan: Plan,
    old: bytes,
    chunk: Sequence[str],
    *,
    files: Files,
    vault: Vault,
) -> list[bytes]:
    """Write these cases anew; SHA-256 of the re-wraps to the heir that now stand in them."""
    steps.require(actor, "opening_key.change", now)
    if plan.heir is None:
        raise MoveRefused(noun="opening key", id=plan.old.id)
    found = []
    for case_id in chunk:
        if not _unopened(session, case_id):
            continue
        case = casebook.get(session, case_id)
        envelope, context = _envelope(case, files, vault)
        casebook.make_room(case, plan.heirs)
        _rewrap(case, envelope, context, plan, old)
        casebook.save(session, case)
        held = (one for one in case.rewraps if one.fingerprint == plan.heir.fingerprint)
        found += [hashlib.sha256(one.encoded()).digest() for one in held]
    return found


def complete(session: Session, actor: Actor, now: datetime, change_id: str, digest: bytes) -> None:
    """The old key retires; it stays in the books. One leaf of the log, however many letters."""
    steps.require(actor, "opening_key.change", now)
    accounts.locked_organisation(session, actor.organisation_id)
    change = session.get(KeyChange, change_id, populate_existing=True)
    if change is None or change.organisation_id != actor.organisation_id:
        raise NotFound(noun="key change", id=change_id)
    if change.state == "complete":
        return
    old = session.get_one(OpeningKey, change.old_key_id)
    heir = session.get_one(OpeningKey, change.new_key_id)
    old.state, old.retired_at = move("opening key", old.state, "retired", "opening_key.change"), now
    change.state = move("key change", change.state, "complete", "opening_key.change")
    change.completed_at = now
    aad = change.id.encode()
    change.digest = session.info["vault"].seal(PURPOSE, digest, aad, SIZE)
    logged = lp("baohan/key-change/v1", old.fingerprint, heir.fingerprint, digest)
    change.leaf = log.pending(session, "key_change", hashlib.sha256(logged).digest())
    _note(session, actor, now, "opening_key.changed", old, heir)


# --- one case


def _rewrap(
    case: Case, envelope: Envelope | None, context: SealContext | None, plan: Plan, old: bytes
) -> None:
    """A wrap of the heir's, if the old key has one and the heir has none. A case of others takes
    as long: how long a change takes depends on the platform's cases alone."""
    heir = plan.heir
    if envelope is None or context is None or heir is None:
        return
    held = {one.fingerprint for one in (*envelope.recipient_wraps, *case.rewraps)}
    if plan.old.fingerprint not in held or heir.fingerprint in held:
        _as_long(envelope, context)
        return
    try:
        sp = seal.unwrap_sp(envelope, context.ctx, old, case.rewraps)
    except SealBroken:
        return  # the letter's verdict will say so
    casebook.rewrap(case, seal.rewrap(sp, context, envelope.com, heir))


def _as_long(envelope: Envelope, context: SealContext) -> None:
    """The work of a re-wrap, for nothing."""
    pair = seal.make_key_pair()
    made = seal.rewrap(bytes(32), context, envelope.com, Recipient.of("", pair.public_key))
    try:
        seal.unwrap_sp(envelope, context.ctx, pair.private_key, [made])
    except SealBroken:
        return


def _envelope(case: Case, files: Files, vault: Vault) -> tuple[Envelope | None, SealContext | None]:
    """Of a letter that is settled, or about to be."""
    intent = case.intent
    held = files.get(f"sealed/{intent.id}") if intent else None
    if intent is None or held is None:
        return None, None
    try:
        stored = envelopes.unpack(intent.id, held, vault)
        envelope = seal.parse(envelopes.inner(stored, vault))
    except SealBroken:
        return None, None
    return envelope, SealContext(stored.eid, intent.number, case.lot, intent.opening)


def _unopened(session: Session, case_id: str) -> bool:
    query = select(SealedCase.id).where(SealedCase.id == case_id, SealedCase.opened.is_(False))
    return session.scalar(query) is not None


# --- rows


def _own_key(session: Session, actor: Actor, key_id: str) -> OpeningKey:
    row = session.get(OpeningKey, key_id, populate_existing=True)
    if row is None or row.organisation_id != actor.organisation_id:
        raise NotFound(noun="opening key", id=key_id)
    return row


def _change_of(session: Session, key_id: str) -> KeyChange | None:
    return session.scalars(select(KeyChange).where(KeyChange.old_key_id == key_id)).one_or_none()


def _heirs(session: Session, actor: Actor) -> dict[bytes, bytes]:
    heir = aliased(OpeningKey)
    rows = session.execute(
        select(OpeningKey.fingerprint, heir.fingerprint)
        .join(heir, heir.id == OpeningKey.heir_id)
        .where(OpeningKey.organisation_id == actor.organisation_id, OpeningKey.state == "retired")
    )
    return dict(rows.all())


def _running(session: Session, actor: Actor) -> bool:
    """One at a time: the wraps of two would have to fit into the cases side by side."""
    query = select(KeyChange.id).where(
        KeyChange.organisation_id == actor.organisation_id, KeyChange.state == "running"
    )
    return session.scalar(query) is not None


def _recipient(session: Session, key_id: str) -> Recipient:
    row = session.get_one(OpeningKey, key_id)
    return Recipient.read(row.organisation.role, row.public_key)


def _note(
    session: Session, actor: Actor, now: datetime, what: str, old: OpeningKey, heir: OpeningKey
) -> None:
    digits = " → ".join(one.fingerprint.hex()[:SHOWN_DIGITS] for one in (old, heir))
    steps.record_about(session, f"organisation:{actor.organisation_id}", actor, now, what, digits)
