"""Lists of projects for those who bring them in, and of open lots for those who bid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, true
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries import keyset, lots
from guarantees.queries.keyset import Cursor, Slice
from guarantees.queries.lots import LotRow
from guarantees.records import project_notice
from guarantees.records.guarantee import EventRow
from guarantees.records.project import Lot, Mandate, Opening, Project, ProjectVersion
from guarantees.sums.corrections import breaks
from guarantees.tables import permissions
from guarantees.values.actor import Actor
from guarantees.values.notice import missing
from guarantees.values.sentence import Sentence
from guarantees.values.text import tidy

LONGEST_SEARCH = 100
"""Characters of a search; longer ones are cut."""


@dataclass(frozen=True)
class ProjectRow:
    """One line of the list, as the notice in force says."""

    id: str
    number: str | None
    name: str
    state: str
    version: int
    procurer: str | None
    agency: str | None
    region: str | None
    category: str | None
    lots: int
    deadline: datetime | None
    opening_time: datetime | None
    gaps: int
    """Facts that are still missing before a draft can be registered."""
    changed_at: datetime
    demonstration: bool


@dataclass(frozen=True)
class LotView:
    """A lot as bidders see it, with the history of its notice."""

    lot: LotRow
    guarantee_quote: str | None
    deposit_forms: str | None
    open: bool
    """Applications are still taken."""
    corrections: tuple["CorrectionRow", ...]


@dataclass(frozen=True)
class CorrectionRow:
    """A correction notice after the first version, newest first."""

    version: int
    note: str
    made_at: datetime
    breaks: tuple[Sentence, ...]


def listed(
    session: Session,
    actor: Actor,
    now: datetime,
    text: str = "",
    state: str = "",
    cursor: Cursor | None = None,
) -> Slice[ProjectRow]:
    """Projects that the actor's organisation brings in or acts in, the latest change first."""
    permissions.check(actor, "project.read", now)
    query = (
        select(Project, ProjectVersion, ProjectVersion.made_at, Project.id)
        .join(ProjectVersion, ProjectVersion.project_id == Project.id)
        .where(ProjectVersion.number == Project.current, concerns(actor), _matches(text))
    )
    if state:
        query = query.where(Project.state == state)
    columns = (ProjectVersion.made_at, Project.id)
    return keyset.page(session, query, columns, cursor, _rows, descending=True)


def concerns(actor: Actor) -> ColumnElement[bool]:
    """Whether a project and its version in force are the actor's, as flow.steps decides it.

    A mandate alone is enough to see the project of somebody else.
    """
    if actor.organisation_role in ("operator", "system"):
        return true()
    own = actor.organisation_id
    if actor.organisation_role == "procurer":
        return ProjectVersion.procurer_id == own
    mandated = select(Mandate.project_id).where(
        Mandate.agency_id == own, Mandate.withdrawn_at.is_(None)
    )
    return or_(ProjectVersion.agency_id == own, Project.entered_by == own, Project.id.in_(mandated))


def _matches(text: str) -> ColumnElement[bool]:
    """Every word of the search stands in name, number or a party's name."""
    words = tidy(text)[:LONGEST_SEARCH].split()
    return and_(
        true(),
        *(
            or_(
                ProjectVersion.name.icontains(word, autoescape=True),
                Project.number.icontains(word, autoescape=True),
                ProjectVersion.procurer_name.icontains(word, autoescape=True),
                ProjectVersion.agency_name.icontains(word, autoescape=True),
            )
            for word in words
        ),
    )


def _rows(found: Sequence[Row[*tuple[Any, ...]]]) -> list[ProjectRow]:
    return [_row(project, version) for project, version, *_key in found]


def _row(project: Project, version: ProjectVersion) -> ProjectRow:
    notice = project_notice.to_notice(project, version)
    return ProjectRow(
        id=project.id,
        number=project.number,
        name=version.name,
        state=project.state,
        version=version.number,
        procurer=version.procurer_name,
        agency=version.agency_name,
        region=version.region,
        category=version.category,
        lots=len(notice.effective_lots()),
        deadline=version.submission_deadline,
        opening_time=version.opening_time,
        gaps=len(missing(notice)),
        changed_at=version.made_at,
        demonstration=project.demonstration,
    )


