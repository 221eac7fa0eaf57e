"""An institution's exposure (额度) beside an application that its people judge."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.records import exposure
from guarantees.records.case import Case
from guarantees.records.product import policy_in_force
from guarantees.sums.limits import TOTAL, supplier_key
from guarantees.tables import permissions
from guarantees.values.actor import Actor
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money

HIGH_PERCENT = 90
"""From here on a limit counts as nearly used up."""


@dataclass(frozen=True)
class LimitRow:
    kind: str
    """ "supplier" (each member of a consortium) or "total" (all letters of the institution)."""
    name: str
    """The supplier's; empty for the total."""
    allowed: Money | None
    """By the automatic policy in force, which people may exceed; None: no limit is set."""
    used: Money
    after: Money
    """With the application that is judged."""

    @property
    def percent(self) -> int | None:
        """Of the limit that would be used, rounded up; None where none is set."""
        if self.allowed is None or not self.allowed.fen:
            return None
        return -(-self.after.fen * 100 // self.allowed.fen)

    @property
    def high(self) -> bool:
        return self.percent is not None and self.percent >= HIGH_PERCENT


def limits_of(session: Session, actor: Actor, now: datetime, case: Case) -> tuple[LimitRow, ...]:
    """For a case that is not decided yet: its amount does not count as used so far."""
    permissions.check(actor, "institution.read", now)
    if case.institution != actor.organisation_id:
        raise NotFound(noun="case", id=case.id)
    used = exposure.held(session, case.institution).used
    policy = policy_in_force(session, case.institution, beijing_date(now))

    def row(kind: str, key: str, allowed: Money | None, name: str = "") -> LimitRow:
        before = Money(used.get(key, 0))
        return LimitRow(kind, name, allowed, before, before + case.amount)

    each = Money(policy.supplier_ceiling_fen) if policy else None
    rows = [row("supplier", supplier_key(o.credit_code), each, o.name) for o in case.applicants]
    return (*rows, row("total", TOTAL, None))
