"""One project with all that its parties need: gaps, openings, versions, mandates, keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries import opening_keys, openings, rehearsals
from guarantees.queries.projects import CorrectionRow, corrections, current, versions_of
from guarantees.records import project_notice
from guarantees.records.guarantee import EventRow
from guarantees.records.lot_end import LotEnd
from guarantees.records.organisation import Organisation
from guarantees.records.person import OpeningKey, Person
from guarantees.records.project import Lot, Mandate, Opening, Project, ProjectVersion
from guarantees.sums.corrections import Change, changes
from guarantees.tables import permissions
from guarantees.values.actor import Actor
from guarantees.values.notice import LotNotice, ProjectNotice, missing
from guarantees.values.notice_faults import Fault, obstacles

HISTORY_LINES = 50


@dataclass(frozen=True)
class LotDetail:
    id: str
    notice: LotNotice
    """As stated, a single lot with the project's figures; by its number alone if withdrawn."""
    withdrawn: bool
    opening: str
    """Id of the opening; empty until one is made."""
    opening_state: str
    opening_time: datetime | None
    """T of the certificate in force."""


@dataclass(frozen=True)
class VersionRow:
    number: int
    imported: bool
    """The source's own word; else a person's."""
    by: str
    note: str
    made_at: datetime
    changes: tuple[Change, ...]
    """Against the version before; empty for the first."""


@dataclass(frozen=True)
class MandateRow:
    id: str
    agency: str
    actions: tuple[str, ...]
    granted_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class OpeningKeyRow:
    id: str
    organisation: str
    person: str
    own: bool
    """The reader made it."""
    fingerprint: bytes
    created_at: datetime
    proved: int = 0
    """Coming lots of the project that it has opened a trial of (rehearsal)."""


@dataclass(frozen=True)
class HistoryRow:
    at: datetime
    what: str
    who: str
    note: str


@dataclass(frozen=True)
class ProjectNow:
    """What the newest version says: all that its form needs."""

    id: str
    state: str
    version: int
    notice: ProjectNotice
    remarks: str
    """What else the notice said when it was brought in."""
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class ProjectView(ProjectNow):
    obstacles: tuple[Fault, ...]
    procurer_registered: bool
    agency_registered: bool
    own_procurer: bool
    """The reader acts for the procurer, who grants mandates."""
    attends: bool
    """The reader's organisation may enter the opening rooms."""
    may_change: bool
    """The reader's organisation brings the project in; a mandate alone does not suffice."""
    lots: tuple[LotDetail, ...]
    versions: tuple[VersionRow, ...]
    corrections: tuple[CorrectionRow, ...]
    mandates: tuple[MandateRow, ...]
    keys: tuple[OpeningKeyRow, ...]
    openable: bool
    """Somebody who may open has a key that serves; otherwise nobody can apply for a guarantee."""
    history: tuple[HistoryRow, ...]
    demonstration: bool
    ahead: int
    """Lots whose opening is yet to begin: those that are rehearsed."""


def view(session: Session, actor: Actor, now: datetime, project_id: str) -> ProjectView:
    """The project, or NotFound for one that is not the actor's."""
    permissions.check(actor, "project.read", now)
    project, version = current(session, actor, project_id)
    notice = project_notice.to_notice(project, version)
    versions = versions_of(session, project_id)
    lots = _lots(session, project, notice)
    ahead = [one.id for one in lots if one.opening_state == "sealed" and not one.withdrawn]
    return ProjectView(
        id=project.id,
        state=project.state,
        version=version.number,
        notice=notice,
        remarks=versions[0].note,
        gaps=missing(notice),
        obstacles=obstacles(notice, now) if project.state == "draft" else (),
        procurer_registered=version.procurer_id is not None,
        agency_registered=version.agency_id is not None,
        own_procurer=actor.organisation_id == version.procurer_id,
        attends=openings.attends(session, actor, version),
        may_change=_may_change(actor, project, version),
        lots=lots,
        versions=_version_rows(session, project, versions),
        corrections=corrections(session, project_id),
        mandates=_mandates(session, project_id),
        keys=_keys_of(session, actor, [version.procurer_id, version.agency_id], ahead),
        openable=opening_keys.openable(session, project_id, now),
        history=_history(session, project_id),
        demonstration=project.demonstration,
        ahead=len(ahead),
    )


def to_change(session: Session, actor: Actor, now: datetime, project_id: str) -> ProjectNow:
    """The project for its form; NotFound for one that the actor can't change."""
    permissions.check(actor, "project.read", now)
    project, version = current(session, actor, project_id)
    if not _may_change(actor, project, version):
        raise NotFound(noun="project", id=project_id)
    first = select(ProjectVersion.note).where(ProjectVersion.project_id == project_id)
    notice = project_notice.to_notice(project, version)
    return ProjectNow(
        id=project.id,
        state=project.state,
        version=version.number,
        notice=notice,
        remarks=session.scalars(first.order_by(ProjectVersion.number).limit(1)).one(),
        gaps=missing(notice),
    )


