"""What flows share: rights, history, telling people, doing things once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.records import idempotency, outbox
from guarantees.records.case import Case, Event
from guarantees.records.guarantee import EventRow
from guarantees.records.organisation import Organisation
from guarantees.records.project import Lot, Mandate, Project, ProjectVersion
from guarantees.tables import notices, permissions
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id

MOST_WAITING = 10_000
"""Messages looked through for one that says the same already."""


def require(actor: Actor, action: str, now: datetime) -> None:
    permissions.check(actor, action, now)


def record(case: Case, actor: Actor, now: datetime, what: str, note: str = "") -> None:
    """Append to the case's history."""
    who = actor.name if actor.is_system else f"{actor.organisation_name} {actor.name}".strip()
    case.events.append(Event(at=now, what=what, who=who, person_id=actor.person_id, note=note))


def record_about(
    session: Session, subject: str, actor: Actor, now: datetime, what: str, note: str = ""
) -> None:
    """History of what is not a case: "project:…", "organisation:…", "person:…"."""
    session.add(
        EventRow(
            id=new_id(),
            subject=subject,
            at=now,
            what=what,
            who=f"{actor.organisation_name} {actor.name}".strip(),
            person_id=actor.person_id,
            note=note,
        )
    )


def tell(session: Session, event: str, organisation_id: str) -> None:
    """One outbox row for each notice of the table; recipients are looked up when it is sent."""
    for notice in notices.for_event(event):
        outbox.put(
            session,
            outbox.Message("mail", {"event": event, "to": notice.to, "about": organisation_id}),
        )


def tell_holders(session: Session, event: str, now: datetime) -> None:
    """News for the bidders of one lot, to those of all lots (tables/notices.HOLDERS).

    Once an hour at most: what several notices bring about within the hour is one mail.
    """
    due = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    waiting = [one.arguments for one in outbox.pending(session, due, MOST_WAITING, {"mail"})]
    for notice in notices.for_event(event):
        arguments = {"event": event, "to": notice.to, "about": notices.HOLDERS}
        if arguments not in waiting:
            outbox.put(session, outbox.Message("mail", arguments, not_before=due))


def once(session: Session, actor: Actor, key: str, act: Callable[[], Any]) -> Any:
    """`act()` for the first call with this key; later calls get the first answer (JSON)."""
    answer = idempotency.first_answer(session, actor.person_id, key)
    if answer is None:
        answer = act()
        idempotency.remember(session, actor.person_id, key, answer)
    return answer


def organisation(session: Session, organisation_id: str) -> Organisation:
    row = session.get(Organisation, organisation_id)
    if row is None:
        raise NotFound(noun="organisation", id=organisation_id)
    return row


def lot(session: Session, lot_id: str) -> Lot:
    row = session.get(Lot, lot_id)
    if row is None:
        raise NotFound(noun="lot", id=lot_id)
    return row


def current_version(session: Session, project: Project) -> ProjectVersion:
    return session.scalars(
        select(ProjectVersion).where(
            ProjectVersion.project_id == project.id, ProjectVersion.number == project.current
        )
    ).one()


def project_for(session: Session, actor: Actor, action: str, project_id: str) -> Project:
    """The project, if the actor may do `action` in it; else NotFound.

    Procurer: its own. Agency: one it entered or acts for; where the table demands a mandate, the
    procurer must have granted the action. Operator: any.
    """
    project = session.get(Project, project_id)
    if project is None or not _concerned(session, actor, action, project):
        raise NotFound(noun="project", id=project_id)
    return project


def _concerned(session: Session, actor: Actor, action: str, project: Project) -> bool:
    if actor.organisation_role in ("operator", "system"):
        return True
    version = current_version(session, project)
    if actor.organisation_role == "procurer":
        return version.procurer_id == actor.organisation_id
    if actor.organisation_role != "agency":
        return False
    if permissions.PERMISSIONS[action].mandate:
        return has_mandate(session, project.id, actor.organisation_id, action)
    return actor.organisation_id in (version.agency_id, project.entered_by)


def has_mandate(session: Session, project_id: str, agency_id: str, action: str) -> bool:
    mandate = session.scalars(
        select(Mandate).where(
            Mandate.project_id == project_id,
            Mandate.agency_id == agency_id,
            Mandate.withdrawn_at.is_(None),
        )
    ).one_or_none()
    return mandate is not None and action in mandate.actions


def own_case(case: Case, actor: Actor) -> Case:
    """Suppliers and institutions see their own cases; another's is not found."""
    if actor.is_system or actor.organisation_id in (case.supplier, case.institution):
        return case
    raise NotFound(noun="case", id=case.id)
