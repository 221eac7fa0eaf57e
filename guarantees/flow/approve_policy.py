"""Automatic underwriting policies: a maker proposes, a checker approves, both answer for it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound, SamePerson
from guarantees.flow import steps
from guarantees.records.product import Policy
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money


@dataclass(frozen=True)
class PolicyForm:
    ceiling: Money
    """Largest amount of one letter."""
    supplier_ceiling: Money
    total: Money
    consortium: bool
    expires_on: date


def propose(session: Session, actor: Actor, now: datetime, form: PolicyForm) -> str:
    """A new version, in force once a checker has approved it."""
    steps.require(actor, "policy.propose", now)
    _check(form, now)
    last = session.scalar(
        select(func.max(Policy.number)).where(Policy.institution_id == actor.organisation_id)
    )
    policy = Policy(
        id=new_id(),
        institution_id=actor.organisation_id,
        number=(last or 0) + 1,
        ceiling_fen=form.ceiling.fen,
        supplier_ceiling_fen=form.supplier_ceiling.fen,
        total_fen=form.total.fen,
        consortium=form.consortium,
        expires_on=form.expires_on,
        state=move("policy", NEW, "proposed", "policy.propose"),
        proposed_by=actor.person_id,
        proposed_at=now,
    )
    session.add(policy)
    steps.record_about(session, f"policy:{policy.id}", actor, now, "policy.proposed")
    steps.tell(session, "policy.proposed", actor.organisation_id)
    return policy.id


def decide(session: Session, actor: Actor, now: datetime, policy_id: str, decision: str) -> None:
    """`decision` is "approved", "refused" or, for one in force, "withdrawn"."""
    steps.require(actor, "policy.decide", now)
    policy = session.get(Policy, policy_id)
    if policy is None or policy.institution_id != actor.organisation_id:
        raise NotFound(noun="policy", id=policy_id)
    if decision == "approved" and policy.proposed_by == actor.person_id:
        raise SamePerson(noun="policy")
    policy.state = move("policy", policy.state, decision, "policy.decide")
    if decision == "approved":
        policy.approved_by, policy.approved_at = actor.person_id, now
        _end_others(session, policy)
    steps.record_about(session, f"policy:{policy.id}", actor, now, f"policy.{decision}")


def _end_others(session: Session, policy: Policy) -> None:
    """One version is in force at a time."""
    for other in session.scalars(
        select(Policy).where(
            Policy.institution_id == policy.institution_id,
            Policy.state == "approved",
            Policy.id != policy.id,
        )
    ):
        other.state = move("policy", other.state, "withdrawn", "policy.decide")


def _check(form: PolicyForm, now: datetime) -> None:
    errors: dict[str, str] = {}
    if form.ceiling.fen <= 0:
        errors["ceiling"] = N_("单笔上限应大于零。")
    if form.supplier_ceiling < form.ceiling:
        errors["supplier_ceiling"] = N_("单户上限不能低于单笔上限。")
    if form.total < form.supplier_ceiling:
        errors["total"] = N_("总额上限不能低于单户上限。")
    if form.expires_on < beijing_date(now):
        errors["expires_on"] = N_("有效期应晚于今天。")
    if errors:
        raise InvalidInput(errors)
