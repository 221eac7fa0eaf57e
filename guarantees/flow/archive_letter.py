"""An opened letter gets archive time-stamps, one after the other, for as long as it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from guarantees.records.guarantee import ArchiveStampRow, LetterRow
from signing.archival import RENEW_BEFORE, ArchiveStamp, ends_at


@dataclass(frozen=True)
class Due:
    """A letter whose next stamp is due."""

    case: str
    sha256: bytes
    """As registered."""
    stamps: tuple[bytes, ...]
    """Those it has, the oldest first."""


def due(session: Session, now: datetime, *, after: str, most: int) -> Sequence[Due]:
    """Opened letters without a stamp that lasts, in the order of their cases, behind `after`."""
    lasting = exists().where(
        ArchiveStampRow.case_id == LetterRow.case_id, ArchiveStampRow.ends_at > now + RENEW_BEFORE
    )
    rows = session.execute(
        select(LetterRow.case_id, LetterRow.sha256)
        .where(LetterRow.state == "opened", LetterRow.case_id > after, ~lasting)
        .order_by(LetterRow.case_id)
        .limit(most)
    ).all()
    return [Due(row.case_id, row.sha256, stamps_of(session, row.case_id)) for row in rows]


def stamps_of(session: Session, case_id: str) -> tuple[bytes, ...]:
    """A letter's stamps (signing.archival.ArchiveStamp), the oldest first."""
    rows = session.scalars(
        select(ArchiveStampRow.stamp)
        .where(ArchiveStampRow.case_id == case_id)
        .order_by(ArchiveStampRow.number)
    )
    return tuple(rows)


def keep(session: Session, now: datetime, letter: Due, stamp: bytes) -> bool:
    """Keep the next stamp; False if another one took its place meanwhile."""
    if stamps_of(session, letter.case) != letter.stamps:
        return False
    session.add(
        ArchiveStampRow(
            case_id=letter.case,
            number=len(letter.stamps) + 1,
            stamp=stamp,
            made_at=now,
            ends_at=ends_at(ArchiveStamp.from_bytes(stamp)),
        )
    )
    return True
