"""Who a cookie's token stands for, and what the pages of signing in show."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.records import accounts, authenticator, kept_form, signed_in
from guarantees.records.kept_form import KeptForm
from guarantees.values.actor import Actor


@dataclass(frozen=True)
class SignedIn:
    actor: Actor
    """Without a fresh code; app.auth.second_factor adds it."""
    login: str
    proved_at: datetime | None
    """When a code was last typed with an act, and for which one (address of its form)."""
    proved_for: str


@dataclass(frozen=True)
class HalfWay:
    """A person whose password was right and whose code is awaited."""

    login: str
    organisation_role: str
    secret: str | None
    """Of the authenticator to enrol, base 32; None for a person who has one."""


def who(session: Session, now: datetime, token: str) -> SignedIn | None:
    """The person signed in with this token, as its rights are at this moment."""
    found = signed_in.full(session, now, token)
    if found is None:
        return None
    login, person = found
    return SignedIn(accounts.acting(person), person.login, login.proved_at, login.proved_for)


def half_way(session: Session, now: datetime, token: str) -> HalfWay | None:
    person = signed_in.half_way(session, now, token)
    if person is None:
        return None
    secret = None if authenticator.enrolled(person) else authenticator.secret_of(session, person)
    return HalfWay(person.login, person.organisation.role, secret)


def kept(session: Session, actor: Actor, page: str) -> KeptForm | None:
    """What the actor typed on `page` before its login ran out."""
    return kept_form.find(session, actor.person_id, page)
