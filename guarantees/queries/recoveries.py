"""Requests for the recovery key: a lot's latest, and what waits for the operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries.lots import LotRow, lot_rows
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.records.recovery import RecoveryRequest
from guarantees.tables import permissions
from guarantees.values.actor import Actor

LONGEST_LIST = 200


@dataclass(frozen=True)
class RecoveryRow:
    id: str
    lot: LotRow
    organisation: str
    state: str
    reason: str
    asked_by: str
    own: bool
    """The reader asked for it: somebody else must agree."""
    asked_at: datetime
    seconded_by: str
    seconded_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    note: str
    leaf: bytes | None


def of_lot(session: Session, actor: Actor, lot_id: str) -> RecoveryRow | None:
    """The latest; the caller has asked whether the reader attends the lot's opening."""
    found = session.scalars(
        select(RecoveryRequest)
        .where(RecoveryRequest.lot_id == lot_id)
        .order_by(RecoveryRequest.asked_at.desc(), RecoveryRequest.id)
        .limit(1)
    ).all()
    return next(iter(_rows(session, actor, found)), None)


def listed(session: Session, actor: Actor, now: datetime) -> list[RecoveryRow]:
    """For the operator: the latest first."""
    permissions.check(actor, "operator.read", now)
    found = session.scalars(
        select(RecoveryRequest)
        .order_by(RecoveryRequest.asked_at.desc(), RecoveryRequest.id)
        .limit(LONGEST_LIST)
    ).all()
    return _rows(session, actor, found)


def one(session: Session, actor: Actor, now: datetime, request_id: str) -> RecoveryRow:
    permissions.check(actor, "operator.read", now)
    row = session.get(RecoveryRequest, request_id)
    if row is None:
        raise NotFound(noun="recovery", id=request_id)
    return _rows(session, actor, [row])[0]


def _rows(session: Session, actor: Actor, found: Sequence[RecoveryRequest]) -> list[RecoveryRow]:
    lots = lot_rows(session, {row.lot_id for row in found})
    people = {one for row in found for one in (row.asked_by, row.seconded_by, row.decided_by)}
    query = select(Person.id, Person.name).where(Person.id.in_([one for one in people if one]))
    names = dict(session.execute(query).all())
    query = select(Organisation.id, Organisation.name).where(
        Organisation.id.in_({row.organisation_id for row in found})
    )
    organisations = dict(session.execute(query).all())
    return [
        RecoveryRow(
            id=row.id,
            lot=lots[row.lot_id],
            organisation=organisations[row.organisation_id],
            state=row.state,
            reason=row.reason,
            asked_by=names[row.asked_by],
            own=row.asked_by == actor.person_id,
            asked_at=row.asked_at,
            seconded_by=names.get(row.seconded_by or "", ""),
            seconded_at=row.seconded_at,
            decided_by=names.get(row.decided_by or "", ""),
            decided_at=row.decided_at,
            note=row.note,
            leaf=row.leaf,
        )
        for row in found
    ]
