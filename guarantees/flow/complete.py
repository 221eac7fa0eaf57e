"""A supplier completes an application that came back, or withdraws one that has no letter."""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound
from guarantees.flow import steps
from guarantees.flow.steps import automatic, running
from guarantees.records import casebook
from guarantees.records.case import Case
from guarantees.tables.lifecycle import move
from guarantees.values.actor import Actor


def complete(session: Session, actor: Actor, now: datetime, case_id: str, answer: str) -> None:
    """Send the application back to the institution with what it asked for."""
    steps.require(actor, "application.complete", now)
    case = _own(session, actor, case_id)
    if not answer.strip():
        raise InvalidInput({"answer": N_("请写明补正的内容。")})
    running.taking_bids(session, case.lot, now)
    case.state = move("application", case.state, "submitted", "application.complete")
    steps.record(case, actor, now, "application.completed", answer.strip())
    casebook.save(session, case)
    steps.tell(session, "application.submitted", case.institution)


def withdraw(session: Session, actor: Actor, now: datetime, case_id: str) -> None:
    """Before the premium is paid; the lot is free for another application at once."""
    steps.require(actor, "application.withdraw", now)
    case = _own(session, actor, case_id)
    running.not_ended(session, case.lot)
    counted = case.state == "awaiting_payment"
    case.state = move("application", case.state, "withdrawn", "application.withdraw")
    if counted:
        automatic.free(session, case)
    steps.record(case, actor, now, "application.withdrawn")
    casebook.save(session, case)


def _own(session: Session, actor: Actor, case_id: str) -> Case:
    case = casebook.get(session, case_id)
    if case.supplier != actor.organisation_id:
        raise NotFound(noun="case", id=case_id)
    return case
