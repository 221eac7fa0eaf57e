"""Who a token stands for: half way (password only) or signed in, judged anew at each request."""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.records import accounts, web_session
from guarantees.records.person import Person
from guarantees.records.web_session import FULL, HALF, Login
from guarantees.tables.sign_in import ABSOLUTE, HALF_WAY, SIGNING_IN_ORGANISATIONS


def barred(person: Person) -> str:
    """Why the person can't use the platform now: "disabled", or its organisation is "pending" or
    "closed"; empty if it can."""
    if person.state != "active":
        return "disabled"
    if person.organisation.state in SIGNING_IN_ORGANISATIONS:
        return ""
    return "pending" if person.organisation.state == "pending" else "closed"


def half_way(session: Session, now: datetime, token: str, *, lock: bool = False) -> Person | None:
    """Whose password was right a moment ago."""
    login = web_session.find(session, token)
    if login is None or login.stage != HALF or not now - HALF_WAY <= login.started_at <= now:
        return None
    return _person(session, login, lock=lock)


def full(
    session: Session, now: datetime, token: str, *, lock: bool = False
) -> tuple[Login, Person] | None:
    """Who is signed in; idle time is judged by the edge, whose cookie knows it."""
    login = web_session.find(session, token)
    if login is None or login.stage != FULL or not now - ABSOLUTE <= login.started_at <= now:
        return None
    person = _person(session, login, lock=lock)
    return None if person is None else (login, person)


def _person(session: Session, login: Login, *, lock: bool) -> Person | None:
    if lock:
        person: Person | None = accounts.locked_person(session, login.person_id)
    else:
        person = session.get(Person, login.person_id)
    if person is None or person.session_epoch != login.epoch or barred(person):
        return None
    return person
