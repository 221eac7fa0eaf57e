"""What pages, jobs and audit read of the transparency log."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, func, select, union
from sqlalchemy.orm import Session

from guarantees.records import log
from guarantees.records.guarantee import LetterRow
from guarantees.records.log import LogCut
from guarantees.records.platform import Platform
from guarantees.records.project import Lot, Opening, Project, ProjectVersion
from guarantees.records.sealed import LogLeaf

MANY = 500
"""Leaves asked for in one statement."""


@dataclass(frozen=True)
class State:
    """How far the log is."""

    origin: str
    key: str
    """The log's verifier key."""
    size: int
    root: bytes
    cut_at: datetime
    planned: int
    """Entries of the batch under way; 0: none is."""

    @property
    def end(self) -> int:
        """Entries once the batch under way is published."""
        return self.size + self.planned


@dataclass(frozen=True)
class Place:
    """What the log holds of one leaf."""

    leaf: bytes
    index: int | None
    """None: it waits for a batch."""


def state(session: Session) -> State | None:
    """None until the first batch."""
    held = log.state(session)
    if held is None:
        return None
    planned = len(held.plan or b"") // log.HASH
    return State(held.origin, held.key, held.size, held.root, held.cut_at, planned)


def latest_cut(session: Session) -> datetime | None:
    """When a batch was last cut; before the first one, when this platform began."""
    held = log.state(session)
    if held is not None:
        return held.cut_at
    platform = session.get(Platform, 1)
    return None if platform is None else platform.made_at


def place(session: Session, leaf: bytes) -> Place | None:
    """None: no such leaf was ever ours to log."""
    row = session.scalars(select(LogLeaf).where(LogLeaf.leaf == leaf)).one_or_none()
    return None if row is None else Place(row.leaf, row.index)


def indexes(session: Session, leaves: Iterable[bytes]) -> dict[bytes, int | None]:
    """Leaf → its place, None if it waits; unknown ones are lacking."""
    wanted, found = list(leaves), dict[bytes, int | None]()
    for start in range(0, len(wanted), MANY):
        rows = session.execute(
            select(LogLeaf.leaf, LogLeaf.index).where(
                LogLeaf.leaf.in_(wanted[start : start + MANY])
            )
        )
        found |= {row.leaf: row.index for row in rows}
    return found


def waiting(session: Session, leaves: Collection[bytes]) -> set[bytes]:
    """Those of the leaves that are not yet published."""
    return {leaf for leaf, index in indexes(session, leaves).items() if index is None}


def leaf_of_letter(session: Session, sha256: bytes) -> bytes | None:
    """The leaf of an opened letter with these bytes; a sealed one is as unknown as any other."""
    return session.scalar(select(LetterRow.leaf).where(LetterRow.sha256 == sha256).limit(1))


def moments(session: Session, after: datetime, until: datetime) -> list[datetime]:
    """Submission deadlines and opening times of registered lots, bids or not: `after` < m ≤
    `until`."""
    found = session.scalars(_moments(after, until).order_by("at"))
    return list(found)


def next_moment(session: Session, after: datetime) -> datetime | None:
    """The first one after that moment."""
    found = _moments(after, None).subquery()
    moment: datetime | None = session.scalar(select(func.min(found.c.at)))
    return moment


def cut(session: Session, moment: datetime) -> int | None:
    """Entries after the batch that was cut at a deadline; None while there was none yet."""
    return session.scalar(select(LogCut.size).where(LogCut.at == moment))


def cuts(session: Session, limit: int) -> list[LogCut]:
    """The latest ones first."""
    return list(session.scalars(select(LogCut).order_by(LogCut.at.desc()).limit(limit)))


def _moments(after: datetime, until: datetime | None) -> CompoundSelect[Any]:
    opening, deadline = Opening.opening_time, ProjectVersion.submission_deadline
    openings = select(opening.label("at")).where(opening > after)
    deadlines = (
        select(deadline.label("at"))
        .join(
            Project,
            (Project.id == ProjectVersion.project_id) & (Project.current == ProjectVersion.number),
        )
        .join(Lot, Lot.project_id == Project.id)
        .join(Opening, Opening.lot_id == Lot.id)
        .where(deadline > after)
    )
    if until is not None:
        openings = openings.where(opening <= until)
        deadlines = deadlines.where(deadline <= until)
    return union(openings, deadlines)
