"""What the pages of people, organisations and accounts show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.records import accounts, authenticator
from guarantees.records.guarantee import EventRow
from guarantees.records.organisation import Organisation
from guarantees.records.person import Invitation, Person
from guarantees.tables import permissions
from guarantees.values.actor import Actor

HISTORY_LINES = 20


@dataclass(frozen=True)
class PersonRow:
    id: str
    login: str
    name: str
    mail: str
    roles: tuple[str, ...]
    state: str
    """active, disabled, or locked while it rests after wrong passwords."""
    enrolled: bool
    """Has an authenticator."""
    joined_at: datetime


@dataclass(frozen=True)
class InvitationRow:
    id: str
    """Hex of the keyed tag; it opens nothing."""
    name: str
    mail: str
    roles: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True)
class OpenInvitation:
    """What the invited person sees."""

    organisation: str
    organisation_role: str
    name: str
    mail: str
    roles: tuple[str, ...]
    expires_at: datetime
    open: bool


@dataclass(frozen=True)
class HistoryLine:
    at: datetime
    what: str
    who: str
    note: str


@dataclass(frozen=True)
class PersonPage:
    person: PersonRow
    history: tuple[HistoryLine, ...]


@dataclass(frozen=True)
class OrganisationRow:
    id: str
    role: str
    name: str
    credit_code: str
    region: str
    state: str
    created_at: datetime


@dataclass(frozen=True)
class OrganisationPage:
    organisation: OrganisationRow
    level: str
    institution_type: str | None
    account: str
    contact: str
    details: dict[str, str]
    people: tuple[PersonRow, ...]
    history: tuple[HistoryLine, ...]


def people(session: Session, actor: Actor, now: datetime) -> tuple[PersonRow, ...]:
    """Everybody of the actor's organisation, by name."""
    return _people(session, actor.organisation_id, now)


def invitations(session: Session, actor: Actor, now: datetime) -> tuple[InvitationRow, ...]:
    """Those of the actor's organisation that can still be accepted, newest first."""
    rows = session.scalars(
        select(Invitation)
        .where(
            Invitation.organisation_id == actor.organisation_id,
            Invitation.accepted_by.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.expires_at.desc())
    )
    return tuple(
        InvitationRow(row.id.hex(), row.name, row.mail, tuple(row.roles), row.expires_at)
        for row in rows
    )


def person(session: Session, actor: Actor, now: datetime, person_id: str) -> PersonPage:
    """One of the actor's organisation; another's is NotFound."""
    row = session.get(Person, person_id)
    if row is None or row.organisation_id != actor.organisation_id:
        raise NotFound(noun="person", id=person_id)
    return PersonPage(_person(row, now), _history(session, f"person:{row.id}"))


def invitation(session: Session, now: datetime, token: str) -> OpenInvitation:
    """For whoever holds the token from the mail; NotFound for any other."""
    row = accounts.find_invitation(session, token)
    organisation = session.get_one(Organisation, row.organisation_id)
    return OpenInvitation(
        organisation=organisation.name,
        organisation_role=organisation.role,
        name=row.name,
        mail=row.mail,
        roles=tuple(row.roles),
        expires_at=row.expires_at,
        open=row.accepted_by is None and row.expires_at > now,
    )


@dataclass(frozen=True)
class Wanted:
    """Which organisations a list shows; empty words mean all."""

    role: str = ""
    state: str = ""
    words: str = ""
    """Part of the name, or the credit code."""


def organisations(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    after: tuple[str, str] | None = None,
    before: tuple[str, str] | None = None,
    limit: int,
) -> Sequence[OrganisationRow]:
    """By name and id; with `after` (or `before`) the rows next to that key, in display order."""
    _operator(actor)
    query = _filtered(wanted)
    key = (Organisation.name, Organisation.id)
    if before is not None:
        name, ident = before
        query = query.where(or_(key[0] < name, and_(key[0] == name, key[1] < ident))).order_by(
            key[0].desc(), key[1].desc()
        )
    else:
        if after is not None:
            name, ident = after
            query = query.where(or_(key[0] > name, and_(key[0] == name, key[1] > ident)))
        query = query.order_by(*key)
    rows = [_organisation(row) for row in session.scalars(query.limit(limit))]
    return rows[::-1] if before is not None else rows


def organisation(
    session: Session, actor: Actor, now: datetime, organisation_id: str
) -> OrganisationPage:
    _operator(actor)
    row = session.get(Organisation, organisation_id)
    if row is None:
        raise NotFound(noun="organisation", id=organisation_id)
    return OrganisationPage(
        organisation=_organisation(row),
        level=row.level,
        institution_type=row.institution_type,
        account=row.account,
        contact=row.contact,
        details=dict(row.details),
        people=_people(session, row.id, now),
        history=_history(session, f"organisation:{row.id}"),
    )


def _filtered(wanted: Wanted) -> Select[Organisation]:
    query = select(Organisation)
    if wanted.role:
        query = query.where(Organisation.role == wanted.role)
    if wanted.state:
        query = query.where(Organisation.state == wanted.state)
    if wanted.words:
        query = query.where(
            or_(
                Organisation.name.contains(wanted.words, autoescape=True),
                Organisation.credit_code == wanted.words.upper(),
            )
        )
    return query


def _operator(actor: Actor) -> None:
    if not permissions.allowed(actor, "operator.read"):
        raise NotFound(noun="organisation", id="")


def _people(session: Session, organisation_id: str, now: datetime) -> tuple[PersonRow, ...]:
    rows = session.scalars(
        select(Person)
        .where(Person.organisation_id == organisation_id)
        .order_by(Person.name, Person.id)
    )
    return tuple(_person(row, now) for row in rows)


def _history(session: Session, subject: str) -> tuple[HistoryLine, ...]:
    """The latest lines about "person:…" or "organisation:…"."""
    rows = session.scalars(
        select(EventRow)
        .where(EventRow.subject == subject)
        .order_by(EventRow.at.desc())
        .limit(HISTORY_LINES)
    )
    return tuple(HistoryLine(row.at, row.what, row.who, row.note) for row in rows)


def _person(row: Person, now: datetime) -> PersonRow:
    resting = row.locked_until is not None and row.locked_until > now
    return PersonRow(
        id=row.id,
        login=row.login,
        name=row.name,
        mail=row.mail,
        roles=tuple(row.roles),
        state="locked" if resting and row.state == "active" else row.state,
        enrolled=authenticator.enrolled(row),
        joined_at=row.created_at,
    )


def _organisation(row: Organisation) -> OrganisationRow:
    return OrganisationRow(
        id=row.id,
        role=row.role,
        name=row.name,
        credit_code=row.credit_code,
        region=row.region,
        state=row.state,
        created_at=row.created_at,
    )
