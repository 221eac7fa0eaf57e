"""Automatic underwriting: within a policy that maker and checker approved, nobody waits."""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.records import exposure
from guarantees.records.case import Case, Opinion
from guarantees.records.product import Policy, Product, policy_in_force
from guarantees.sums import limits
from guarantees.tables.lifecycle import move
from guarantees.values.actor import SYSTEM
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money


def underwrite(session: Session, case: Case, product: Product, now: datetime) -> None:
    """Approve a submitted case by the institution's policy, or leave it to its people.

    The exposure book is locked with the case's transaction, so that no race takes the last
    yuan twice.
    """
    policy = policy_in_force(session, case.institution, beijing_date(now))
    if policy is None or not product.automatic:
        return
    row, book = exposure.locked(session, case.institution)
    reason = _outside(policy, book, case)
    if reason:
        steps.record(case, SYSTEM, now, "application.to_people", reason)
        return
    book.used = limits.taken(book.used, _keys(case, policy), case.amount)
    exposure.write(session, row, book)
    case.policy = policy.id
    case.state = move("application", case.state, "awaiting_payment", "application.automatic")
    case.opinions.append(
        Opinion(
            stage="policy",
            decision="approve",
            reason=f"#{policy.number}",
            person_id=policy.approved_by or "",
            person_name="",
            at=now,
        )
    )
    steps.record(case, SYSTEM, now, "application.approved", f"#{policy.number}")
    steps.tell(session, "application.approved", case.supplier)


def free(session: Session, case: Case, *, counted: bool = True) -> None:
    """Give back what the case took; if nothing of it is counted any more the book is written as
    it stands."""
    row, book = exposure.locked(session, case.institution)
    keys = limits.keys(_suppliers(case), case.policy or None)
    if counted:
        book.used = limits.released(book.used, keys, case.amount)
    exposure.write(session, row, book)


def take(session: Session, case: Case) -> None:
    """Count a case that people approved."""
    row, book = exposure.locked(session, case.institution)
    book.used = limits.taken(book.used, limits.keys(_suppliers(case), None), case.amount)
    exposure.write(session, row, book)


def _outside(policy: Policy, book: exposure.Book, case: Case) -> str:
    if len(case.applicants) > 1 and not policy.consortium:
        return N_("政策只含单一申请人；本件为联合体，转人工。")
    allowed = limits.Limits(
        letter=Money(policy.ceiling_fen),
        supplier=Money(policy.supplier_ceiling_fen),
        policy=Money(policy.total_fen),
    )
    if limits.excesses(allowed, book.used, _keys(case, policy), case.amount):
        return N_("超出自动承保政策的限额，转人工。")
    return ""


def _keys(case: Case, policy: Policy) -> tuple[str, ...]:
    return limits.keys(_suppliers(case), policy.id)


def _suppliers(case: Case) -> list[str]:
    """Every member of a consortium answers for all of it; companies count by credit code."""
    return [one.credit_code for one in case.applicants]
