"""The operator confirms or refuses suppliers that registered themselves (SX-3.2)."""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput
from guarantees.flow import steps
from guarantees.records import accounts
from guarantees.tables.lifecycle import move
from guarantees.values.actor import Actor
from guarantees.values.text import tidy

REASON_LIMIT = 300


def confirm(session: Session, actor: Actor, now: datetime, organisation_id: str) -> None:
    """A waiting supplier may use the platform from now on."""
    _decide(session, actor, now, organisation_id, "active", "")


def refuse(
    session: Session, actor: Actor, now: datetime, organisation_id: str, reason: str
) -> None:
    """A waiting supplier may not; it reads the reason in its mail and can register again."""
    steps.require(actor, "organisation.admit", now)
    reason = tidy(reason)
    if not reason:
        raise InvalidInput({"reason": N_("请写明不予通过的原因，申请人会在邮件中看到。")})
    if len(reason) > REASON_LIMIT:
        raise InvalidInput({"reason": N_("原因最多 300 个字，请缩短。")})
    _decide(session, actor, now, organisation_id, "refused", reason)


def _decide(
    session: Session, actor: Actor, now: datetime, organisation_id: str, after: str, note: str
) -> None:
    steps.require(actor, "organisation.admit", now)
    organisation = accounts.locked_organisation(session, organisation_id)
    organisation.state = move("organisation", organisation.state, after, "organisation.admit")
    event = "organisation.admitted" if after == "active" else "organisation.refused"
    steps.record_about(session, f"organisation:{organisation.id}", actor, now, event, note)
    steps.tell(session, event, organisation.id)
