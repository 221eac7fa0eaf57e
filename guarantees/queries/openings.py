"""The opening room: the same for no bid and for fifty until the lot is opened (sealing.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries import rehearsals
from guarantees.queries.lots import LotRow, lot_row, lot_rows
from guarantees.records import log, plain
from guarantees.records.case import Case
from guarantees.records.guarantee import (
    EventRow,
    GuaranteeRow,
    LetterRow,
    OpenCase,
    OpeningResult,
)
from guarantees.records.organisation import Organisation
from guarantees.records.person import CMS, OpeningKey, Person
from guarantees.records.project import Lot, Mandate, Opening, Project, ProjectVersion
from guarantees.records.sealed import LogLeaf
from guarantees.tables import permissions
from guarantees.values.actor import Actor

ATTENDING = frozenset({"opening.read", "lot.open"})
"""What an agency must be let do to enter the room: who opens sees."""

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
    proved_at: datetime | None = None
    """When it opened a trial of this lot (rehearsal); None until then."""
    id: str = ""
    token: bool = False
    own: bool = False
    """Of the reader's organisation."""
    asked: bool = False
    """A trial's share waits to be fetched and handed in."""


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
    index: int | None
    """Place of the leaf in the log; None: it is not published yet."""
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
    withdrawn: tuple[bytes, ...]
    """Leaves of letters that were taken back before the deadline: all that is told of them."""
    events: tuple[EventRow, ...]


@dataclass(frozen=True)
class OpenedLetter:
    lot: LotRow
    result: ResultRow
    case: Case
    report: dict[str, Any]
    """As kept with the verdict (signing.report, as JSON types); empty without one."""


@dataclass(frozen=True)
class Papers:
    """What can be downloaded of a lot."""

    lot: LotRow
    opening: str
    numbers: dict[str, str]
    """Case → number, of the letters that were opened."""


@dataclass(frozen=True)
class Certificate:
    lot: LotRow
    opening: str
    signed: bytes
    """As the timekeeper signed it."""
    salt: bytes
    """Of its leaf."""


def room(session: Session, actor: Actor, now: datetime, lot_id: str) -> Room:
    lot, version, opening = _attended(session, actor, now, lot_id)
    events = session.scalars(
        select(EventRow).where(EventRow.subject == f"lot:{lot_id}").order_by(EventRow.at)
    )
    return Room(
        lot=lot,
        opening=opening.id,
        opening_time=opening.opening_time,
        state=_state(lot, opening.state),
        keys=tuple(_keys(session, actor, version, lot_id)),
        started_at=opening.started_at,
        opened_at=opening.opened_at,
        total=opening.total,
        results=tuple(_results(session, opening.id)),
        withdrawn=tuple(_withdrawn(session, opening.id)),
        events=tuple(events),
    )


def letter(
    session: Session, actor: Actor, now: datetime, lot_id: str, case_id: str
) -> OpenedLetter:
    """One letter with its verdict, for those who may see the lot."""
    lot, _version, opening = _attended(session, actor, now, lot_id)
    results = _results(session, opening.id, case_id)
    if not results:
        raise NotFound(noun="letter", id=case_id)
    report = session.scalar(
        select(OpeningResult.report).where(
            OpeningResult.opening_id == opening.id, OpeningResult.case_id == case_id
        )
    )
    return OpenedLetter(lot, results[0], plain.read(session, case_id), report or {})


def papers(session: Session, actor: Actor, now: datetime, lot_id: str) -> Papers:
    lot, _version, opening = _attended(session, actor, now, lot_id)
    rows = session.execute(
        select(OpeningResult.case_id, GuaranteeRow.number)
        .join(GuaranteeRow, GuaranteeRow.case_id == OpeningResult.case_id)
        .where(
            OpeningResult.opening_id == opening.id,
            OpeningResult.verdict.not_in(("not_opened", "withdrawn")),
        )
        .order_by(OpeningResult.id)
    )
    return Papers(lot, opening.id, {row.case_id: row.number for row in rows})


def certificate(session: Session, actor: Actor, now: datetime, lot_id: str) -> Certificate:
    """The opening certificate in force, with what its leaf in the log is made of."""
    lot, _version, opening = _attended(session, actor, now, lot_id)
    return Certificate(
        lot, opening.id, opening.certificate, log.certificate_salt(session, opening.certificate)
    )


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
        mandates = session.scalars(_mandates(actor))
        attended = [one.project_id for one in mandates if ATTENDING & set(one.actions)]
        concerned = concerned.where(Project.id.in_(attended))
    openings = session.scalars(
        select(Opening)
        .join(Lot, Lot.id == Opening.lot_id)
        .where(Lot.project_id.in_(concerned))
        .order_by(Opening.opening_time.desc())
        .limit(LONGEST_LIST)
    ).all()
    lots = lot_rows(session, {one.lot_id for one in openings})
    return [(lots[one.lot_id], _state(lots[one.lot_id], one.state)) for one in openings]


def _state(lot: LotRow, state: str) -> str:
    """As people see it: "ending" while a confirmed end has not yet taken effect."""
    ending = lot.ending is not None and lot.ending.state == "confirmed"
    return "ending" if ending and state == "sealed" else state


