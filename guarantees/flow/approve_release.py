"""A trustee agrees to the release of a lot's letters, after T and as a whole (sealing.md step 6).

`asked` reads, the trustee's key takes the parts out (in this process under its passphrase, or
elsewhere by command), `approve` keeps them for the opening. Killed anywhere and repeated, each part
is there once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import (
    N_,
    InvalidInput,
    NotFound,
    PassphraseRefused,
    TooEarly,
    TooLate,
    TrusteeKeyNeeded,
)
from guarantees.flow import steps
from guarantees.flow.steps import envelopes, running
from guarantees.ports import Files, Vault
from guarantees.records import casebook
from guarantees.records import trustbook as held
from guarantees.records.case import Case
from guarantees.records.project import Opening
from guarantees.records.trust import TrusteeApproval
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.moments import beijing_text
from signing.seal import KeyLocked, SealBroken, SealContext, parse, unwrap_private
from signing.seal.approvals import Asked, Part

SHOWN_DIGITS = 16
PART_BYTES = 32


def unlock_keys(session: Session, actor: Actor, passphrase: str) -> list[bytes]:
    """Private keys of the actor's organisation that the passphrase opens; never stored."""
    opened = []
    for key in held.all_keys(session, actor.organisation_id):
        try:
            opened.append(unwrap_private(key.wrapped_private or b"", passphrase))
        except KeyLocked:
            continue
    if not opened:
        raise PassphraseRefused(noun="trustee key")
    return opened


def asked(
    session: Session, actor: Actor, now: datetime, lot_id: str, *, files: Files, vault: Vault
) -> list[Asked]:
    """The parts that the actor's organisation holds, of all letters that have no verdict yet.

    `TooEarly` before T, `TooLate` once the lot is opened. The web clock only keeps honest people
    from asking too soon: whoever calls asks the timekeeper first.
    """
    opening_of(session, actor, now, lot_id)
    keys = {key.fingerprint for key in held.all_keys(session, actor.organisation_id)}
    cases = (casebook.get(session, one) for one in casebook.of_lot(session, lot_id))
    return [
        one
        for case in cases
        if case.sealed and case.letter and case.letter.state == "sealed"
        for one in _asked_of(case, keys, files, vault)
    ]


def opening_of(session: Session, actor: Actor, now: datetime, lot_id: str) -> Opening:
    steps.require(actor, "release.read", now)
    opening = session.scalars(select(Opening).where(Opening.lot_id == lot_id)).one_or_none()
    if opening is None:
        raise NotFound(noun="opening", id=lot_id)
    if now < opening.opening_time:
        raise TooEarly(beijing_text(opening.opening_time), noun="opening", id=opening.id)
    if opening.state not in ("sealed", "opening"):
        raise TooLate(noun="opening", id=opening.id)
    running.not_ending(session, lot_id)
    return opening


def _asked_of(case: Case, keys: set[bytes], files: Files, vault: Vault) -> list[Asked]:
    """One envelope at a time is in memory."""
    intent, letter = case.intent, case.letter
    stored = files.get(f"sealed/{intent.id}") if intent else None
    if intent is None or letter is None or stored is None:
        return []
    context = SealContext(letter.eid, intent.number, case.lot, intent.opening)
    try:
        envelope = parse(envelopes.inner(envelopes.unpack(intent.id, stored, vault), vault))
    except SealBroken:  # its verdict needs no part
        return []
    return [
        Asked(case.id, request)
        for key in sorted(keys & envelope.trustee_fingerprints)
        for request in envelope.trustee_requests(context, key)
    ]


def approve(
    session: Session,
    actor: Actor,
    now: datetime,
    lot_id: str,
    wanted: Sequence[Asked],
    parts: Sequence[Part],
) -> int:
    """Keep the parts that were asked for; answers of how many letters. Later ones take the place
    of earlier ones, so that a wrong answer can be mended.

    `wanted`: what `asked` answered. `TrusteeKeyNeeded` if there are some, but not one of them is
    there; `InvalidInput` for a part of a wrong length.
    """
    steps.require(actor, "release.approve", now)
    opening = opening_of(session, actor, now, lot_id)
    taken = _taken(wanted, parts)
    if wanted and not taken:
        needed = {one.request.fingerprint.hex()[:SHOWN_DIGITS] for one in wanted}
        raise TrusteeKeyNeeded(fingerprints="、".join(sorted(needed)), noun="trustee key")
    known = held.parts_of(session, opening.id)
    news = {case: seats for case, seats in taken.items() if not _known(known.get(case), seats)}
    if not news and _has_approved(session, opening.id, actor.organisation_id):
        return len(taken)
    row = TrusteeApproval(
        id=new_id(),
        opening_id=opening.id,
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        at=now,
    )
    held.keep(session, row, news)
    session.add(row)
    session.flush()
    steps.record_about(session, f"lot:{lot_id}", actor, now, "release.approved")
    return len(taken)


def _taken(wanted: Sequence[Asked], parts: Sequence[Part]) -> dict[str, dict[held.Seat, bytes]]:
    seats = {(one.letter, one.request.seat) for one in wanted}
    if any(len(one.part) not in (0, PART_BYTES) for one in parts):
        raise InvalidInput({"answer": N_("答复文件已损坏，请用命令重新生成。")})
    taken: dict[str, dict[held.Seat, bytes]] = {}
    for one in parts:
        if (one.letter, (one.subset, one.trustee)) in seats:
            taken.setdefault(one.letter, {})[one.subset, one.trustee] = one.part
    return taken


def _known(held_parts: Mapping[held.Seat, bytes] | None, seats: Mapping[held.Seat, bytes]) -> bool:
    return held_parts is not None and seats.items() <= held_parts.items()


def _has_approved(session: Session, opening_id: str, organisation_id: str) -> bool:
    found = select(TrusteeApproval.id).where(
        TrusteeApproval.opening_id == opening_id,
        TrusteeApproval.organisation_id == organisation_id,
    )
    return session.scalar(found.limit(1)) is not None


def note_refused(session: Session, actor: Actor, now: datetime, lot_id: str) -> None:
    """A wrong passphrase, in the history of the person who typed it."""
    steps.require(actor, "release.read", now)
    lot = steps.lot(session, lot_id)
    note = " ".join(filter(None, (lot.project.number, lot.number)))
    steps.record_about(
        session, f"person:{actor.person_id}", actor, now, "person.passphrase_refused", note
    )
