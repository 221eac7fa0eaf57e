"""A letter is withdrawn, or its case decided, while its lot ends: exposure is given back once."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from app.house import House
from app.jobs.worker import Jobs
from guarantees.errors import ProcurementEnded
from guarantees.flow import complete, end_lot, finish_end, withdraw_letter
from guarantees.queries import audit
from guarantees.records import exposure
from guarantees.records.lot_end import LotEnd
from signing.timekeeper.ending import ERASE_DELAY
from tests import house as houses
from tests import world as worlds
from tests.app.jobs.people import add_person
from tests.app.jobs.steps import applied, paid
from tests.app.jobs.true_time import with_true_time
from tests.conftest import Database
from tests.world import World

HELD = 0.5
"""Seconds in which the other one would have ended if nothing held it."""


@pytest.fixture
def world(own_database: Database, tmp_path: Path) -> World:
    schema.upgrade(own_database.engine)
    made = worlds.build(Sessions(own_database.engine, Vault.create(tmp_path / "keys")))
    worlds.with_policy(made)
    add_person(made, "second", "procurer", "admin")
    return made


@pytest.fixture
def house(world: World, tmp_path: Path) -> House:
    return with_true_time(world, houses.around(world, tmp_path))


def ending(world: World, house: House) -> str:
    """An end whose key is gone, and which is not yet finished; answers its id."""
    asked = (world.project, [world.lot], "failed", "供应商不足三家")
    request = world.run("ask_end", end_lot.ask, world.as_("procurer"), world.now, *asked)
    world.run("ask_end", end_lot.confirm, world.as_("second"), world.now, request)
    Jobs(house).run_due()
    world.now += ERASE_DELAY - timedelta(hours=1)
    Jobs(house).run_due()
    with world.sessions.reading() as session:
        return session.query(LotEnd.id).scalar()


def rules(world: World) -> set[str]:
    found = world.read(
        lambda session: list(audit.broken(session, world.files, world.sessions.vault))
    )
    return {one.rule for one in found}


def used(world: World) -> dict[str, int]:
    return world.read(exposure.held, world.people["maker"].organisation_id).used


def together(world: World, first: Callable[[Session], None], second: Callable[[], None]) -> bool:
    """`second` runs while `first` has written and not committed; whether it had to wait."""
    written, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def act(session: Session) -> None:
        first(session)
        written.set()
        assert go_on.wait(30)

    def follow() -> None:
        second()
        done.set()

    one = threading.Thread(target=world.sessions.write, args=("demo_data", act))
    other = threading.Thread(target=follow)
    one.start()
    assert written.wait(30)
    other.start()
    waited = not done.wait(HELD)
    go_on.set()
    one.join(30)
    other.join(30)
    assert done.is_set()
    return waited


def test_the_end_waits_for_a_withdrawal_and_frees_nothing_twice(world: World, house: House) -> None:
    case = paid(world)
    other = paid(world, "rival")
    Jobs(house).run_due()
    assert case != other
    end = ending(world, house)
    actor, now = world.as_("supplier"), world.now

    def withdraw(session: Session) -> None:
        withdraw_letter.withdraw(session, actor, now, case)

    def finish() -> None:
        world.run("end_lot", finish_end.finish, now, end)

    assert together(world, withdraw, finish)
    assert used(world) == {}
    assert rules(world) == set()


def test_a_withdrawal_waits_for_the_end_and_is_refused(world: World, house: House) -> None:
    case = applied(world)
    end = ending(world, house)
    actor, now = world.as_("supplier"), world.now
    refused: list[Exception] = []

    def finish(session: Session) -> None:
        finish_end.finish(session, now, end)

    def withdraw() -> None:
        try:
            world.run("withdraw", complete.withdraw, actor, now, case)
        except ProcurementEnded as error:
            refused.append(error)

    assert together(world, finish, withdraw)
    assert len(refused) == 1
    assert used(world) == {}
    assert rules(world) == set()