def _attended(
    session: Session, actor: Actor, now: datetime, lot_id: str
) -> tuple[LotRow, ProjectVersion, Opening]:
    """NotFound unless the actor's organisation attends the lot's opening."""
    permissions.check(actor, "opening.read", now)
    lot = lot_row(session, lot_id)
    version = _version(session, lot)
    if not attends(session, actor, version):
        raise NotFound(noun="lot", id=lot_id)
    opening = session.scalars(select(Opening).where(Opening.lot_id == lot_id)).one_or_none()
    if opening is None:
        raise NotFound(noun="opening", id=lot_id)
    return lot, version, opening


def _version(session: Session, lot: LotRow) -> ProjectVersion:
    return session.scalars(
        select(ProjectVersion)
        .join(Project, Project.id == ProjectVersion.project_id)
        .where(Project.id == lot.project, ProjectVersion.number == Project.current)
    ).one()


def attends(session: Session, actor: Actor, version: ProjectVersion) -> bool:
    """Whether the actor's organisation sees the project's openings: as its procurer, or as an
    agency that the procurer lets see or open them."""
    if actor.organisation_role == "procurer":
        return version.procurer_id == actor.organisation_id
    own = _mandates(actor).where(Mandate.project_id == version.project_id)
    mandate = session.scalars(own).one_or_none()
    return mandate is not None and bool(ATTENDING & set(mandate.actions))


def _mandates(actor: Actor) -> Select[Mandate]:
    return select(Mandate).where(
        Mandate.agency_id == actor.organisation_id, Mandate.withdrawn_at.is_(None)
    )


def _keys(session: Session, actor: Actor, version: ProjectVersion, lot_id: str) -> list[KeyRow]:
    found = []
    known = rehearsals.passed(session, [lot_id])
    asked = rehearsals.asked(session, lot_id)
    for role, organisation_id in (("procurer", version.procurer_id), ("agency", version.agency_id)):
        held = session.get(Organisation, organisation_id) if organisation_id else None
        if held is None:
            continue
        keys = session.execute(
            select(OpeningKey, Person.name)
            .join(Person, Person.id == OpeningKey.person_id)
            .where(OpeningKey.organisation_id == held.id, OpeningKey.state == "active")
        ).all()
        for key, who in keys:
            row = KeyRow(
                organisation=held.name,
                role=role,
                person=who,
                fingerprint=key.fingerprint,
                made_at=key.created_at,
                proved_at=known.get((lot_id, key.fingerprint)),
                id=key.id,
                token=key.kind == CMS,
                own=held.id == actor.organisation_id,
                asked=key.fingerprint in asked,
            )
            found.append(row)
        if not keys:
            found.append(KeyRow(held.name, role, "", b"", None))
    return found


def _results(session: Session, opening_id: str, case_id: str = "") -> list[ResultRow]:
    """By random ids: the order says nothing about who applied first."""
    report = OpeningResult.report
    query = (
        select(
            OpeningResult.case_id,
            OpeningResult.verdict,
            OpeningResult.reason,
            OpeningResult.leaf,
            LogLeaf.index,
            report["signature"].as_string().label("signature"),
            report["letter"].as_string().label("letter"),
            report["status"].as_string().label("status"),
            LetterRow.file,
            OpenCase.lead_name,
            OpenCase.amount_fen,
            OpenCase.details[("summary", "members")].as_integer().label("members"),
            GuaranteeRow.number,
            Organisation.name.label("institution"),
        )
        .outerjoin(LogLeaf, LogLeaf.leaf == OpeningResult.leaf)
        .join(LetterRow, LetterRow.case_id == OpeningResult.case_id)
        .join(OpenCase, OpenCase.id == OpeningResult.case_id)
        .join(GuaranteeRow, GuaranteeRow.case_id == OpeningResult.case_id)
        .join(Organisation, Organisation.id == OpenCase.institution_id)
        .where(OpeningResult.opening_id == opening_id, OpeningResult.verdict != "withdrawn")
        .order_by(OpeningResult.id)
    )
    if case_id:
        query = query.where(OpeningResult.case_id == case_id)
    return [_result(row) for row in session.execute(query)]


def _withdrawn(session: Session, opening_id: str) -> list[bytes]:
    return list(
        session.scalars(
            select(OpeningResult.leaf)
            .where(OpeningResult.opening_id == opening_id, OpeningResult.verdict == "withdrawn")
            .order_by(OpeningResult.id)
        )
    )


def _result(row: Row[*tuple[Any, ...]]) -> ResultRow:
    """A letter that could not be opened shows no name: nobody has proved whose it is."""
    known = row.verdict != "not_opened"
    return ResultRow(
        case=row.case_id,
        supplier=row.lead_name if known else "",
        members=row.members if known else 0,
        institution=row.institution if known else "",
        number=row.number if known else "",
        amount_fen=row.amount_fen if known else 0,
        verdict=row.verdict,
        reason=row.reason,
        signature=row.signature or "",
        letter=row.letter or "",
        status=row.status or "",
        leaf=row.leaf,
        index=row._mapping[LogLeaf.index],  # a row's own `index` is a method
        file=row.file,
    )
