"""How long what belongs to a project is kept, and the legal holds on it (GPL-42).

Nothing is deleted before: the store is write-once, rows of the sealed tables stay, and no part of
the platform deletes what belongs to a project (tests/meta/test_keeping.py).
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.records.lot_end import LegalHold, LotEnd
from guarantees.records.person import Person
from guarantees.records.project import Lot, Project, ProjectVersion
from guarantees.sums.retention import kept_until
from guarantees.tables import permissions
from guarantees.values.actor import Actor
from guarantees.values.moments import beijing_date


@dataclass(frozen=True)
class Kept:
    """How long what belongs to a project is kept."""

    until: date | None
    """Last day of the legal term; None while the procurement has not ended: it has not begun."""
    held: bool
    """A legal hold stands: kept beyond any term."""

    def deletable(self, today: date) -> bool:
        return self.until is not None and today > self.until and not self.held


@dataclass(frozen=True)
class HoldRow:
    id: str
    project: str
    project_name: str
    project_number: str | None
    state: str
    reason: str
    set_by: str
    set_at: datetime
    lifted_by: str
    lifted_at: datetime | None
    lift_reason: str
    kept: Kept


def kept(session: Session, project_id: str) -> Kept:
    """By the end of the project's last lot (政府采购法 art. 42)."""
    ended = session.scalar(
        select(func.max(LotEnd.ended_at))
        .join(Lot, Lot.id == LotEnd.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .where(Lot.project_id == project_id, Project.state == "ended", LotEnd.state == "ended")
    )
    held = session.scalar(
        select(LegalHold.id)
        .where(LegalHold.project_id == project_id, LegalHold.state == "set")
        .limit(1)
    )
    return Kept(kept_until(beijing_date(ended)) if ended else None, held is not None)


def holds(session: Session, actor: Actor, now: datetime) -> list[HoldRow]:
    """All of them, those that stand first, for auditors and regulators."""
    permissions.check(actor, "hold.read", now)
    rows = session.execute(
        select(LegalHold, Project.number, ProjectVersion.name)
        .join(Project, Project.id == LegalHold.project_id)
        .join(ProjectVersion, ProjectVersion.project_id == Project.id)
        .where(ProjectVersion.number == Project.current)
        .order_by(LegalHold.state.desc(), LegalHold.set_at.desc())
    ).all()
    people = {one for hold, *_ in rows for one in (hold.set_by, hold.lifted_by)}
    named = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    names: dict[str | None, str] = {row.id: row.name for row in named}
    return [
        HoldRow(
            id=hold.id,
            project=hold.project_id,
            project_name=name,
            project_number=number,
            state=hold.state,
            reason=hold.reason,
            set_by=names.get(hold.set_by, ""),
            set_at=hold.set_at,
            lifted_by=names.get(hold.lifted_by, ""),
            lifted_at=hold.lifted_at,
            lift_reason=hold.lift_reason,
            kept=kept(session, hold.project_id),
        )
        for hold, number, name in rows
    ]
