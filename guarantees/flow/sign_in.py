"""Signing in: password, then code (RFC 6238); proving the code again with an act; signing out.

Passwords are verified by the edge, between `attempt` and `accept_password`: Argon2id takes a tenth
of a second, and nobody else could write meanwhile. Each attempt is counted before it is judged, so
that a hundred at once are not a hundred free guesses; what was refused is answered and not raised,
since a flow that raises leaves no count behind.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.flow import steps
from guarantees.records import accounts, authenticator, signed_in, web_session
from guarantees.records.person import Person
from guarantees.records.web_session import ATTEMPT, FULL, HALF, Login
from guarantees.tables.sign_in import pause_after
from guarantees.values.actor import Actor
from guarantees.values.contacts import tidy_login


@dataclass(frozen=True)
class Attempt:
    """What the edge needs to judge a password."""

    person_id: str
    """Empty: nobody has this login, and every password is wrong."""
    password_hash: str
    locked_until: datetime | None
    """The account rests; the password must not be looked at."""


@dataclass(frozen=True)
class Answer:
    """How far a sign-in came."""

    result: str
    """"code" or "enrol" (what comes next), "done"; "refused", "locked", "expired" (begin again);
    with a right password only: "pending" or "closed" (the organisation), "disabled"."""
    locked_until: datetime | None = None


def attempt(session: Session, actor: Actor, now: datetime, login: str, token: str) -> Attempt:
    """Count one attempt at `login` against it; `token` becomes the login's if it is right."""
    steps.require(actor, "session.start", now)
    person_id = session.scalar(select(Person.id).where(Person.login == tidy_login(login)))
    if person_id is None:
        web_session.begin(session, token, Login("", 0, now, ATTEMPT))
        return Attempt("", "", None)
    person = accounts.locked_person(session, person_id)
    if person.locked_until is not None and person.locked_until > now:
        web_session.begin(session, token, Login("", 0, now, ATTEMPT))
        return Attempt(person.id, "", person.locked_until)
    _count(person, now)
    web_session.begin(session, token, Login(person.id, 0, now, ATTEMPT, counted=person.failures))
    return Attempt(person.id, person.password_hash, None)


def accept_password(
    session: Session, actor: Actor, now: datetime, token: str, verified: str, rehashed: str
) -> Answer:
    """The password of the attempt was right against the hash `verified`.

    `rehashed`: the same password under today's parameters, or empty. Failures from before stay
    until the code is right too.
    """
    steps.require(actor, "session.start", now)
    person = _attempting(session, token, verified)
    if person is None:
        return Answer("expired")
    barred = signed_in.barred(person)
    if barred:
        return Answer(barred)
    person.password_hash = rehashed or verified
    web_session.rewrite(session, token, Login(person.id, person.session_epoch, now, HALF))
    if authenticator.enrolled(person):
        return Answer("code")
    authenticator.offer(session, person)
    return Answer("enrol")


def enter_code(
    session: Session, actor: Actor, now: datetime, half: str, token: str, typed: str
) -> Answer:
    """The code after the password; `half` is the token so far, `token` the new one.

    For a person without authenticator it is the first code of the one that was offered.
    """
    steps.require(actor, "session.start", now)
    person = signed_in.half_way(session, now, half, lock=True)
    if person is None:
        return Answer("expired")
    first = not authenticator.enrolled(person)
    refused = _judge(session, person, typed, now)
    if refused is not None:
        return refused
    if first:
        subject = f"person:{person.id}"
        steps.record_about(
            session, subject, accounts.acting(person), now, "person.authenticator_enrolled"
        )
    web_session.end(session, half)
    web_session.begin(session, token, Login(person.id, person.session_epoch, now, FULL))
    return Answer("done")


def prove(
    session: Session, actor: Actor, now: datetime, token: str, act: str, typed: str
) -> Answer:
    """A fresh code typed with an act; it counts for that act alone, corrections included."""
    steps.require(actor, "session.use", now)
    found = signed_in.full(session, now, token, lock=True)
    if found is None or found[1].id != actor.person_id:
        return Answer("expired")
    login, person = found
    refused = _judge(session, person, typed, now)
    if refused is not None:
        return refused
    login.proved_at, login.proved_for = now, act
    web_session.rewrite(session, token, login)
    return Answer("done")


def sign_out(session: Session, actor: Actor, now: datetime, token: str) -> None:
    """This login ends; others of the person go on."""
    steps.require(actor, "session.start", now)
    web_session.end(session, token)


def sign_out_everywhere(session: Session, actor: Actor, now: datetime) -> None:
    """Every login of the person ends, this one too."""
    steps.require(actor, "session.use", now)
    accounts.locked_person(session, actor.person_id).session_epoch += 1
    steps.record_about(
        session, f"person:{actor.person_id}", actor, now, "person.signed_out_everywhere"
    )


def change_password(
    session: Session,
    actor: Actor,
    now: datetime,
    tried: str,
    verified: str,
    new_hash: str,
    token: str,
) -> Answer:
    """`tried` is the token of an attempt with the old password, right against `verified`.

    Every login of the person ends; it goes on under `token`.
    """
    steps.require(actor, "session.use", now)
    person = _attempting(session, tried, verified)
    if person is None or person.id != actor.person_id:
        return Answer("expired")
    person.password_hash = new_hash
    person.session_epoch += 1
    web_session.end(session, tried)
    web_session.begin(session, token, Login(person.id, person.session_epoch, now, FULL))
    steps.record_about(session, f"person:{person.id}", actor, now, "person.password_changed")
    return Answer("done")


def _attempting(session: Session, token: str, verified: str) -> Person | None:
    """Whose attempt it was, its count taken back; None if the password changed meanwhile."""
    begun = web_session.find(session, token)
    if begun is None or begun.stage != ATTEMPT or not begun.person_id:
        return None
    person = accounts.locked_person(session, begun.person_id)
    if person.password_hash != verified:
        return None
    if person.failures == begun.counted:  # no other attempt since
        person.locked_until = None
    person.failures = max(0, person.failures - 1)
    return person


def _judge(session: Session, person: Person, typed: str, now: datetime) -> Answer | None:
    """None for a code that counts; it is used up, and failures are forgotten."""
    if person.locked_until is not None and person.locked_until > now:
        return Answer("locked", person.locked_until)
    if authenticator.accept(session, person, typed, now):
        person.failures, person.locked_until = 0, None
        return None
    _count(person, now)
    return Answer("refused")


def _count(person: Person, now: datetime) -> None:
    person.failures += 1
    pause = pause_after(person.failures)
    person.locked_until = now + pause if pause else None
