"""The end of a sealed lot takes effect: its letters stay shut for ever, and nobody learns more.

Nothing is written into any of its cases (records.lot_end). The exposure that they took is given
back by rewriting the book of every institution there is, each at its size, whether the lot's bids
concern it or not: a rewrite of those whose letters stood behind a bid would name them. Mail goes
to whoever holds any sealed case (tables/notices.HOLDERS).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.flow import steps
from guarantees.flow.steps import endings, envelopes, running
from guarantees.ports import Files, Vault
from guarantees.records import archive, casebook, exposure, lot_end, outbox
from guarantees.records.archive import Kept
from guarantees.records.case import Case
from guarantees.records.guarantee import COUNTED
from guarantees.records.lot_end import LotEnd
from guarantees.records.organisation import Organisation
from guarantees.records.project import Opening
from guarantees.sums import limits
from guarantees.tables.lifecycle import move
from guarantees.values.actor import SYSTEM
from signing.seal import ReleaseRequest, SealBroken, SealContext, parse


@dataclass(frozen=True)
class Erasing:
    """What the timekeeper is asked for."""

    opening: str
    certificate: bytes
    state: str
    """Of the end: "confirmed" is to be erased, "kept" is not."""
    kind: str
    asked_by: str
    confirmed_by: str


def erasing(session: Session, end_id: str) -> Erasing:
    end = session.get_one(LotEnd, end_id)
    opening = session.scalars(select(Opening).where(Opening.lot_id == end.lot_id)).one()
    return Erasing(
        opening=opening.id,
        certificate=opening.certificate,
        state=end.state,
        kind=end.kind,
        asked_by=end.asked_by,
        confirmed_by=end.confirmed_by or "",
    )


def requests(
    session: Session, end_id: str, *, files: Files, vault: Vault
) -> list[tuple[str, ReleaseRequest]]:
    """Case and request for each sealed letter of the lot; none for a lot without bids."""
    lot = session.get_one(LotEnd, end_id).lot_id
    cases = (casebook.get(session, one) for one in casebook.of_lot(session, lot))
    asked = [(case.id, _request(case, files, vault)) for case in cases if _has_letter(case)]
    return [(case, request) for case, request in asked if request is not None]


def _has_letter(case: Case) -> bool:
    return case.sealed and case.letter is not None and case.letter.state == "sealed"


def _request(case: Case, files: Files, vault: Vault) -> ReleaseRequest | None:
    """None for a stored letter that is damaged: nothing of it could be kept."""
    intent, letter = case.intent, case.letter
    held = files.get(f"sealed/{intent.id}") if intent else None
    if intent is None or letter is None or held is None:
        return None
    try:
        envelope = parse(envelopes.inner(envelopes.unpack(intent.id, held, vault), vault))
    except SealBroken:
        return None
    return envelope.release_request(
        SealContext(letter.eid, intent.number, case.lot, intent.opening)
    )


def told(session: Session, end_id: str, effective_at: datetime) -> bool:
    """The timekeeper erases then. False: the end was taken back meanwhile."""
    end = _claimed(session, end_id)
    if end.state != "confirmed":
        return False
    if end.effective_at is None:
        end.effective_at = effective_at
        archive_at = effective_at - lot_end.ARCHIVING
        outbox.put(session, outbox.Message("archive_end", {"end": end.id}, not_before=archive_at))
    return True


def archived(session: Session, end_id: str, kept: Iterable[Kept]) -> None:
    """The shares are kept; what is left is to wait for the erasure."""
    end = _claimed(session, end_id)
    if end.state == "confirmed" and archive.kept_of(session, end.id) is None:
        archive.keep(session, end.id, kept)
        message = outbox.Message("finish_end", {"end": end.id}, not_before=end.effective_at)
        outbox.put(session, message)


def taken_back(session: Session, now: datetime, end_id: str) -> None:
    """The timekeeper kept the key, but whoever asked it to was cut off before the commit."""
    end = _claimed(session, end_id)
    if end.state == "confirmed":
        end.state = move("ending", end.state, "kept", "lot.keep")
        end.settled_at = now
        lot = steps.lot(session, end.lot_id)
        endings.note(session, SYSTEM, now, lot, end, "ending.kept")


def finish(session: Session, now: datetime, end_id: str) -> None:
    """The opening key is destroyed: the lot has ended. A second call changes nothing."""
    end = _claimed(session, end_id)
    if end.state != "confirmed":
        return
    end.state = move("ending", end.state, "ended", "lot.finish_end")
    end.ended_at = now
    opening = running.claim(session, end.lot_id)
    opening.state = move("opening", opening.state, "ended", "lot.finish_end")
    lot = steps.lot(session, end.lot_id)
    _free(session, end.lot_id)
    endings.note(session, SYSTEM, now, lot, end, "ending.ended")
    endings.close_project(session, SYSTEM, now, lot.project, "lot.finish_end")
    steps.tell_holders(session, "lot.ended", now)


def _claimed(session: Session, end_id: str) -> LotEnd:
    """As it is now that nobody else can change it."""
    end = session.get_one(LotEnd, end_id)
    running.claim(session, end.lot_id)
    session.refresh(end)
    return end


def _free(session: Session, lot_id: str) -> None:
    """Give back what the lot's cases took, in one rewrite of all books."""
    institutions = session.scalars(
        select(Organisation.id).where(Organisation.role == "institution").order_by(Organisation.id)
    )
    books = {one: exposure.locked(session, one) for one in institutions.all()}
    for case_id in casebook.of_lot(session, lot_id):
        case = casebook.get(session, case_id)
        if case.state in COUNTED:
            _row, book = books[case.institution]
            keys = limits.keys([one.credit_code for one in case.applicants], case.policy or None)
            book.used = limits.released(book.used, keys, case.amount)
    for row, book in books.values():
        exposure.write(session, row, book)
