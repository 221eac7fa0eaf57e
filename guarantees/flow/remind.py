"""Reminders before T: of the rehearsal, 3 days and 1 day before, to those who have not proved their
keys; of their office, 7 days before as well, to trustees who could not act; and at once, then every
week, to the parties of a project that nobody has a key for.

Judged as of now, over all openings alike: who is reminded depends on rehearsals, never on bids.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.queries import opening_keys, rehearsals, trustees
from guarantees.records import outbox
from guarantees.records.organisation import Organisation
from guarantees.records.project import Lot, Opening, Project
from guarantees.records.rehearsal import RehearsalReminder
from guarantees.tables.notices import for_event
from guarantees.values.moments import beijing_date

DAYS = (1, 3)
"""Before T (sealing.md, "Rehearsal"), the nearest first."""

TRUSTEES_DAYS = (*DAYS, 7)
"""Trustees are reminded earlier, too: their keys are no party's to replace, and a new one serves
only letters that are sealed from then on."""

KEYLESS = 0
"""In place of days, of a project that is told that nobody has a key for it."""

WITHIN = timedelta(days=30)
"""Before T keys are looked for."""

AGAIN = timedelta(days=7)
"""Whoever has no key is told again."""

EVENT = "rehearsal.due"
MISSING = "opening_key.missing"
ABSENT = "trustee.absent"


def remind(session: Session, now: datetime) -> int:
    """Put the mails that are due now into the outbox, once each; answers how many projects."""
    keyless = _keyless(session, now)
    due = list(_due(session, now))
    if due and not _told_today(session, now):
        _tell_absent(session, now)
    for project_id, opening_time, days in due:
        session.add(
            RehearsalReminder(
                project_id=project_id, opening_time=opening_time, days=days, sent_at=now
            )
        )
        if days in DAYS:
            _tell(session, project_id)
    session.flush()
    return len(due) + keyless


def _due(session: Session, now: datetime) -> Iterator[tuple[str, datetime, int]]:
    """Project, T, days: reached and not yet sent. One that was missed gives way to the nearer."""
    for project_id, opening_time in _coming(session, now, timedelta(days=max(TRUSTEES_DAYS))):
        days = next(one for one in TRUSTEES_DAYS if opening_time - now <= timedelta(days=one))
        if session.get(RehearsalReminder, (project_id, opening_time, days)) is None:
            yield project_id, opening_time, days


def _coming(session: Session, now: datetime, within: timedelta) -> list[tuple[str, datetime]]:
    """Project and T of the openings that are that near, each once."""
    openings = session.execute(
        select(Lot.project_id, Opening.opening_time)
        .join(Lot, Lot.id == Opening.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .where(
            Opening.state == "sealed",
            Opening.opening_time > now,
            Opening.opening_time <= now + within,
            Lot.withdrawn.is_(False),
            Project.state == "registered",
        )
        .distinct()
    )
    return sorted((row.project_id, row.opening_time) for row in openings)


def _keyless(session: Session, now: datetime) -> int:
    """Parties of projects that nobody has a key for, once a week; how many projects.

    The first opening of a project stands for all.
    """
    first = dict(reversed(_coming(session, now, WITHIN)))
    keys = opening_keys.recipients_of(session, list(first), now)
    told = {
        row.project_id: row
        for row in session.scalars(
            select(RehearsalReminder).where(
                RehearsalReminder.days == KEYLESS, RehearsalReminder.project_id.in_(list(first))
            )
        )
    }
    lately = {project for project, row in told.items() if now - row.sent_at < AGAIN}
    due = sorted({project for project in first if not keys[project]} - lately)
    for project in due:
        if project in told:
            told[project].sent_at = now
        else:
            session.add(
                RehearsalReminder(
                    project_id=project, opening_time=first[project], days=KEYLESS, sent_at=now
                )
            )
        for role, organisation_id in rehearsals.parties(session, project):
            _put(session, MISSING, role, organisation_id)
    return len(due)


def _put(session: Session, event: str, role: str, organisation_id: str, **more: str) -> None:
    for notice in for_event(event):
        if notice.to == role:
            arguments = {"event": event, "to": role, "about": organisation_id, **more}
            outbox.put(session, outbox.Message("mail", arguments))


def _tell(session: Session, project_id: str) -> None:
    for role, organisation_id in rehearsals.parties(session, project_id):
        if rehearsals.unproved(session, project_id, organisation_id):
            _put(session, EVENT, role, organisation_id, project=project_id)


def _told_today(session: Session, now: datetime) -> bool:
    """Trustees serve every project: however many are near, they get one mail a day."""
    sent = select(func.max(RehearsalReminder.sent_at)).where(RehearsalReminder.days != KEYLESS)
    last = session.scalar(sent)
    return last is not None and beijing_date(last) == beijing_date(now)


def _tell_absent(session: Session, now: datetime) -> None:
    """Each trustee that could not act now, and once the operator, which chose them."""
    absent = [(one.role, one.organisation) for one in trustees.absent(session, now)]
    if not absent:
        return
    operators = session.scalars(select(Organisation.id).where(Organisation.role == "operator"))
    for role, organisation_id in [*absent, *(("operator", one) for one in sorted(operators))]:
        _put(session, ABSENT, role, organisation_id)
