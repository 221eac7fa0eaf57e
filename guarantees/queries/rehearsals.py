"""Who has proved that its keys open, lot by lot: the same for every lot, bids or not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.queries.lots import LotRow, lot_rows
from guarantees.records.organisation import Organisation
from guarantees.records.person import OpeningKey, Person
from guarantees.records.project import Lot, Mandate, Opening, Project, ProjectVersion
from guarantees.records.rehearsal import Rehearsal
from guarantees.tables import permissions
from guarantees.values.actor import Actor

AHEAD = timedelta(days=30)
"""How far the list of supervision looks."""

LONGEST_LIST = 200
"""Lots on one page, the nearest opening first."""

Passed = dict[tuple[str, bytes], datetime]
"""(lot, fingerprint of a key) → when it was proved."""


@dataclass(frozen=True)
class PartyRow:
    """A side that can open a lot."""

    role: str
    organisation: str
    keys: int
    """Its active keys."""
    proved: int
    """Those of them that have opened a trial of this lot."""


@dataclass(frozen=True)
class ComingRow:
    """A lot whose opening is yet to begin."""

    lot: LotRow
    opening_time: datetime
    parties: tuple[PartyRow, ...]


def passed(session: Session, lot_ids: Collection[str]) -> Passed:
    """What was proved for these lots."""
    rows = session.execute(
        select(Rehearsal.lot_id, Rehearsal.fingerprint, Rehearsal.passed_at).where(
            Rehearsal.lot_id.in_(lot_ids), Rehearsal.passed_at.is_not(None)
        )
    )
    return {(lot, fingerprint): at for lot, fingerprint, at in rows if at is not None}


def asked(session: Session, lot_id: str) -> frozenset[bytes]:
    """Tokens (fingerprints) that a trial of the lot waits for."""
    rows = select(Rehearsal.fingerprint).where(
        Rehearsal.lot_id == lot_id, Rehearsal.answer.is_not(None)
    )
    return frozenset(session.scalars(rows))


def parties(session: Session, project_id: str) -> list[tuple[str, str]]:
    """(role, organisation) of the procurer and of the agency that may open for it."""
    return sides(session, [project_id])[project_id]


def sides(session: Session, projects: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """The same for many projects."""
    versions = session.scalars(
        select(ProjectVersion)
        .join(Project, Project.id == ProjectVersion.project_id)
        .where(Project.id.in_(projects), ProjectVersion.number == Project.current)
    )
    mandates = _mandates(session, projects)
    return {
        one.project_id: _parties(one.project_id, one.procurer_id, one.agency_id, mandates)
        for one in versions
    }


def unproved(session: Session, project_id: str, organisation_id: str) -> frozenset[str]:
    """People of a party who have yet to rehearse the project's coming openings.

    Whose key has not opened a trial of every lot; while nobody's has, all the others as well.
    """
    lots = session.scalars(
        select(Lot.id)
        .join(Opening, Opening.lot_id == Lot.id)
        .where(Lot.project_id == project_id, Lot.withdrawn.is_(False), Opening.state == "sealed")
    ).all()
    known = passed(session, lots)
    keys = session.execute(
        select(OpeningKey.person_id, OpeningKey.fingerprint).where(
            OpeningKey.organisation_id == organisation_id, OpeningKey.state == "active"
        )
    ).all()
    proved = {key for _person, key in keys if all((lot, key) in known for lot in lots)}
    if not proved:
        people = select(Person.id).where(Person.organisation_id == organisation_id)
        return frozenset(session.scalars(people))
    return frozenset(person for person, key in keys if key not in proved)


def coming(session: Session, actor: Actor, now: datetime) -> list[ComingRow]:
    """For those who supervise: lots that open soon, the nearest first, and who is ready.

    A regulator sees its own region, the operator all.
    """
    permissions.check(actor, "rehearsal.read", now)
    query = (
        select(
            Opening.lot_id,
            Opening.opening_time,
            # Not the whole version: its lots would be read as often as it has lots.
            ProjectVersion.project_id,
            ProjectVersion.procurer_id,
            ProjectVersion.agency_id,
        )
        .join(Lot, Lot.id == Opening.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .join(
            ProjectVersion,
            (ProjectVersion.project_id == Project.id) & (ProjectVersion.number == Project.current),
        )
        .where(
            Opening.state == "sealed",
            Opening.opening_time > now,
            Opening.opening_time <= now + AHEAD,
            Lot.withdrawn.is_(False),
        )
        .order_by(Opening.opening_time, Opening.id)
        .limit(LONGEST_LIST)
    )
    if actor.organisation_role == "regulator":
        region = session.get_one(Organisation, actor.organisation_id).region
        query = query.where(ProjectVersion.region.startswith(region, autoescape=True))
    return _rows(session, session.execute(query).all())


Coming = tuple[str, datetime, str, str | None, str | None]
"""Lot, opening time; project, its procurer and agency."""


def _rows(session: Session, found: Sequence[Coming]) -> list[ComingRow]:
    lots = lot_rows(session, {lot_id for lot_id, *_more in found})
    mandates = _mandates(session, {project for _lot, _at, project, *_more in found})
    sides = {
        project: _parties(project, procurer, agency, mandates)
        for _lot, _at, project, procurer, agency in found
    }
    organisations = {one for listed in sides.values() for _role, one in listed}
    names = _names(session, organisations)
    keys = _keys(session, organisations)
    known = passed(session, list(lots))
    made = []
    for lot_id, opening_time, project, *_more in found:
        rows = [
            PartyRow(
                role,
                names[one],
                len(keys.get(one, ())),
                sum((lot_id, key) in known for key in keys.get(one, ())),
            )
            for role, one in sides[project]
        ]
        made.append(ComingRow(lots[lot_id], opening_time, tuple(rows)))
    return made


def _parties(
    project: str, procurer: str | None, agency: str | None, mandates: set[tuple[str, str]]
) -> list[tuple[str, str]]:
    found = [("procurer", procurer)] if procurer else []
    if agency and (project, agency) in mandates:
        found.append(("agency", agency))
    return found


def _mandates(session: Session, projects: Collection[str]) -> set[tuple[str, str]]:
    """(project, agency) where the agency may open."""
    rows = session.scalars(
        select(Mandate).where(Mandate.project_id.in_(projects), Mandate.withdrawn_at.is_(None))
    )
    return {(one.project_id, one.agency_id) for one in rows if "lot.open" in one.actions}


def _names(session: Session, organisations: Collection[str]) -> dict[str, str]:
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(organisations))
    return dict(session.execute(query).all())


def _keys(session: Session, organisations: Collection[str]) -> dict[str, list[bytes]]:
    rows = session.execute(
        select(OpeningKey.organisation_id, OpeningKey.fingerprint).where(
            OpeningKey.organisation_id.in_(organisations), OpeningKey.state == "active"
        )
    )
    found: dict[str, list[bytes]] = {}
    for organisation, fingerprint in rows:
        found.setdefault(organisation, []).append(fingerprint)
    return found
