"""The institution decides: a maker recommends, another person, the checker, decides (SX-4.2b)."""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound, SamePerson
from guarantees.flow import steps
from guarantees.flow.steps import automatic, running
from guarantees.records import casebook
from guarantees.records.case import Case, Opinion
from guarantees.tables.lifecycle import move
from guarantees.values.actor import Actor

DECISIONS = {"approve": "awaiting_payment", "back": "submitted", "decline": "declined"}
"""The checker's decisions and the state that each leads to."""


def recommend(
    session: Session, actor: Actor, now: datetime, case_id: str, decision: str, reason: str
) -> None:
    """The maker's opinion: "approve" or "decline"; it goes to a checker."""
    steps.require(actor, "application.recommend", now)
    case = _own(session, actor, case_id)
    if decision not in ("approve", "decline"):
        raise InvalidInput({"decision": N_("请选择建议同意或建议不予承保。")})
    _need_reason(decision, reason)
    case.state = move("application", case.state, "in_review", "application.recommend")
    _opinion(case, actor, now, "maker", decision, reason)
    steps.record(case, actor, now, "application.recommended")
    casebook.save(session, case)
    steps.tell(session, "application.recommended", case.institution)


def give_back(session: Session, actor: Actor, now: datetime, case_id: str, reason: str) -> None:
    """The maker asks the supplier to complete its application."""
    steps.require(actor, "application.return", now)
    case = _own(session, actor, case_id)
    _need_reason("back", reason)
    case.state = move("application", case.state, "returned", "application.return")
    _opinion(case, actor, now, "maker", "back", reason)
    steps.record(case, actor, now, "application.returned", reason.strip())
    casebook.save(session, case)
    steps.tell(session, "application.returned", case.supplier)


def decide(
    session: Session, actor: Actor, now: datetime, case_id: str, decision: str, reason: str
) -> None:
    """The checker's decision, with a fresh second factor; never the maker's own case."""
    steps.require(actor, "application.decide", now)
    case = _own(session, actor, case_id)
    if decision not in DECISIONS:
        raise InvalidInput({"decision": N_("请选择一项决定。")})
    _need_reason(decision, reason)
    after = move("application", case.state, DECISIONS[decision], "application.decide")
    if any(one.stage == "maker" and one.person_id == actor.person_id for one in case.opinions):
        raise SamePerson(noun="application")
    case.state = after
    _opinion(case, actor, now, "checker", decision, reason)
    _carry_out(session, actor, now, case, decision, reason)
    casebook.save(session, case)


def _carry_out(
    session: Session, actor: Actor, now: datetime, case: Case, decision: str, reason: str
) -> None:
    if decision == "approve":
        automatic.take(session, case)
        steps.record(case, actor, now, "application.approved")
        steps.tell(session, "application.approved", case.supplier)
    elif decision == "decline":
        steps.record(case, actor, now, "application.declined", reason.strip())
        steps.tell(session, "application.declined", case.supplier)
    else:
        steps.record(case, actor, now, "application.sent_back")
        steps.tell(session, "application.submitted", case.institution)


def _need_reason(decision: str, reason: str) -> None:
    if decision != "approve" and not reason.strip():
        raise InvalidInput({"reason": N_("退回或不予承保时请写明理由，会告知对方。")})


def _opinion(
    case: Case, actor: Actor, now: datetime, stage: str, decision: str, reason: str
) -> None:
    case.opinions.append(
        Opinion(
            stage=stage,
            decision=decision,
            reason=reason.strip(),
            person_id=actor.person_id,
            person_name=actor.name,
            at=now,
        )
    )


def _own(session: Session, actor: Actor, case_id: str) -> Case:
    case = casebook.get(session, case_id)
    if case.institution != actor.organisation_id:
        raise NotFound(noun="case", id=case_id)
    running.not_ended(session, case.lot)
    return case
