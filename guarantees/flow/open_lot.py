"""The opening (开标): every sealed letter of a lot, each with a verdict of its own.

`prepare` reads, the timekeeper releases, `begin` marks the lot, `record` writes one letter with
its verdict, `finish` closes the list (sealing.md steps 9 and 10). Stopped anywhere and begun
again, each letter still has exactly one verdict.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.errors import (
    MoveRefused,
    NotFound,
    OtherKeyNeeded,
    PassphraseRefused,
    TooEarly,
)
from guarantees.flow import steps
from guarantees.flow.steps import envelopes, keyring, running
from guarantees.flow.steps.means import Means
from guarantees.ports import Files, Vault
from guarantees.records import casebook, log, trustbook
from guarantees.records.case import Case
from guarantees.records.guarantee import EventRow, OpeningResult
from guarantees.records.person import OpeningKey
from guarantees.records.project import Opening
from guarantees.tables.lifecycle import move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.moments import beijing_text
from signing.seal import (
    PROFILES,
    Envelope,
    ReleaseRequest,
    SealBroken,
    SealContext,
    Wrap,
    combine_st,
    open_envelope,
    parse,
)

SHOWN_DIGITS = 16
"""Hexadecimal digits of a key's fingerprint that people compare."""


@dataclass(frozen=True)
class Sealed:
    """One letter that waits for its verdict."""

    case: str
    context: SealContext
    sha256: bytes
    terms: str
    envelope: Envelope | None
    """None: what is stored does not open, which is a verdict too."""
    leaf: bytes
    """In the transparency log, as the receipts have it."""
    keys: frozenset[bytes] = frozenset()
    """Fingerprints of the registered opening keys that it was sealed or re-wrapped to."""
    rewraps: tuple[Wrap, ...] = ()
    """For keys that its recipients changed to later."""
    parts: Mapping[trustbook.Seat, bytes] = field(default_factory=dict, repr=False)
    """What trustees have given for it; b"" where one could not take its part out."""

    def request(self) -> ReleaseRequest | None:
        return self.envelope.release_request(self.context) if self.envelope else None

    @property
    def lacking(self) -> frozenset[str]:
        """Roles of the trustees that have not answered for it."""
        seats = PROFILES[self.envelope.profile].seats if self.envelope else frozenset()
        return frozenset(trustee for _, trustee in seats - self.parts.keys())

    @property
    def released(self) -> bool:
        """Whether an allowed subset of trustees has given its parts, or all have answered."""
        if self.envelope is None or not self.lacking:
            return True
        subsets = enumerate(PROFILES[self.envelope.profile].subsets, start=1)
        return any(
            all(self.parts.get((number, member)) for member in subset) for number, subset in subsets
        )


@dataclass(frozen=True)
class Plan:
    """What is left to do in one lot, in random order."""

    opening: str
    lot: str
    letters: tuple[Sealed, ...]


@dataclass(frozen=True)
class Verdict:
    """ "verified", "fails" (the letter was opened and does not hold), "not_opened", "withdrawn"."""

    word: str
    reason: str = ""
    report: dict[str, Any] | None = None


def unlock_keys(
    session: Session, actor: Actor, now: datetime, lot_id: str, passphrase: str
) -> list[bytes]:
    """Private keys of the actor's organisation that the passphrase opens, retired ones too; never
    stored."""
    _authorised(session, actor, now, lot_id)
    keys = envelopes.keys_of(session, actor.organisation_id)
    opened = keyring.unlock([keyring.kept(key) for key in keys], passphrase)
    if not opened:
        raise PassphraseRefused(noun="opening key")
    return opened


def note_refused(session: Session, actor: Actor, now: datetime, lot_id: str) -> None:
    """A wrong passphrase, in the history of the person who typed it."""
    steps.require(actor, "lot.open", now)
    lot = steps.lot(session, lot_id)
    note = " ".join(filter(None, (lot.project.number, lot.number)))
    steps.record_about(
        session, f"person:{actor.person_id}", actor, now, "person.passphrase_refused", note
    )


def prepare(
    session: Session, actor: Actor, now: datetime, lot_id: str, *, files: Files, vault: Vault
) -> Plan:
    """All letters of the lot that have no verdict yet. `TooEarly` before T.

    The web clock only keeps honest people from asking too soon; the timekeeper decides.
    """
    opening = _authorised(session, actor, now, lot_id)
    if now < opening.opening_time:
        raise TooEarly(beijing_text(opening.opening_time), noun="opening", id=opening.id)
    return _plan(session, opening, lot_id, files, vault)


