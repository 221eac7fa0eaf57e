"""A tender that fails: asked for, confirmed, erased; and what is looked at on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest import mock

import pytest
from sqlalchemy import select

from app.house import House
from app.jobs.worker import Jobs
from guarantees.flow import end_lot
from guarantees.queries import audit
from guarantees.records.lot_end import LotEnd
from guarantees.records.project import Opening
from signing import faults
from signing.timekeeper.ending import ERASE_DELAY
from tests.app.jobs.people import add_person
from tests.app.jobs.steps import paid
from tests.app.jobs.true_time import AwayTimekeeper, with_true_time
from tests.world import World

REASON = "实质响应的供应商不足三家"
HOUR = timedelta(hours=1)


class Killed(BaseException):
    """As a process ends: nothing that catches errors sees it."""


@contextmanager
def killed_at(point: str, passes: int = 1) -> Iterator[None]:
    """The block is ended at that pass of a fault point, and was."""
    real, passed = faults.point, 0

    def die(name: str) -> None:
        nonlocal passed
        real(name)
        passed += name == point
        if name == point and passed == passes:
            raise Killed

    with mock.patch.object(faults, "point", die), pytest.raises(Killed):
        yield


def ending_house(world: World, house: House) -> House:
    """With a true timekeeper, and a second person of the procurer, who confirms."""
    add_person(world, "second", "procurer", "admin")
    return with_true_time(world, house)


def letter(world: World, house: House, who: str = "supplier") -> str:
    case = paid(world, who)
    Jobs(house).run_due()
    return case


def ask(world: World, who: str = "procurer", kind: str = "failed", lots: object = None) -> str:
    wanted = [world.lot] if lots is None else lots
    return world.run(
        "ask_end", end_lot.ask, world.as_(who), world.now, world.project, wanted, kind, REASON
    )


def confirm(world: World, request: str, who: str = "second") -> None:
    world.run("ask_end", end_lot.confirm, world.as_(who), world.now, request)


def keep(world: World, house: House, request: str, who: str = "procurer") -> None:
    world.run("ask_end", end_lot.keep, world.as_(who), world.now, request, house.timekeeper)


def ended(world: World, house: House, **asked: object) -> str:
    """To the very end; answers the request."""
    request = ask(world, **asked)  # type: ignore[arg-type]
    confirm(world, request)
    run_to(world, house, world.now)
    run_to(world, house, world.now + ERASE_DELAY)
    return request


def run_to(world: World, house: House, moment: datetime) -> None:
    """Time goes by, and the jobs do what falls due."""
    Jobs(house).run_due()
    while world.now < moment:
        world.now = min(world.now + 6 * HOUR, moment)
        Jobs(house).run_due()


def state(world: World, lot: str = "") -> str:
    return world.read(
        lambda session: session.scalar(
            select(Opening.state).where(Opening.lot_id == (lot or world.lot))
        )
    )


def end(world: World) -> LotEnd:
    with world.sessions.reading() as session:
        found = session.scalars(
            select(LotEnd).where(LotEnd.lot_id == world.lot).order_by(LotEnd.number.desc())
        ).first()
        session.expunge_all()
        assert found is not None
        return found


def keeper(house: House) -> AwayTimekeeper:
    assert isinstance(house.timekeeper, AwayTimekeeper)
    return house.timekeeper


def rules(world: World) -> set[str]:
    found = world.read(
        lambda session: list(audit.broken(session, world.files, world.sessions.vault))
    )
    return {one.rule for one in found}
