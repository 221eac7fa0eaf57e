"""The first organisations of an empty database, made by commands: the operator, demonstrations."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.flow import steps
from guarantees.records import accounts, authenticator, exposure
from guarantees.records.organisation import Organisation
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.codes import parse_credit_code
from guarantees.values.ids import new_id


@dataclass(frozen=True)
class FirstPerson:
    login: str
    name: str
    mail: str
    roles: tuple[str, ...]
    password_hash: str
    authenticator: str = ""
    """RFC 6238 secret in base 32 that is enrolled already; empty: enrolled at the first login."""


@dataclass(frozen=True)
class FirstOrganisation:
    role: str
    name: str
    credit_code: str
    region: str
    level: str = ""
    institution_type: str = ""
    account: str = ""
    contact: str = ""
    details: dict[str, str] = field(default_factory=dict)
    demonstration: bool = False
    people: tuple[FirstPerson, ...] = ()


def found(session: Session, actor: Actor, now: datetime, first: FirstOrganisation) -> str:
    """An active organisation with its people; answers its id. InvalidInput for roles that the
    organisation can't give, above all the operator's three on one person."""
    steps.require(actor, "organisation.found", now)
    organisation = Organisation(
        id=new_id(),
        role=first.role,
        name=first.name,
        credit_code=parse_credit_code(first.credit_code),
        region=first.region,
        level=first.level,
        institution_type=first.institution_type or None,
        state=move("organisation", NEW, "active", "organisation.found"),
        account=first.account,
        contact=first.contact,
        details=dict(first.details),
        demonstration=first.demonstration,
        created_at=now,
    )
    session.add(organisation)
    session.flush()
    if first.role == "institution":
        exposure.create(session, organisation.id)
    for person in first.people:
        _add(session, organisation, person, now)
    subject = f"organisation:{organisation.id}"
    steps.record_about(session, subject, actor, now, "organisation.founded")
    return organisation.id


def _add(session: Session, organisation: Organisation, first: FirstPerson, now: datetime) -> None:
    accounts.check_roles(organisation.role, first.roles)
    new = accounts.NewPerson(first.login, first.name, first.mail, first.roles, first.password_hash)
    person = accounts.add_person(session, organisation.id, new, now, "organisation.found")
    person.demonstration = organisation.demonstration
    if first.authenticator:
        authenticator.place(session, person, first.authenticator)
        person.totp_step = 1  # confirmed: the first code ever used, in 1970
