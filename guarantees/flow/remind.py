"""Reminders of the rehearsal, 3 days and 1 day before T, to those who have not proved their keys.

Judged as of now, over all openings alike: who is reminded depends on rehearsals, never on bids.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.queries import rehearsals
from guarantees.records import outbox
from guarantees.records.project import Lot, Opening, Project
from guarantees.records.rehearsal import RehearsalReminder
from guarantees.tables.notices import for_event

DAYS = (1, 3)
"""Before T (sealing.md, "Rehearsal"), the nearest first."""

EVENT = "rehearsal.due"


def remind(session: Session, now: datetime) -> int:
    """Put the mails that are due now into the outbox, once each; answers how many projects."""
    due = list(_due(session, now))
    for project_id, opening_time, days in due:
        session.add(
            RehearsalReminder(
                project_id=project_id, opening_time=opening_time, days=days, sent_at=now
            )
        )
        _tell(session, project_id)
    session.flush()
    return len(due)


def _due(session: Session, now: datetime) -> Iterator[tuple[str, datetime, int]]:
    """Project, T, days: reached and not yet sent. One that was missed gives way to the nearer."""
    openings = session.execute(
        select(Lot.project_id, Opening.opening_time)
        .join(Lot, Lot.id == Opening.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .where(
            Opening.state == "sealed",
            Opening.opening_time > now,
            Opening.opening_time <= now + timedelta(days=max(DAYS)),
            Lot.withdrawn.is_(False),
            Project.state == "registered",
        )
        .distinct()
    ).all()
    for project_id, opening_time in sorted(openings):
        days = next(one for one in DAYS if opening_time - now <= timedelta(days=one))
        if session.get(RehearsalReminder, (project_id, opening_time, days)) is None:
            yield project_id, opening_time, days


def _tell(session: Session, project_id: str) -> None:
    for role, organisation_id in rehearsals.parties(session, project_id):
        if not rehearsals.unproved(session, project_id, organisation_id):
            continue
        for notice in for_event(EVENT):
            if notice.to == role:
                arguments = {"event": EVENT, "to": role, "about": organisation_id}
                message = outbox.Message("mail", {**arguments, "project": project_id})
                outbox.put(session, message)
