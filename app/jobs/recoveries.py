"""The recovery key at an opening: its request goes out as a file, its answer comes back as one."""

from datetime import datetime

from app.house import House
from app.jobs import openings, shares
from guarantees.flow import recover_lot
from guarantees.flow.recover_lot import Confirmed
from guarantees.values.actor import Actor


def request_file(house: House, actor: Actor, now: datetime, lot: str) -> bytes:
    """For the letters that wait. MoveRefused before the operator has confirmed, and before the
    timekeeper has released the lot's shares."""
    asked = _confirmed(house, actor, now, lot)
    plan = shares.plan_of(house, actor, now, lot)
    return recover_lot.request_file(asked, plan.letters, house.recovery_key)


def hand_in(house: House, actor: Actor, now: datetime, lot: str, answer: bytes) -> None:
    """Open what the answer opens; handed in again nothing changes. InvalidInput for a false one."""
    asked = _confirmed(house, actor, now, lot)
    plan = shares.plan_of(house, actor, now, lot)
    means = recover_lot.read_answer(asked, plan.letters, house.recovery_key, answer)
    openings.start_with(house, actor, now, lot, means)


def _confirmed(house: House, actor: Actor, now: datetime, lot: str) -> Confirmed:
    with house.sessions.reading() as session:
        return recover_lot.confirmed(session, actor, now, lot)