def _may_change(actor: Actor, project: Project, version: ProjectVersion) -> bool:
    if actor.organisation_role in ("operator", "system"):
        return True
    own = actor.organisation_id
    return own in (version.procurer_id, version.agency_id, project.entered_by)


def _lots(session: Session, project: Project, notice: ProjectNotice) -> tuple[LotDetail, ...]:
    stated = {lot.number: lot for lot in notice.effective_lots()}
    places = {number: place for place, number in enumerate(stated)}
    rows = list(session.scalars(select(Lot).where(Lot.project_id == project.id)))
    openings = {
        one.lot_id: one
        for one in session.scalars(
            select(Opening).join(Lot, Lot.id == Opening.lot_id).where(Lot.project_id == project.id)
        )
    }
    ending = set(
        session.scalars(
            select(LotEnd.lot_id)
            .join(Lot, Lot.id == LotEnd.lot_id)
            .where(Lot.project_id == project.id, LotEnd.state == "confirmed")
        )
    )
    made = [_lot(lot, stated.get(lot.number), openings.get(lot.id), ending) for lot in rows]
    end = len(places)
    return tuple(sorted(made, key=lambda one: (places.get(one.notice.number, end), one.id)))


def _lot(
    lot: Lot, stated: LotNotice | None, opening: Opening | None, ending: set[str]
) -> LotDetail:
    state = opening.state if opening else ""
    return LotDetail(
        id=lot.id,
        notice=stated or LotNotice(number=lot.number, name=""),
        withdrawn=lot.withdrawn,
        opening=opening.id if opening else "",
        opening_state="ending" if lot.id in ending and state == "sealed" else state,
        opening_time=opening.opening_time if opening else None,
    )


def _version_rows(
    session: Session, project: Project, versions: Sequence[ProjectVersion]
) -> tuple[VersionRow, ...]:
    names = _names(session, {one.made_by for one in versions if one.made_by is not None})
    made = []
    before: ProjectNotice | None = None
    for one in versions:
        notice = project_notice.to_notice(project, one)
        made.append(
            VersionRow(
                number=one.number,
                imported=one.made_by is None,
                by=names.get(one.made_by or "", ""),
                note=one.note,
                made_at=one.made_at,
                changes=changes(before, notice) if before is not None else (),
            )
        )
        before = notice
    return tuple(reversed(made))


def _names(session: Session, people: set[str]) -> dict[str, str]:
    rows = session.execute(
        select(Person.id, Person.name, Organisation.name)
        .join(Organisation, Organisation.id == Person.organisation_id)
        .where(Person.id.in_(people))
    )
    return {made_by: f"{organisation} {person}" for made_by, person, organisation in rows}


def _mandates(session: Session, project_id: str) -> tuple[MandateRow, ...]:
    rows = session.execute(
        select(Mandate, Organisation.name)
        .join(Organisation, Organisation.id == Mandate.agency_id)
        .where(Mandate.project_id == project_id)
        .order_by(Mandate.granted_at)
    )
    return tuple(
        MandateRow(one.id, name, tuple(one.actions), one.granted_at, one.withdrawn_at)
        for one, name in rows
    )


def _keys_of(
    session: Session,
    actor: Actor,
    organisations: Sequence[str | None],
    lots: Sequence[str] = (),
) -> tuple[OpeningKeyRow, ...]:
    known = rehearsals.passed(session, lots)
    rows = session.execute(
        select(OpeningKey, Person.name, Organisation.name)
        .join(Person, Person.id == OpeningKey.person_id)
        .join(Organisation, Organisation.id == OpeningKey.organisation_id)
        .where(
            OpeningKey.organisation_id.in_([one for one in organisations if one]),
            OpeningKey.state == "active",
        )
        .order_by(OpeningKey.created_at, OpeningKey.id)
    )
    return tuple(
        OpeningKeyRow(
            id=key.id,
            organisation=organisation,
            person=person,
            own=key.person_id == actor.person_id,
            fingerprint=key.fingerprint,
            created_at=key.created_at,
            proved=sum((lot, key.fingerprint) in known for lot in lots),
        )
        for key, person, organisation in rows
    )


def _history(session: Session, project_id: str) -> tuple[HistoryRow, ...]:
    rows = session.scalars(
        select(EventRow)
        .where(EventRow.subject == f"project:{project_id}")
        .order_by(EventRow.at.desc(), EventRow.id)
        .limit(HISTORY_LINES)
    )
    return tuple(HistoryRow(one.at, one.what, one.who, one.note) for one in rows)