def waiting(
    session: Session, actor: Actor, now: datetime, lot_id: str, *, files: Files, vault: Vault
) -> Plan:
    """The same for those who fetch sealed shares, once the timekeeper has released the lot's: from
    then on how many there are is no secret. MoveRefused in any other state."""
    opening = _authorised(session, actor, now, lot_id, action="opening.shares")
    if opening.state != "opening":
        raise MoveRefused(noun="opening", id=opening.id)
    return _plan(session, opening, lot_id, files, vault)


def _plan(session: Session, opening: Opening, lot_id: str, files: Files, vault: Vault) -> Plan:
    cases = (casebook.get(session, one) for one in casebook.of_lot(session, lot_id))
    letters = [_sealed(case, files, vault) for case in cases if _waits(case)]
    given = trustbook.parts_of(session, opening.id)
    letters = [replace(one, parts=given.get(one.case, {})) for one in letters]
    secrets.SystemRandom().shuffle(letters)
    return Plan(opening.id, lot_id, tuple(_with_keys(session, letters)))


def within_reach(plan: Plan, means: Means) -> Plan:
    """The part of the plan that these means decide."""
    return replace(plan, letters=tuple(one for one in plan.letters if means.decides(one)))


def other_keys(plan: Plan) -> OtherKeyNeeded:
    """What to say of letters that wait for keys which were not brought."""
    needed = frozenset[bytes]().union(*(one.keys for one in plan.letters))
    shown = "、".join(sorted(one.hex()[:SHOWN_DIGITS] for one in needed))
    return OtherKeyNeeded(fingerprints=shown, noun="opening key")


def trustees_awaited(letters: Sequence[Sealed]) -> frozenset[str]:
    """Roles of the trustees that letters wait for."""
    return frozenset[str]().union(*(one.lacking for one in letters))


def unseal(one: Sealed, means: Means, st: bytes) -> bytes:
    """The letter; SealBroken, always alike, if anything at all does not fit.

    st: the timekeeper's share; the trustees' parts come along with the letter.
    """
    if one.envelope is None:
        raise SealBroken
    sp = means.sp(one)
    whole = combine_st(one.envelope, one.context, sp, st, one.parts)
    return open_envelope(one.envelope, one.context, sp, whole)


def begin(session: Session, actor: Actor, now: datetime, plan: Plan) -> None:
    """The timekeeper has released the shares: the lot is being opened."""
    opening = _authorised(session, actor, now, plan.lot, alone=True)
    if opening.state == "sealed":
        _list_withdrawn(session, now, plan)
        opening.state = move("opening", opening.state, "opening", "lot.open")
        opening.started_at = now
        opening.total = len(plan.letters)
        steps.record_about(session, f"lot:{plan.lot}", actor, now, "opening.begun")


def _list_withdrawn(session: Session, now: datetime, plan: Plan) -> None:
    """Letters taken back before the deadline stand in the result by their leaf alone."""
    cases = [casebook.get(session, one) for one in casebook.of_lot(session, plan.lot)]
    cases = [case for case in cases if case.sealed and case.withdrawal is not None]
    secrets.SystemRandom().shuffle(cases)
    for case in cases:
        casebook.to_plain(session, case)
        _add_result(session, now, plan, case, Verdict("withdrawn"))


def _waits(case: Case) -> bool:
    """Whether the case has a letter that waits for its verdict."""
    return case.sealed and case.letter is not None and case.letter.state == "sealed"


def note_waiting(
    session: Session, actor: Actor, now: datetime, plan: Plan, roles: frozenset[str]
) -> None:
    """For the history of the opening, once: from now on it waits for these trustees."""
    _authorised(session, actor, now, plan.lot, alone=True)
    subject, what = f"lot:{plan.lot}", "opening.waits"
    known = select(EventRow.id).where(EventRow.subject == subject, EventRow.what == what)
    if session.scalar(known.limit(1)) is None:
        steps.record_about(session, subject, actor, now, what, " ".join(sorted(roles)))


def record(
    session: Session,
    actor: Actor,
    now: datetime,
    plan: Plan,
    one: Sealed,
    verdict: Verdict,
    file: str,
) -> None:
    """Write the case into ordinary rows with its verdict; a second call changes nothing."""
    _authorised(session, actor, now, plan.lot)
    case = casebook.get(session, one.case)
    if not _waits(case) or case.letter is None:
        return
    after = "broken" if verdict.word == "not_opened" else "opened"
    case.letter.state = move("letter", case.letter.state, after, "lot.open")
    case.letter.opened_at, case.letter.file = now, file
    steps.record(case, actor, now, f"letter.{after}", verdict.reason)
    casebook.to_plain(session, case)
    _add_result(session, now, plan, case, verdict)


