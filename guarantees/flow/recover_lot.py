"""The recovery key (恢复钥匙): for a lot whose keys are lost, after T (sealing.md, step 6).

Two people of the procurer ask, the operator's security administrator confirms, and the key's
keeper, who belongs to neither operator nor trustees, takes the shares out offline. Each step is in
the lot's history; the confirmation is a leaf of the log. Without the timekeeper's shares nothing
that comes back opens anything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import (
    N_,
    Duplicate,
    InvalidInput,
    MoveRefused,
    NotFound,
    SamePerson,
    TooEarly,
)
from guarantees.flow import steps
from guarantees.flow.steps import handed_in
from guarantees.flow.steps.means import Means, Waiting
from guarantees.records import log
from guarantees.records.organisation import Organisation
from guarantees.records.project import Opening
from guarantees.records.recovery import STANDING, RecoveryRequest
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.moments import beijing_text
from guarantees.values.text import tidy
from signing.seal import SealBroken, fingerprint_of, lp, sp_proven
from signing.seal import recovery as papers
from signing.seal.recovery import Wanted
from signing.seal.wraps import RECOVERY

LONGEST_REASON = 500
PLATFORM_KEY = "recovery-request"
"""Purpose of the keyed tag that is the platform's private key of a request."""


@dataclass(frozen=True)
class Confirmed:
    """A request that the recovery key may answer."""

    id: str
    lot: str
    platform: bytes = field(repr=False)
    """The platform's X25519 private key for it."""


