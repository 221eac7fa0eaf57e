"""What confirming the end of a lot and its taking effect share."""

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.flow import steps
from guarantees.flow.steps import automatic
from guarantees.records import casebook, log
from guarantees.records.guarantee import OpenCase
from guarantees.records.lot_end import LotEnd, statement
from guarantees.records.project import Lot, Opening, Project
from guarantees.tables.lifecycle import move
from guarantees.values.actor import Actor


def note(session: Session, actor: Actor, now: datetime, lot: Lot, end: LotEnd, what: str) -> None:
    """The project's history: public, and the same whether the lot has bids or not."""
    said = f"{lot.number} · {end.reason}" if what == "ending.asked" else lot.number
    steps.record_about(session, f"project:{lot.project_id}", actor, now, what, said)
    steps.record_about(session, f"lot:{lot.id}", actor, now, what)


def publish(session: Session, end: LotEnd, opening: Opening) -> None:
    """A pending leaf of the log."""
    log.pending(session, "end", hashlib.sha256(statement(end, opening.id)).digest())


def release_opened(session: Session, actor: Actor, now: datetime, lot_id: str) -> None:
    """The guarantees of an opened lot: its cases are in the open, each is released by itself."""
    for case_id in session.scalars(select(OpenCase.id).where(OpenCase.lot_id == lot_id)).all():
        case = casebook.get(session, case_id)
        if case.guarantee is None or case.guarantee.state != "in_force":
            continue
        case.guarantee.state = move("guarantee", "in_force", "released", "lot.confirm_end")
        automatic.free(session, case)
        steps.record(case, actor, now, "guarantee.released")
        casebook.save(session, case)
        steps.tell(session, "guarantee.released", case.supplier)
        steps.tell(session, "guarantee.released", case.institution)


def close_project(
    session: Session, actor: Actor, now: datetime, project: Project, action: str
) -> None:
    """A project whose every lot has ended has ended."""
    session.flush()
    lots = select(Lot.id).where(Lot.project_id == project.id, Lot.withdrawn.is_(False))
    ended = select(LotEnd.lot_id).where(LotEnd.state == "ended")
    if session.scalar(lots.where(Lot.id.not_in(ended)).limit(1)) is None:
        project.state = move("project", project.state, "ended", action)
        steps.record_about(session, f"project:{project.id}", actor, now, "project.ended")
