"""An administrator gives and takes rights within its own organisation (LJ-3)."""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound
from guarantees.flow import steps
from guarantees.records import accounts, authenticator
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.tables.lifecycle import move
from guarantees.tables.permissions import PERSON_ROLES
from guarantees.values.actor import Actor


def change_roles(
    session: Session, actor: Actor, now: datetime, person_id: str, roles: tuple[str, ...]
) -> None:
    """The person has exactly `roles` from its next request on."""
    organisation, person = _own(session, actor, now, person_id)
    accounts.check_roles(organisation.role, roles)
    if set(roles) == set(person.roles):
        return
    if organisation.role == "operator" and person.id == actor.person_id:
        # Else the security administrator could make itself the system's (三员分立).
        raise InvalidInput({"roles": N_("不能变更自己的角色，请由另一位安全管理员办理。")})
    if accounts.administrator(organisation.role) not in roles:
        _keep_one_administrator(session, organisation, person)
    person.roles = [role for role in PERSON_ROLES if role in roles]
    named = "、".join(PERSON_ROLES[role] for role in person.roles)
    _record(session, actor, now, person, "person.roles_changed", named)


def disable(session: Session, actor: Actor, now: datetime, person_id: str) -> None:
    """The person is signed out everywhere and can't sign in until it is enabled again."""
    organisation, person = _own(session, actor, now, person_id)
    _keep_one_administrator(session, organisation, person)
    person.state = move("person", person.state, "disabled", "people.manage")
    person.session_epoch += 1
    _record(session, actor, now, person, "person.disabled")


def enable(session: Session, actor: Actor, now: datetime, person_id: str) -> None:
    """With its roles as they were; a pause for wrong passwords ends."""
    _organisation, person = _own(session, actor, now, person_id)
    person.state = move("person", person.state, "active", "people.manage")
    person.failures, person.locked_until = 0, None
    _record(session, actor, now, person, "person.enabled")


def reset_authenticator(session: Session, actor: Actor, now: datetime, person_id: str) -> None:
    """After a lost telephone: the person enrols a new authenticator at its next login."""
    _organisation, person = _own(session, actor, now, person_id)
    if person.id == actor.person_id:
        # A stolen session must not be able to replace its owner's authenticator.
        raise InvalidInput({"person": N_("不能重置自己的动态验证码，请由本单位另一位管理员办理。")})
    authenticator.remove(person)
    person.session_epoch += 1
    _record(session, actor, now, person, "person.authenticator_reset")


def _own(
    session: Session, actor: Actor, now: datetime, person_id: str
) -> tuple[Organisation, Person]:
    """The actor's organisation and one of its people, both locked; another's is not found."""
    steps.require(actor, "people.manage", now)
    organisation = accounts.locked_organisation(session, actor.organisation_id)
    person = accounts.locked_person(session, person_id)
    if person.organisation_id != organisation.id:
        raise NotFound(noun="person", id=person_id)
    return organisation, person


def _keep_one_administrator(session: Session, organisation: Organisation, person: Person) -> None:
    wanted = accounts.administrator(organisation.role)
    if wanted not in person.roles or person.state != "active":
        return
    if not accounts.other_administrators(session, organisation, but=person.id):
        sentence = N_("这是本单位最后一位管理员，请先让另一位同事成为管理员。")
        raise InvalidInput({"roles": sentence})


def _record(
    session: Session, actor: Actor, now: datetime, person: Person, what: str, note: str = ""
) -> None:
    steps.record_about(session, f"person:{person.id}", actor, now, what, note)
