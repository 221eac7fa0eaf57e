"""Whether a lot still takes bids, and locks that keep it so until the commit.

Whoever changes a case holds the lot's opening first; whoever begins an opening or ends a lot
claims it. So what is counted when a lot ends is what stands, and nothing is counted twice.
"""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from guarantees.errors import NoOpeningKey, NotFound, ProcurementEnded, SubmissionClosed
from guarantees.flow import steps
from guarantees.queries import opening_keys
from guarantees.records import lot_end
from guarantees.records.project import Lot, Opening, ProjectVersion
from guarantees.values.moments import beijing_text


def taking_bids(session: Session, lot_id: str, now: datetime) -> tuple[Lot, ProjectVersion]:
    """The lot and its notice in force, while bids may be handed in.

    `SubmissionClosed` from the deadline on, `ProcurementEnded` once an end was confirmed.
    """
    lot, version = before_deadline(session, lot_id, now)
    not_ending(session, lot_id)
    return lot, version


def openable(session: Session, project_id: str, now: datetime) -> None:
    """`NoOpeningKey` while a letter could be sealed to nobody: before any money moves."""
    if not opening_keys.openable(session, project_id, now):
        raise NoOpeningKey(noun="project", id=project_id)


def not_ending(session: Session, lot_id: str) -> None:
    """`ProcurementEnded` once the end of a lot that is not opened was confirmed: nobody gets to
    know any more whether it has letters."""
    end = lot_end.standing(session, lot_id)
    if end is not None and (end.state == "confirmed" or ended(session, lot_id)):
        raise ProcurementEnded(noun="lot", id=lot_id)


def before_deadline(session: Session, lot_id: str, now: datetime) -> tuple[Lot, ProjectVersion]:
    """The same, also while the end of the lot can still be taken back.

    By the web clock (decisions.md, "Opening"): the moment of the deadline itself is too late.
    """
    lot = steps.lot(session, lot_id)
    if lot.project.state == "draft" or lot.withdrawn:
        raise NotFound(noun="lot", id=lot_id)
    not_ended(session, lot_id)
    version = steps.current_version(session, lot.project)
    closes = deadline(version)
    if now >= closes:
        raise SubmissionClosed(beijing_text(closes), noun="lot", id=lot_id)
    return lot, version


def deadline(version: ProjectVersion) -> datetime:
    """Submission deadline; a registered project has one."""
    if version.submission_deadline is None:
        raise NotFound(noun="deadline", id=version.project_id)
    return version.submission_deadline


def not_ended(session: Session, lot_id: str) -> Opening:
    """The lot's opening, held; `ProcurementEnded` if its cases are no longer to be touched."""
    opening = hold(session, lot_id)
    if opening.state == "ended":
        raise ProcurementEnded(noun="lot", id=lot_id)
    return opening


def hold(session: Session, lot_id: str) -> Opening:
    """The lot's opening, which neither begins nor ends before this transaction has: what is
    written beside it would stand on no list. (SQLite has one writer at a time anyway.)"""
    return _opening(session, lot_id, _of(lot_id).with_for_update(read=True, of=Opening))


def claim(session: Session, lot_id: str) -> Opening:
    """The lot's opening, alone: nobody holds it until the commit. Verdicts may refer to it."""
    return _opening(session, lot_id, _of(lot_id).with_for_update(key_share=True, of=Opening))


def ended(session: Session, lot_id: str) -> bool:
    """Whether the lot's end has taken effect; nothing is held."""
    return session.scalar(select(Opening.state).where(Opening.lot_id == lot_id)) == "ended"


def _of(lot_id: str) -> Select[Opening]:
    return select(Opening).where(Opening.lot_id == lot_id)


def _opening(session: Session, lot_id: str, chosen: Select[Opening]) -> Opening:
    opening = session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()
    if opening is None:
        raise NotFound(noun="opening", id=lot_id)
    return opening
