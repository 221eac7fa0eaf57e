"""Ends of a project's lots as procurer, agency and operator see them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries.projects import current
from guarantees.records.lot_end import LotEnd
from guarantees.records.person import Person
from guarantees.records.project import Lot, Opening
from guarantees.tables import permissions
from guarantees.values.actor import Actor


@dataclass(frozen=True)
class EndLot:
    """A lot of a request."""

    number: str
    state: str
    effective_at: datetime | None
    keep_until: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class EndRequest:
    """What one person asked for at once."""

    id: str
    kind: str
    reason: str
    asked_by: str
    own: bool
    """The reader asked for it, so that somebody else must confirm it."""
    asked_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    settled_by: str
    settled_at: datetime | None
    lots: tuple[EndLot, ...]

    @property
    def state(self) -> str:
        """Of the lots that are not further: they go the same way."""
        return min((one.state for one in self.lots), key=ORDER.index)


ORDER = ("asked", "confirmed", "ended", "kept", "dropped")


@dataclass(frozen=True)
class Ends:
    project: str
    name: str
    number: str | None
    requests: tuple[EndRequest, ...]
    """The latest first."""
    endable: tuple[tuple[str, str], ...]
    """(id, number) of the lots that an end can be asked for."""
    underway: bool
    """Some lot is being opened: that is finished first."""


def of_project(session: Session, actor: Actor, now: datetime, project_id: str) -> Ends:
    """NotFound for a draft, and for a project that is not the actor's."""
    permissions.check(actor, "project.read", now)
    project, version = current(session, actor, project_id)
    if project.state == "draft":
        raise NotFound(noun="project", id=project_id)
    ends = session.execute(
        select(LotEnd, Lot.number)
        .join(Lot, Lot.id == LotEnd.lot_id)
        .where(Lot.project_id == project_id)
        .order_by(LotEnd.asked_at.desc(), Lot.number)
    ).all()
    states = _states(session, project_id)
    standing = {end.lot_id for end, _number in ends if end.state in ("asked", "confirmed", "ended")}
    return Ends(
        project=project.id,
        name=version.name,
        number=project.number,
        requests=_requests(session, actor, [(end, number) for end, number in ends]),
        endable=tuple(
            (lot, number)
            for lot, number, state in states
            if state in ("sealed", "opened") and lot not in standing
        ),
        underway=any(state == "opening" for _lot, _number, state in states),
    )


def _states(session: Session, project_id: str) -> list[tuple[str, str, str]]:
    rows = session.execute(
        select(Lot.id, Lot.number, Opening.state)
        .join(Opening, Opening.lot_id == Lot.id)
        .where(Lot.project_id == project_id, Lot.withdrawn.is_(False))
        .order_by(Lot.number)
    )
    return [(row.id, row.number, row.state) for row in rows]


def _requests(
    session: Session, actor: Actor, ends: list[tuple[LotEnd, str]]
) -> tuple[EndRequest, ...]:
    people = {one for end, _ in ends for one in (end.asked_by, end.confirmed_by, end.settled_by)}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    names: dict[str | None, str] = {row.id: row.name for row in rows}
    grouped: dict[str, list[tuple[LotEnd, str]]] = {}
    for end, number in ends:
        grouped.setdefault(end.request, []).append((end, number))
    return tuple(_request(actor, names, listed) for listed in grouped.values())


def _request(
    actor: Actor, names: dict[str | None, str], listed: list[tuple[LotEnd, str]]
) -> EndRequest:
    first = listed[0][0]
    return EndRequest(
        id=first.request,
        kind=first.kind,
        reason=first.reason,
        asked_by=names.get(first.asked_by, ""),
        own=first.asked_by == actor.person_id,
        asked_at=first.asked_at,
        confirmed_by=names.get(first.confirmed_by, ""),
        confirmed_at=first.confirmed_at,
        settled_by=names.get(first.settled_by, ""),
        settled_at=first.settled_at,
        lots=tuple(
            EndLot(number, one.state, one.effective_at, one.keep_until, one.ended_at)
            for one, number in listed
        ),
    )