def _add_result(session: Session, now: datetime, plan: Plan, case: Case, verdict: Verdict) -> None:
    if case.letter is None:
        raise NotFound(noun="letter", id=case.id)
    session.add(
        OpeningResult(
            id=new_id(),
            opening_id=plan.opening,
            case_id=case.id,
            verdict=verdict.word,
            reason=verdict.reason,
            report=verdict.report,
            leaf=case.letter.leaf,
            at=now,
        )
    )


def finish(
    session: Session, actor: Actor, now: datetime, plan: Plan, listed: bytes | None = None
) -> bool:
    """Close the opening once every letter has its verdict; answers whether it is closed.

    `listed`: SHA-256 of the signed list, for the log.
    False: something is left (a letter settled while the opening began); prepare again.
    """
    opening = _authorised(session, actor, now, plan.lot, alone=True)
    if opening.state != "opening":
        return opening.state == "opened"
    waiting = [casebook.get(session, one) for one in casebook.of_lot(session, plan.lot)]
    waiting = [case for case in waiting if case.sealed]
    if any(_waits(case) for case in waiting):
        return False
    secrets.SystemRandom().shuffle(waiting)
    for case in waiting:
        casebook.to_plain(session, case)
    opening.state = move("opening", opening.state, "opened", "lot.open")
    opening.opened_at = now
    opening.total = _results(session, opening.id)
    trustbook.forget(session, opening.id)
    if listed is not None:
        log.pending(session, "opening", listed)
    steps.record_about(session, f"lot:{plan.lot}", actor, now, "opening.finished")
    return True


def _authorised(
    session: Session,
    actor: Actor,
    now: datetime,
    lot_id: str,
    *,
    alone: bool = False,
    action: str = "lot.open",
) -> Opening:
    """The lot's opening; with `alone` its row is locked, so that of two processes one begins it
    and one ends it. Of nothing else a row is locked: verdicts refer to the lot meanwhile."""
    steps.require(actor, action, now)
    lot = steps.lot(session, lot_id)
    steps.project_for(session, actor, "lot.open", lot.project_id)
    chosen = select(Opening).where(Opening.lot_id == lot_id)
    if alone:
        chosen = chosen.with_for_update(key_share=True, of=Opening).execution_options(
            populate_existing=True
        )
    opening = session.scalars(chosen).one_or_none()
    if opening is None:
        raise NotFound(noun="opening", id=lot_id)
    running.not_ending(session, lot_id)
    return opening


def _sealed(case: Case, files: Files, vault: Vault) -> Sealed:
    intent, letter = case.intent, case.letter
    if intent is None or letter is None:
        raise NotFound(noun="letter", id=case.id)
    context = SealContext(letter.eid, intent.number, case.lot, intent.opening)
    envelope = _envelope(intent.id, files, vault)
    return Sealed(
        case=case.id,
        context=context,
        sha256=letter.sha256,
        terms=intent.terms,
        envelope=envelope,
        leaf=letter.leaf,
        rewraps=tuple(case.rewraps),
    )


def _envelope(intent_id: str, files: Files, vault: Vault) -> Envelope | None:
    held = files.get(f"sealed/{intent_id}")
    if held is None:
        return None
    try:
        return parse(envelopes.inner(envelopes.unpack(intent_id, held, vault), vault))
    except SealBroken:
        return None


def _with_keys(session: Session, letters: list[Sealed]) -> list[Sealed]:
    """Each letter with the registered keys among its recipients, whoever holds them today."""
    registered = set(session.scalars(select(OpeningKey.fingerprint)))
    return [replace(one, keys=frozenset(_recipients(one)) & registered) for one in letters]


def _recipients(one: Sealed) -> list[bytes]:
    wraps = one.envelope.recipient_wraps if one.envelope else ()
    return [wrap.fingerprint for wrap in (*wraps, *one.rewraps)]


def _results(session: Session, opening_id: str) -> int:
    """Without the letters that were withdrawn."""
    count = select(func.count()).select_from(OpeningResult)
    of_it = (OpeningResult.opening_id == opening_id, OpeningResult.verdict != "withdrawn")
    return session.scalar(count.where(*of_it)) or 0
