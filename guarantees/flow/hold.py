"""Legal holds (诉讼保全) on what is kept of a project: set and lifted with a reason (GPL-42)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, Duplicate, InvalidInput, NotFound
from guarantees.flow import steps
from guarantees.records.lot_end import LegalHold
from guarantees.records.project import Project
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id

SHORTEST_REASON = 4
LONGEST_REASON = 1000
"""Characters."""


def place(session: Session, actor: Actor, now: datetime, project: str, reason: str) -> str:
    """Set a hold on the project of this number or id; answers the hold's id.

    `Duplicate` while another one stands.
    """
    steps.require(actor, "hold.set", now)
    found = _project(session, project.strip())
    said = _reason(reason)
    if found is None:
        raise InvalidInput({"project": N_("没有找到这个编号的项目，请核对。")})
    standing = session.scalar(
        select(LegalHold.id).where(LegalHold.project_id == found.id, LegalHold.state == "set")
    )
    if standing is not None:
        raise Duplicate(noun="hold", id=standing)
    hold = LegalHold(
        id=new_id(),
        project_id=found.id,
        state=move("hold", NEW, "set", "hold.set"),
        reason=said,
        set_by=actor.person_id,
        set_at=now,
    )
    session.add(hold)
    return hold.id


def lift(session: Session, actor: Actor, now: datetime, hold_id: str, reason: str) -> None:
    steps.require(actor, "hold.set", now)
    hold = session.get(LegalHold, hold_id)
    if hold is None:
        raise NotFound(noun="hold", id=hold_id)
    said = _reason(reason)
    hold.state = move("hold", hold.state, "lifted", "hold.set")
    hold.lifted_by, hold.lifted_at, hold.lift_reason = actor.person_id, now, said


def _project(session: Session, wanted: str) -> Project | None:
    """By its id, or by a number that only one registered project has."""
    found = session.scalars(
        select(Project)
        .where((Project.id == wanted) | (Project.number == wanted), Project.state != "draft")
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def _reason(text: str) -> str:
    said = text.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise InvalidInput({"reason": N_("请写明原因，4 到 1000 个字。")})
    return said
