"""The opening room: the same for no bid and for fifty until the lot is opened (sealing.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries.lots import LotRow, lot_row, lot_rows
from guarantees.records import plain
from guarantees.records.case import Case
from guarantees.records.guarantee import EventRow, LetterRow, OpenCase, OpeningResult
from guarantees.records.organisation import Organisation
from guarantees.records.person import OpeningKey, Person
from guarantees.records.project import Lot, Mandate, Opening, Project, ProjectVersion
from guarantees.tables import permissions
from guarantees.values.actor import Actor

LONGEST_LIST = 200
"""Openings on one page; older ones are found through their projects."""


@dataclass(frozen=True)
class KeyRow:
    """A party that can decrypt, and its key if it has made one."""

    organisation: str
    role: str
    person: str
    fingerprint: bytes
    """Empty: no key yet."""
    made_at: datetime | None


@dataclass(frozen=True)
class ResultRow:
    """One letter of an opened lot. Empty strings where it could not be opened."""

    case: str
    supplier: str
    members: int
    institution: str
    number: str
    amount_fen: int
    verdict: str
    reason: str
    signature: str
    letter: str
    status: str
    leaf: bytes
    file: str


@dataclass(frozen=True)
class Room:
    """What procurer and agency see of a lot's opening."""

    lot: LotRow
    opening: str
    opening_time: datetime
    state: str
    keys: tuple[KeyRow, ...]
    started_at: datetime | None
    opened_at: datetime | None
    total: int | None
    """Letters found; None before the opening."""
    results: tuple[ResultRow, ...]
    events: tuple[EventRow, ...]


def room(session: Session, actor: Actor, now: datetime, lot_id: str) -> Room:
    permissions.check(actor, "opening.read", now)
    lot = lot_row(session, lot_id)
    version = _version(session, lot)
    if not _may_read(session, actor, lot, version):
        raise NotFound(noun="lot", id=lot_id)
    opening = _opening(session, lot_id)
    events = session.scalars(
        select(EventRow).where(EventRow.subject == f"lot:{lot_id}").order_by(EventRow.at)
    )
    return Room(
        lot=lot,
        opening=opening.id,
        opening_time=opening.opening_time,
        state=opening.state,
        keys=tuple(_keys(session, version)),
        started_at=opening.started_at,
        opened_at=opening.opened_at,
        total=opening.total,
        results=tuple(_results(session, opening.id)),
        events=tuple(events),
    )


def letter(session: Session, actor: Actor, now: datetime, lot_id: str, case_id: str) -> Case:
    """An opened letter's case, for those who may see the lot."""
    opening = room(session, actor, now, lot_id)
    if case_id not in {one.case for one in opening.results}:
        raise NotFound(noun="letter", id=case_id)
    return plain.read(session, case_id)


def report(session: Session, actor: Actor, now: datetime, lot_id: str, case_id: str) -> Any:
    """The verification report kept with the verdict (signing.report, as JSON types)."""
    opening = room(session, actor, now, lot_id)
    row = session.scalars(
        select(OpeningResult).where(
            OpeningResult.opening_id == opening.opening, OpeningResult.case_id == case_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound(noun="letter", id=case_id)
    return row.report


def openings_of(session: Session, actor: Actor, now: datetime) -> list[tuple[LotRow, str]]:
    """Lots whose opening the actor's organisation attends, latest first, with the state."""
    permissions.check(actor, "opening.read", now)
    concerned = select(Project.id).join(
        ProjectVersion,
        (ProjectVersion.project_id == Project.id) & (ProjectVersion.number == Project.current),
    )
    if actor.organisation_role == "procurer":
        concerned = concerned.where(ProjectVersion.procurer_id == actor.organisation_id)
    else:
        concerned = concerned.where(
            Project.id.in_(
                select(Mandate.project_id).where(
                    Mandate.agency_id == actor.organisation_id, Mandate.withdrawn_at.is_(None)
                )
            )
        )
    openings = session.scalars(
        select(Opening)
        .join(Lot, Lot.id == Opening.lot_id)
        .where(Lot.project_id.in_(concerned))
        .order_by(Opening.opening_time.desc())
        .limit(LONGEST_LIST)
    ).all()
    lots = lot_rows(session, {one.lot_id for one in openings})
    return [(lots[one.lot_id], one.state) for one in openings]


def _opening(session: Session, lot_id: str) -> Opening:
    opening = session.scalars(select(Opening).where(Opening.lot_id == lot_id)).one_or_none()
    if opening is None:
        raise NotFound(noun="opening", id=lot_id)
    return opening


def _version(session: Session, lot: LotRow) -> ProjectVersion:
    return session.scalars(
        select(ProjectVersion)
        .join(Project, Project.id == ProjectVersion.project_id)
        .where(Project.id == lot.project, ProjectVersion.number == Project.current)
    ).one()


def _may_read(session: Session, actor: Actor, lot: LotRow, version: ProjectVersion) -> bool:
    if actor.organisation_role == "procurer":
        return version.procurer_id == actor.organisation_id
    mandate = session.scalars(
        select(Mandate).where(
            Mandate.project_id == lot.project,
            Mandate.agency_id == actor.organisation_id,
            Mandate.withdrawn_at.is_(None),
        )
    ).one_or_none()
    return mandate is not None and "opening.read" in mandate.actions


def _keys(session: Session, version: ProjectVersion) -> list[KeyRow]:
    found = []
    for role, organisation_id in (("procurer", version.procurer_id), ("agency", version.agency_id)):
        held = session.get(Organisation, organisation_id) if organisation_id else None
        if held is None:
            continue
        keys = session.execute(
            select(OpeningKey, Person.name)
            .join(Person, Person.id == OpeningKey.person_id)
            .where(OpeningKey.organisation_id == held.id, OpeningKey.state == "active")
        ).all()
        found += [KeyRow(held.name, role, who, k.fingerprint, k.created_at) for k, who in keys]
        if not keys:
            found.append(KeyRow(held.name, role, "", b"", None))
    return found


def _results(session: Session, opening_id: str) -> list[ResultRow]:
    """By random ids: the order says nothing about who applied first."""
    rows = session.execute(
        select(OpeningResult, LetterRow.file, OpenCase, Organisation.name)
        .join(LetterRow, LetterRow.case_id == OpeningResult.case_id)
        .join(OpenCase, OpenCase.id == OpeningResult.case_id)
        .join(Organisation, Organisation.id == OpenCase.institution_id)
        .where(OpeningResult.opening_id == opening_id)
        .order_by(OpeningResult.id)
    ).all()
    return [_result(one, file, case, institution) for one, file, case, institution in rows]


def _result(one: OpeningResult, file: str, case: OpenCase, institution: str) -> ResultRow:
    """A letter that could not be opened shows no name: nobody has proved whose it is."""
    summary = case.details["summary"] if one.verdict != "not_opened" else {}
    report: dict[str, Any] = one.report or {}
    return ResultRow(
        case=one.case_id,
        supplier=summary.get("lead", ""),
        members=summary.get("members", 0),
        institution=institution if summary else "",
        number=summary.get("number", ""),
        amount_fen=summary.get("amount_fen", 0),
        verdict=one.verdict,
        reason=one.reason,
        signature=report.get("signature") or "",
        letter=report.get("letter") or "",
        status=report.get("status") or "",
        leaf=one.leaf,
        file=file,
    )
