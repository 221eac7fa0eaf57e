"""Founding the demonstration's organisations, with people who can sign in at once."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.passwords import Passwords
from app.demo import cast
from app.demo.cast import CastOrganisation, CastPerson
from app.demo.secrets import DemoSecrets
from app.demo.stage import Stage
from app.jobs import approvals
from guarantees.flow import found, make_opening_key, make_trustee_key, set_trust
from guarantees.flow.found import FirstOrganisation, FirstPerson
from guarantees.records.organisation import Organisation
from guarantees.values.actor import SYSTEM

CHEAP = (1, 19 * 1024, 1)
"""Argon2id passes, KiB and lanes. Nobody guesses 59 random bits, however fast; the first login
hashes the password again under the parameters of all others."""

MAIL_DOMAIN = "example.invalid"


def empty(session: Session) -> bool:
    """Whether the database has no organisation yet."""
    return session.scalars(select(Organisation.id).limit(1)).first() is None


def found_all(stage: Stage) -> None:
    """Every organisation with its people, in one commit: all or none."""
    organisations = cast.organisations()
    people = [person for one in organisations for person in one.people]
    passwords = Passwords(*CHEAP)
    hashed = {one.login: passwords.hash(stage.secrets.password(one.login)) for one in people}
    now = stage.house.now()
    stage.write("demo_data", _found, organisations, stage.secrets, hashed, now)


def _found(
    session: Session,
    organisations: tuple[CastOrganisation, ...],
    secrets: DemoSecrets,
    hashed: dict[str, str],
    now: datetime,
) -> None:
    for one in organisations:
        people = tuple(_person(person, secrets, hashed) for person in one.people)
        first = FirstOrganisation(
            role=one.role,
            name=one.name,
            credit_code=one.credit_code,
            region=one.region,
            level=one.level,
            institution_type=one.institution_type,
            account=one.account,
            contact=one.contact,
            details=one.details,
            demonstration=True,
            people=people,
        )
        found.found(session, SYSTEM, now, first)


def _person(person: CastPerson, secrets: DemoSecrets, hashed: dict[str, str]) -> FirstPerson:
    return FirstPerson(
        login=person.login,
        name=person.name,
        mail=f"{person.login}@{MAIL_DOMAIN}",
        roles=person.roles,
        password_hash=hashed[person.login],
        authenticator=secrets.authenticator(person.login),
    )


def make_opening_keys(stage: Stage) -> None:
    """A key for everybody who opens, under the passphrase that the start prints."""
    for one in cast.organisations():
        for person in one.people:
            if "opener" in person.roles:
                make_key(stage, person.login)


def trustees() -> tuple[tuple[str, CastOrganisation], ...]:
    """(login, organisation) of everybody who can agree to a release."""
    return tuple(
        (person.login, one)
        for one in cast.organisations()
        for person in one.people
        if "trustee" in person.roles
    )


def make_trustee_keys(stage: Stage) -> None:
    """A key for each of them, rehearsed once, under the passphrase that the start prints."""
    for login, _ in trustees():
        passphrase, actor = stage.secrets.passphrase(login), stage.actor(login)
        key, now = make_opening_key.prepare(actor, passphrase, passphrase), stage.house.now()
        wrapped = key.wrapped_private or b""  # made under a passphrase: never None
        stage.write("trustee_key", make_trustee_key.store, actor, now, key.public_key, wrapped)
        approvals.rehearse(stage.house, actor, stage.house.now(), passphrase)


def appoint_trustees(stage: Stage, profile: str) -> None:
    """As the operator's security administrator."""
    chosen = {one.role: stage.actor(login).organisation_id for login, one in trustees()}
    actor = stage.actor("operator-security")
    stage.write("set_trust", set_trust.set_profile, actor, stage.house.now(), profile, chosen)


def make_key(stage: Stage, login: str) -> None:
    passphrase = stage.secrets.passphrase(login)
    actor = stage.actor(login)
    key = make_opening_key.prepare(actor, passphrase, passphrase)
    stage.write("opening_key", make_opening_key.store, actor, stage.house.now(), key)