def open_lots(
    session: Session,
    actor: Actor,
    now: datetime,
    text: str = "",
    region: str = "",
    cursor: Cursor | None = None,
) -> Slice[LotRow]:
    """Lots that still take applications, the nearest deadline first; `region` is a part of it."""
    permissions.check(actor, "session.use", now)
    query = _open(now).where(_matches(text))
    place = tidy(region)[:LONGEST_SEARCH]
    if place:
        query = query.where(ProjectVersion.region.icontains(place, autoescape=True))

    def rows(found: Sequence[Row[*tuple[Any, ...]]]) -> list[LotRow]:
        ids = [row.id for row in found]
        made = lots.lot_rows(session, set(ids))
        return [made[one] for one in ids]

    columns = (ProjectVersion.submission_deadline, PLACE)
    return keyset.page(session, query, columns, cursor, rows)


PLACE = Project.id + "/" + Lot.number
"""Keeps the lots of a project together, by their numbers."""


def _open(now: datetime) -> Select[*tuple[Any, ...]]:
    """Registered, not withdrawn, before the deadline, and its opening is made."""
    return (
        select(Lot.id, ProjectVersion.submission_deadline, PLACE)
        .join(Project, Project.id == Lot.project_id)
        .join(ProjectVersion, ProjectVersion.project_id == Project.id)
        .join(Opening, Opening.lot_id == Lot.id)
        .where(
            ProjectVersion.number == Project.current,
            Project.state == "registered",
            Lot.withdrawn.is_(False),
            Lot.id.in_(lots.running()),
            ProjectVersion.submission_deadline > now,
        )
    )


def lot_view(session: Session, actor: Actor, now: datetime, lot_id: str) -> LotView:
    """A lot of a registered project, open or not; drafts and withdrawn lots are not found."""
    permissions.check(actor, "session.use", now)
    row = lots.open_lot(session, lot_id)
    versions = versions_of(session, row.project)
    return LotView(
        lot=row,
        guarantee_quote=versions[-1].guarantee_quote,
        deposit_forms=versions[-1].deposit_forms,
        open=row.takes_bids(now),
        corrections=corrections(session, row.project),
    )


def current(session: Session, actor: Actor, project_id: str) -> tuple[Project, ProjectVersion]:
    """A project of the actor's with the version in force; NotFound for any other."""
    found = session.execute(
        select(Project, ProjectVersion)
        .join(ProjectVersion, ProjectVersion.project_id == Project.id)
        .where(Project.id == project_id, ProjectVersion.number == Project.current, concerns(actor))
    ).one_or_none()
    if found is None:
        raise NotFound(noun="project", id=project_id)
    return found


def versions_of(session: Session, project_id: str) -> list[ProjectVersion]:
    """All of them, the first one first."""
    return list(
        session.scalars(
            select(ProjectVersion)
            .where(ProjectVersion.project_id == project_id)
            .order_by(ProjectVersion.number)
        )
    )


def corrections(session: Session, project_id: str) -> tuple[CorrectionRow, ...]:
    """What every version since the registration changed for bidders, newest first."""
    project = session.get(Project, project_id)
    registered = session.scalar(
        select(EventRow.note).where(
            EventRow.subject == f"project:{project_id}", EventRow.what == "project.registered"
        )
    )
    if project is None or registered is None:
        return ()
    first = int(registered.removeprefix("#"))
    versions = versions_of(session, project_id)
    notices = [project_notice.to_notice(project, one) for one in versions]
    made = [
        CorrectionRow(version.number, version.note, version.made_at, breaks(before, after))
        for before, after, version in zip(notices, notices[1:], versions[1:], strict=False)
        if version.number > first
    ]
    return tuple(reversed(made))
