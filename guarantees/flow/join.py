"""Becoming part of the platform: a supplier registers itself, an invited person accepts."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, TooLate
from guarantees.flow import steps
from guarantees.records import accounts
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.tables.lifecycle import NEW, may, move
from guarantees.values import fields
from guarantees.values.actor import Actor
from guarantees.values.codes import parse_bank_account, parse_credit_code
from guarantees.values.contacts import parse_login_wish, parse_mail, parse_person_name
from guarantees.values.ids import new_id
from guarantees.values.parties import NAME_LIMIT

REGION_LIMIT = 60
ADMINISTRATOR_AND_CLERK = ("admin", "clerk")
"""Who registers a supplier manages its people and can apply; it may pass either on later."""


PARSERS: dict[str, fields.Parser] = {
    "credit_code": parse_credit_code,
    "name": fields.line(N_("单位名称"), NAME_LIMIT),
    "region": fields.line(N_("所在地区"), REGION_LIMIT),
    "account": parse_bank_account,
    "person_name": parse_person_name,
    "mail": parse_mail,
    "login_wish": parse_login_wish,
}


class InvitationOver(TooLate):
    """Used, withdrawn or older than tables.sign_in.INVITATION_LIFE."""

    code = "invitation_over"
    text = N_("这份邀请已用过、已撤回或已过期，请联系本单位管理员重新邀请。")


@dataclass(frozen=True)
class Registration:
    credit_code: str
    name: str
    region: str
    account: str
    """Basic account (基本账户), which some notices demand premiums to be paid from."""
    person_name: str
    mail: str
    login_wish: str
    password_hash: str


def register_supplier(session: Session, actor: Actor, now: datetime, asked: Registration) -> str:
    """A supplier that waits for the operator, and its first person; answers the login."""
    steps.require(actor, "organisation.apply", now)
    asked = _checked(asked)
    supplier = _waiting_supplier(session, asked, now)
    person = accounts.add_person(
        session,
        supplier.id,
        accounts.NewPerson(
            login=accounts.new_login(session, asked.login_wish),
            name=asked.person_name,
            mail=asked.mail,
            roles=ADMINISTRATOR_AND_CLERK,
            password_hash=asked.password_hash,
        ),
        now,
        "organisation.apply",
    )
    _record(session, person, now, "organisation.applied")
    return person.login


def accept_invitation(
    session: Session, actor: Actor, now: datetime, token: str, login_wish: str, password_hash: str
) -> str:
    """The account that was offered; answers its login. Once, within INVITATION_LIFE."""
    steps.require(actor, "people.join", now)
    invitation = accounts.find_invitation(session, token, lock=True)
    if invitation.accepted_by is not None or invitation.expires_at <= now:
        raise InvitationOver()
    person = accounts.add_person(
        session,
        invitation.organisation_id,
        accounts.NewPerson(
            login=accounts.new_login(session, parse_login_wish(login_wish)),
            name=invitation.name,
            mail=invitation.mail,
            roles=tuple(invitation.roles),
            password_hash=password_hash,
        ),
        now,
        "people.join",
    )
    invitation.accepted_by = person.id
    _record(session, person, now, "person.joined")
    return person.login


def _waiting_supplier(session: Session, asked: Registration, now: datetime) -> Organisation:
    supplier = session.scalars(
        select(Organisation).where(
            Organisation.credit_code == asked.credit_code, Organisation.role == "supplier"
        )
    ).one_or_none()
    if supplier is None:
        supplier = Organisation(
            id=new_id(), role="supplier", credit_code=asked.credit_code, created_at=now, state=NEW
        )
        session.add(supplier)
    elif not may("organisation", supplier.state, "organisation.apply"):
        sentence = N_("这个单位已经注册或正在等待确认，请联系本单位管理员邀请您加入。")
        raise InvalidInput({"credit_code": sentence})
    else:
        _void_earlier_people(session, supplier)
    supplier.state = move("organisation", supplier.state, "pending", "organisation.apply")
    supplier.name, supplier.region, supplier.account = asked.name, asked.region, asked.account
    session.flush()
    return supplier


def _void_earlier_people(session: Session, supplier: Organisation) -> None:
    """Whoever was refused before has no part in a new registration of the same credit code."""
    for person in session.scalars(
        select(Person).where(Person.organisation_id == supplier.id, Person.state == "active")
    ):
        person.state = move("person", person.state, "disabled", "organisation.apply")


def _checked(asked: Registration) -> Registration:
    """Every field in stored form; InvalidInput with all that is wrong at once."""
    return replace(asked, **fields.parse(PARSERS, asdict(asked)))


def _record(session: Session, person: Person, now: datetime, what: str) -> None:
    """History in the person's own name: it was a visitor until now."""
    self = accounts.acting(person)
    for subject in (f"organisation:{person.organisation_id}", f"person:{person.id}"):
        steps.record_about(session, subject, self, now, what)