def ask(session: Session, actor: Actor, now: datetime, lot_id: str, reason: str) -> str:
    """Id of the request. TooEarly before T; Duplicate while one stands."""
    opening = _opening(session, actor, now, lot_id)
    said = tidy(reason)
    if not said or len(said) > LONGEST_REASON:
        raise InvalidInput({"reason": N_("请写明钥匙为什么打不开，最多 500 字。")})
    if _standing(session, lot_id) is not None:
        raise Duplicate(noun="recovery", id=lot_id)
    made = RecoveryRequest(
        id=new_id(),
        lot_id=opening.lot_id,
        organisation_id=actor.organisation_id,
        state=move("recovery", NEW, "asked", "recovery.ask"),
        reason=said,
        asked_by=actor.person_id,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    _note(session, actor, now, lot_id, "recovery.asked", said)
    steps.tell(session, "recovery.asked", actor.organisation_id)
    return made.id


def second(session: Session, actor: Actor, now: datetime, lot_id: str) -> None:
    """A second person of the procurer agrees; then it goes to the operator."""
    _opening(session, actor, now, lot_id)
    row = _own(session, actor, lot_id)
    if row.asked_by == actor.person_id:
        raise SamePerson(noun="recovery", id=row.id)
    row.state = move("recovery", row.state, "seconded", "recovery.ask")
    row.seconded_by, row.seconded_at = actor.person_id, now
    _note(session, actor, now, lot_id, "recovery.seconded")
    for operator in session.scalars(select(Organisation.id).where(Organisation.role == "operator")):
        steps.tell(session, "recovery.seconded", operator)


def withdraw(session: Session, actor: Actor, now: datetime, lot_id: str) -> None:
    """Before it is decided; the key was found, say."""
    _opening(session, actor, now, lot_id)
    row = _own(session, actor, lot_id)
    row.state = move("recovery", row.state, "withdrawn", "recovery.ask")
    _note(session, actor, now, lot_id, "recovery.withdrawn")


def decide(
    session: Session, actor: Actor, now: datetime, request_id: str, word: str, note: str
) -> None:
    """word: "confirmed" or "refused", the latter with a note. Confirmed, it is in the log."""
    steps.require(actor, "recovery.decide", now)
    row = session.get(RecoveryRequest, request_id, populate_existing=True)
    if row is None:
        raise NotFound(noun="recovery", id=request_id)
    said = tidy(note)[:LONGEST_REASON]
    if word == "refused" and not said:
        raise InvalidInput({"note": N_("请写明不同意的理由。")})
    _after_t(session, row.lot_id, now)
    row.state = move("recovery", row.state, word, "recovery.decide")
    row.decided_by, row.decided_at, row.note = actor.person_id, now, said
    if word == "confirmed":
        reason = hashlib.sha256(row.reason.encode()).digest()
        logged = lp("baohan/recovery/v1", row.id, row.lot_id, reason)
        row.leaf = log.pending(session, "recovery", hashlib.sha256(logged).digest())
    _note(session, actor, now, row.lot_id, f"recovery.{word}", said)
    steps.tell(session, "recovery.decided", row.organisation_id)


def confirmed(session: Session, actor: Actor, now: datetime, lot_id: str) -> Confirmed:
    """What the request file is made from, and its answer judged by; MoveRefused unless the
    operator has confirmed."""
    steps.require(actor, "opening.shares", now)
    steps.project_for(session, actor, "lot.open", steps.lot(session, lot_id).project_id)
    row = _standing(session, lot_id)
    if row is None or row.state != "confirmed":
        raise MoveRefused(noun="recovery", id=lot_id)
    return Confirmed(row.id, lot_id, session.info["vault"].tag(PLATFORM_KEY, row.id))


# --- the papers; no database


def request_file(asked: Confirmed, letters: tuple[Waiting, ...], recovery: bytes) -> bytes:
    """recovery: public half. Not asked for: letters whose envelope cannot be read, or that were
    sealed to an earlier recovery key."""
    held = fingerprint_of(recovery)
    wanted = [
        Wanted(handed_in.file_name(one, "R"), one.context.ctx, one.envelope.com, wrap.data)
        for one in letters
        if one.envelope is not None
        for wrap in one.envelope.wraps
        if wrap.role == RECOVERY and wrap.fingerprint == held
    ]
    wanted.sort(key=lambda one: one.name)
    return papers.ask(asked.id, asked.platform, recovery, wanted)


def read_answer(
    asked: Confirmed, letters: tuple[Waiting, ...], recovery: bytes, data: bytes
) -> Means:
    """The means that the answer gives; InvalidInput unless the recovery key's holder made it.

    A share that it could not take out, or that is not its letter's, is conclusive: nothing opens
    that letter, and it holds up no opening.
    """
    try:
        said = papers.read_answer(data, asked.id, asked.platform, recovery)
    except SealBroken:
        text = N_("不是恢复钥匙对本次申请的答复，或内容已被改动。")
        raise InvalidInput({"answer": text}) from None
    shares, hopeless = {}, set()
    for one in letters:
        name = handed_in.file_name(one, "R")
        if name not in said:
            continue
        sp = _proven(one, said)
        if sp is None:
            hopeless.add(one.case)
        else:
            shares[one.case] = sp
    return Means(shares=shares, hopeless=frozenset(hopeless))


def _proven(one: Waiting, said: Mapping[str, bytes | None]) -> bytes | None:
    sp = said[handed_in.file_name(one, "R")]
    if sp is None or one.envelope is None:
        return None
    try:
        return sp_proven(one.envelope, one.context.ctx, sp)
    except SealBroken:
        return None


# --- rows


def _opening(session: Session, actor: Actor, now: datetime, lot_id: str) -> Opening:
    """Of the procurer's own lot, after T and before its end."""
    steps.require(actor, "recovery.ask", now)
    steps.project_for(session, actor, "lot.open", steps.lot(session, lot_id).project_id)
    return _after_t(session, lot_id, now)


def _after_t(session: Session, lot_id: str, now: datetime) -> Opening:
    opening = session.scalars(select(Opening).where(Opening.lot_id == lot_id)).one_or_none()
    if opening is None:
        raise NotFound(noun="opening", id=lot_id)
    if now < opening.opening_time:
        raise TooEarly(beijing_text(opening.opening_time), noun="opening", id=opening.id)
    if opening.state not in ("sealed", "opening"):
        raise MoveRefused(noun="opening", id=opening.id)
    return opening


def _standing(session: Session, lot_id: str) -> RecoveryRequest | None:
    return session.scalars(
        select(RecoveryRequest)
        .where(RecoveryRequest.lot_id == lot_id, RecoveryRequest.state.in_(STANDING))
        .execution_options(populate_existing=True)
    ).one_or_none()


def _own(session: Session, actor: Actor, lot_id: str) -> RecoveryRequest:
    row = _standing(session, lot_id)
    if row is None or row.organisation_id != actor.organisation_id:
        raise NotFound(noun="recovery", id=lot_id)
    return row


def _note(
    session: Session, actor: Actor, now: datetime, lot_id: str, what: str, note: str = ""
) -> None:
    steps.record_about(session, f"lot:{lot_id}", actor, now, what, note)
