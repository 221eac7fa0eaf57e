"""Rehearsals in the books: for a recipient's key and for a trustee's alike."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.flow import steps
from guarantees.records.project import Lot, Opening, Project
from guarantees.records.rehearsal import Rehearsal
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id

SHOWN_DIGITS = 16
"""Hexadecimal digits of a key's fingerprint that people compare."""


def lots_ahead(session: Session, project: Project) -> list[Lot]:
    """The project's lots whose opening is yet to begin, by number: those that are rehearsed."""
    return list(
        session.scalars(
            select(Lot)
            .join(Opening, Opening.lot_id == Lot.id)
            .where(
                Lot.project_id == project.id, Lot.withdrawn.is_(False), Opening.state == "sealed"
            )
            .order_by(Lot.number)
        )
    )


def record_passed(
    session: Session, actor: Actor, now: datetime, lot_ids: Sequence[str], fingerprint: bytes
) -> None:
    """The key has opened a trial of each of these lots; a line in their projects' history."""
    fresh = set()
    for lot_id in lot_ids:
        row = row_for(session, actor, lot_id, fingerprint)
        if row.passed_at is None:
            fresh.add(steps.lot(session, lot_id).project_id)
        row.person_id, row.passed_at = actor.person_id, now
        row.question = row.answer = None
    for project_id in sorted(fresh):
        digits = fingerprint.hex()[:SHOWN_DIGITS]
        steps.record_about(session, f"project:{project_id}", actor, now, "rehearsal.passed", digits)
    session.flush()


def row_for(session: Session, actor: Actor, lot_id: str, fingerprint: bytes) -> Rehearsal:
    """The row of a lot and a key; made if there is none."""
    row = session.scalars(
        select(Rehearsal).where(Rehearsal.lot_id == lot_id, Rehearsal.fingerprint == fingerprint)
    ).one_or_none()
    if row is None:
        row = Rehearsal(
            id=new_id(), lot_id=lot_id, fingerprint=fingerprint, person_id=actor.person_id
        )
        session.add(row)
        session.flush()
    return row
