"""Persons, invitations and roles as several flows need them."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound
from guarantees.records import outbox
from guarantees.records.organisation import Organisation
from guarantees.records.person import Invitation, Person
from guarantees.tables.lifecycle import NEW, move
from guarantees.tables.permissions import ROLES_OF
from guarantees.tables.sign_in import INVITATION_LIFE
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id

ADMINISTRATOR = {"operator": "security_admin"}
"""Who manages people, by role of the organisation; "admin" where it says nothing."""


@dataclass(frozen=True)
class NewPerson:
    login: str
    name: str
    mail: str
    roles: tuple[str, ...]
    password_hash: str


@dataclass(frozen=True)
class Invited:
    """Somebody who will choose login and password when accepting."""

    name: str
    mail: str
    roles: tuple[str, ...]


def acting(person: Person) -> Actor:
    """The person as an actor, without a fresh code."""
    return Actor(
        person_id=person.id,
        name=person.name,
        organisation_id=person.organisation_id,
        organisation_role=person.organisation.role,
        organisation_name=person.organisation.name,
        roles=frozenset(person.roles),
    )


def administrator(organisation_role: str) -> str:
    return ADMINISTRATOR.get(organisation_role, "admin")


def add_person(
    session: Session, organisation_id: str, new: NewPerson, now: datetime, action: str
) -> Person:
    """The row of a new account; `action` names the lifecycle move."""
    person = Person(
        id=new_id(),
        organisation_id=organisation_id,
        login=new.login,
        name=new.name,
        mail=new.mail,
        roles=list(new.roles),
        password_hash=new.password_hash,
        state=move("person", NEW, "active", action),
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def new_login(session: Session, wish: str) -> str:
    """`wish` and a random number, "zhang-4821": free without telling which names are taken.

    A form that answered "taken" would list the platform's logins to anybody.
    """
    while True:
        login = f"{wish}-{secrets.randbelow(9000) + 1000}"
        if session.scalar(select(Person.id).where(Person.login == login)) is None:
            return login


def locked_person(session: Session, person_id: str) -> Person:
    """The person's row, locked until the commit (SQLite: the transaction already is)."""
    person = session.scalars(
        select(Person)
        .where(Person.id == person_id)
        .with_for_update(of=Person)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if person is None:
        raise NotFound(noun="person", id=person_id)
    return person


def locked_organisation(session: Session, organisation_id: str) -> Organisation:
    """Its row locked, so that two changes to its people come one after the other."""
    organisation = session.scalars(
        select(Organisation)
        .where(Organisation.id == organisation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if organisation is None:
        raise NotFound(noun="organisation", id=organisation_id)
    return organisation


def check_roles(organisation_role: str, roles: Collection[str]) -> None:
    """InvalidInput unless such an organisation can give exactly these roles to one person.

    The operator's system, security and audit administrators are three people (三员分立).
    """
    allowed = ROLES_OF[organisation_role]
    if not roles:
        raise InvalidInput({"roles": N_("请至少选择一个角色。")})
    if not set(roles) <= set(allowed):
        raise InvalidInput({"roles": N_("本单位没有这个角色，请在列出的角色中选择。")})
    if organisation_role == "operator" and len(set(roles)) > 1:
        sentence = N_("系统、安全、审计三种管理员必须是三个人，每人只能选一个。")
        raise InvalidInput({"roles": sentence})


def other_administrators(session: Session, organisation: Organisation, but: str) -> int:
    """How many active people besides `but` (a person id) manage the organisation's people."""
    wanted = administrator(organisation.role)
    people = session.scalars(
        select(Person).where(
            Person.organisation_id == organisation.id, Person.state == "active", Person.id != but
        )
    )
    return sum(wanted in person.roles for person in people)


def invite(
    session: Session, organisation_id: str, invited: Invited, invited_by: str, now: datetime
) -> None:
    """An invitation and the mail with its token, which stands nowhere else in the clear."""
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            id=_tag(session, token),
            organisation_id=organisation_id,
            name=invited.name,
            mail=invited.mail,
            roles=list(invited.roles),
            invited_by=invited_by,
            expires_at=now + INVITATION_LIFE,
        )
    )
    arguments = {"event": "people.invited", "to": "invited", "about": organisation_id}
    outbox.put(session, outbox.Message("mail", {**arguments, "token": token}))


def find_invitation(session: Session, token: str, *, lock: bool = False) -> Invitation:
    """NotFound if there is none; the caller judges whether it still counts."""
    query = select(Invitation).where(Invitation.id == _tag(session, token))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound(noun="invitation", id="")
    return row


def _tag(session: Session, token: str) -> bytes:
    made: bytes = session.info["vault"].tag("invitation", token)
    return made
