"""To whom a notice goes, and what its mail may say (tables/notices).

A mail names no bid, lot, project or firm: whoever reads mail on its way learns that somebody has
news, and nothing else (sealing.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries import rehearsals
from guarantees.records import accounts, casebook
from guarantees.records.guarantee import EventRow
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.tables import notices
from guarantees.tables.notices import Notice

HOLDING = timedelta(days=400)
"""Cases older than this bring their parties no more mail about lots; by time alone, so that it
says nothing of any lot."""

AT_ONCE = 200
"""Organisations whose slots are looked up in one go."""


@dataclass(frozen=True)
class Mail:
    to: str
    text: str
    """Template in templates/mail."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the template may show."""


def mails(session: Session, message: Mapping[str, str]) -> tuple[Mail, ...]:
    """The mails of one outbox message of kind "mail" ({"event", "to", "about", …}).

    Looked up when it is sent: whoever left meanwhile gets nothing.
    """
    found = [
        mail
        for notice in notices.for_event(message["event"])
        if notice.to == message["to"]
        for mail in _mails(session, notice, message)
    ]
    return tuple(found)


def to_holders(session: Session, message: Mapping[str, str], now: datetime) -> tuple[Mail, ...]:
    """The mails of a message about `notices.HOLDERS`: to everybody of that role who holds a case
    that was never opened, whatever its lot."""
    since = casebook.oldest_sealed(session)
    if since is None:
        return ()
    since = max(since, now - HOLDING)
    role = message["to"]
    ids = session.scalars(select(Organisation.id).where(Organisation.role == role)).all()
    found: list[Mail] = []
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        for one in sorted(casebook.holders(session, role, some, since=since, now=now)):
            held = session.get_one(Organisation, one)
            for notice in notices.for_event(message["event"]):
                if notice.to == role:
                    found += [Mail(p.mail, notice.text) for p in _people(session, notice, held)]
    return tuple(found)


def _mails(session: Session, notice: Notice, message: Mapping[str, str]) -> list[Mail]:
    if notice.to == "invited":
        return _to_invited(session, notice, message["token"])
    organisation = session.get(Organisation, message["about"])
    if organisation is None:
        return []
    if notice.to == "applicant":
        return _to_applicant(session, notice, organisation)
    people = _people(session, notice, organisation)
    if notice.event == "rehearsal.due":
        unproved = rehearsals.unproved(session, message["project"], organisation.id)
        people = [person for person in people if person.id in unproved]
    return [Mail(person.mail, notice.text) for person in people]


def _to_invited(session: Session, notice: Notice, token: str) -> list[Mail]:
    try:
        invitation = accounts.find_invitation(session, token)
    except NotFound:
        return []
    organisation = session.get_one(Organisation, invitation.organisation_id)
    fields = {"name": invitation.name, "organisation": organisation.name, "token": token}
    return [Mail(invitation.mail, notice.text, fields)]


def _to_applicant(session: Session, notice: Notice, organisation: Organisation) -> list[Mail]:
    """The answer to a registration; none if the firm has registered anew meanwhile."""
    answered = "active" if notice.event == "organisation.admitted" else "refused"
    if organisation.state != answered:
        return []
    reason = session.scalar(
        select(EventRow.note)
        .where(EventRow.subject == f"organisation:{organisation.id}", EventRow.what == notice.event)
        .order_by(EventRow.at.desc())
        .limit(1)
    )
    return [
        Mail(
            person.mail,
            notice.text,
            {
                "name": person.name,
                "organisation": organisation.name,
                "login": person.login,
                "reason": reason or "",
            },
        )
        for person in _people(session, notice, organisation)
    ]


def _people(session: Session, notice: Notice, organisation: Organisation) -> list[Person]:
    people = session.scalars(
        select(Person)
        .where(Person.organisation_id == organisation.id, Person.state == "active")
        .order_by(Person.id)
    )
    return [person for person in people if notice.roles & set(person.roles)]
