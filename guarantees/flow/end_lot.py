"""Ending a procurement (采购终止): one person asks, another confirms, and for a while it can be
taken back.

Before the opening, nothing is destroyed by the confirmation itself: it is one commit, and a job
then tells the timekeeper (app/jobs/endings), whose erasure waits 72 hours. The saving call goes
the other way round: `keep` has the timekeeper's word before it commits. So a kill in between
leaves an end that is still under way, never letters that count and cannot be opened.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.errors import (
    N_,
    Duplicate,
    EndTakenEffect,
    InvalidInput,
    NotFound,
    OpeningUnderway,
    SamePerson,
    Unavailable,
)
from guarantees.flow import steps
from guarantees.flow.steps import endings, running
from guarantees.records import lot_end, outbox
from guarantees.records.lot_end import KINDS, LotEnd
from guarantees.records.project import Lot, Opening, Project
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from signing import wire
from signing.timekeeper.protocol import Timekeeper, TimekeeperRefused

SHORTEST_REASON = 4
LONGEST_REASON = 1000
"""Characters; the reason is public."""


def ask(
    session: Session,
    actor: Actor,
    now: datetime,
    project_id: str,
    lots: Sequence[str],
    kind: str,
    reason: str,
) -> str:
    """Ask for the end of these lots of a project; answers the id of the request."""
    steps.require(actor, "lot.end", now)
    project = steps.project_for(session, actor, "lot.end", project_id)
    _check(lots, kind, reason)
    request = new_id()
    for lot_id in sorted(set(lots)):
        lot, opening = _claimed(session, project, lot_id)
        _endable(lot, opening)
        if lot_end.standing(session, lot_id) is not None:
            raise Duplicate(noun="ending", id=lot_id)
        end = LotEnd(
            id=new_id(),
            lot_id=lot_id,
            number=_next_number(session, lot_id),
            request=request,
            kind=kind,
            reason=reason.strip(),
            state=move("ending", NEW, "asked", "lot.end"),
            asked_by=actor.person_id,
            asked_at=now,
        )
        session.add(end)
        endings.note(session, actor, now, lot, end, "ending.asked")
    _tell(session, project, "lot.end_asked")
    return request


def drop(session: Session, actor: Actor, now: datetime, request: str) -> None:
    """Take back what was asked for and not yet confirmed."""
    steps.require(actor, "lot.end", now)
    for lot, _opening, end in _ends(session, actor, "lot.end", request):
        end.state = move("ending", end.state, "dropped", "lot.end")
        end.settled_by, end.settled_at = actor.person_id, now
        endings.note(session, actor, now, lot, end, "ending.dropped")


def confirm(session: Session, actor: Actor, now: datetime, request: str) -> None:
    """The second person. An opened lot ends at once, a sealed one when the timekeeper has erased
    its opening key; `OpeningUnderway` for one in between."""
    steps.require(actor, "lot.confirm_end", now)
    ends = _ends(session, actor, "lot.confirm_end", request)
    for lot, opening, end in ends:
        if end.asked_by == actor.person_id:
            raise SamePerson(noun="ending")
        _endable(lot, opening)
        end.confirmed_by, end.confirmed_at = actor.person_id, now
        if opening.state == "opened":
            end.state = move("ending", end.state, "ended", "lot.confirm_end")
            end.ended_at = now
            endings.release_opened(session, actor, now, lot.id)
            endings.close_project(session, actor, now, lot.project, "lot.confirm_end")
        else:
            end.state = move("ending", end.state, "confirmed", "lot.confirm_end")
            outbox.put(session, outbox.Message("end_lot", {"end": end.id}))
        endings.publish(session, end, opening)
        endings.note(session, actor, now, lot, end, "ending.confirmed")
    _tell(session, ends[0][0].project, "lot.end_confirmed")


def keep(
    session: Session, actor: Actor, now: datetime, request: str, timekeeper: Timekeeper
) -> None:
    """Take a confirmed end back before it takes effect: the procurement goes on.

    `EndTakenEffect` afterwards, `Unavailable` when the timekeeper is away.
    """
    steps.require(actor, "lot.keep", now)
    ends = _ends(session, actor, "lot.keep", request)
    for lot, opening, end in ends:
        end.state = move("ending", end.state, "kept", "lot.keep")
        if end.keep_until is not None and now >= end.keep_until:
            raise EndTakenEffect(noun="ending", id=lot.id)
        end.settled_by, end.settled_at = actor.person_id, now
        _keep(timekeeper, opening, actor)
        endings.note(session, actor, now, lot, end, "ending.kept")
    _tell(session, ends[0][0].project, "lot.end_confirmed")


def _keep(timekeeper: Timekeeper, opening: Opening, actor: Actor) -> None:
    try:
        timekeeper.keep(opening.id, actor.person_id)
    except wire.Unavailable as error:
        raise Unavailable(service="timekeeper") from error
    except TimekeeperRefused as refused:
        if refused.code in ("erased", "archived"):
            raise EndTakenEffect(noun="ending", id=opening.lot_id) from refused
        raise Unavailable(service="timekeeper", reason=refused.code) from refused


def _check(lots: Sequence[str], kind: str, reason: str) -> None:
    errors = {}
    if not lots:
        errors["lots"] = N_("请至少选择一个标段。")
    if kind not in KINDS:
        errors["kind"] = N_("请选择采购失败或采购终止。")
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        errors["reason"] = N_("请写明原因，4 到 1000 个字；原因会公开。")
    if errors:
        raise InvalidInput(errors)


def _claimed(session: Session, project: Project, lot_id: str) -> tuple[Lot, Opening]:
    lot = steps.lot(session, lot_id)
    if lot.project_id != project.id or lot.withdrawn or project.state != "registered":
        raise NotFound(noun="lot", id=lot_id)
    return lot, running.claim(session, lot_id)


def _endable(lot: Lot, opening: Opening) -> None:
    if opening.state == "opening":
        raise OpeningUnderway(lot=lot.number)
    if opening.state == "ended":
        raise Duplicate(noun="ending", id=lot.id)


def _next_number(session: Session, lot_id: str) -> int:
    held = session.scalar(select(func.max(LotEnd.number)).where(LotEnd.lot_id == lot_id))
    return (held or 0) + 1


def _ends(
    session: Session, actor: Actor, action: str, request: str
) -> list[tuple[Lot, Opening, LotEnd]]:
    """The lots of a request with their openings, claimed; NotFound if they are not the actor's."""
    found = session.scalars(
        select(LotEnd).where(LotEnd.request == request).order_by(LotEnd.lot_id)
    ).all()
    if not found:
        raise NotFound(noun="ending", id=request)
    project = steps.project_for(
        session, actor, action, steps.lot(session, found[0].lot_id).project_id
    )
    made = []
    for end in found:
        lot, opening = _claimed(session, project, end.lot_id)
        session.refresh(end)  # as it is now that nobody else can change it
        made.append((lot, opening, end))
    return made


def _tell(session: Session, project: Project, event: str) -> None:
    procurer = steps.current_version(session, project).procurer_id
    if procurer is not None:
        steps.tell(session, event, procurer)
