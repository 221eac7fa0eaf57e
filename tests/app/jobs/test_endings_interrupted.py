"""An end that is taken back, that waits for the timekeeper, that is killed on its way."""

from datetime import timedelta

import pytest

from app.house import House
from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.errors import (
    EndTakenEffect,
    ProcurementEnded,
)
from guarantees.records import archive, exposure
from signing.timekeeper.ending import ERASE_DELAY
from tests.app.jobs.ends import (
    HOUR,
    ask,
    confirm,
    end,
    ending_house,
    keep,
    keeper,
    killed_at,
    letter,
    rules,
    run_to,
    state,
)
from tests.app.jobs.steps import get
from tests.house import OPENING
from tests.world import PASSPHRASE, World


@pytest.fixture
def house(world: World, house: House) -> House:
    return ending_house(world, house)


def test_it_can_be_taken_back_and_the_lot_opens(world: World, house: House) -> None:
    letter(world, house)
    request = ask(world)
    confirm(world, request)
    Jobs(house).run_due()
    assert end(world).effective_at == world.now + ERASE_DELAY
    world.now += timedelta(hours=59)
    keep(world, house, request)
    assert end(world).state == "kept"
    run_to(world, house, world.now + timedelta(days=4))
    assert (end(world).state, state(world)) == ("kept", "sealed")
    world.now = OPENING
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    assert state(world) == "opened"
    assert ask(world)  # and another end can be asked for


def test_not_in_the_last_twelve_hours(world: World, house: House) -> None:
    letter(world, house)
    request = ask(world)
    confirm(world, request)
    Jobs(house).run_due()
    run_to(world, house, world.now + timedelta(hours=60))
    with pytest.raises(EndTakenEffect):
        keep(world, house, request)
    run_to(world, house, world.now + timedelta(hours=12))
    assert state(world) == "ended"


def test_taken_back_before_the_timekeeper_heard_of_it(world: World, house: House) -> None:
    request = ask(world)
    confirm(world, request)
    keep(world, house, request)
    run_to(world, house, world.now + timedelta(days=4))
    assert state(world) == "sealed"
    assert "erased" not in [one.event for one in keeper(house).journal.events]


def test_taken_back_while_the_timekeeper_was_being_told(world: World, house: House) -> None:
    request = ask(world)
    confirm(world, request)
    real = keeper(house).erase

    def erase(*args: object) -> object:
        keep(world, house, request)
        return real(*args)  # type: ignore[arg-type]

    keeper(house).erase = erase  # type: ignore[method-assign,assignment]
    run_to(world, house, world.now + timedelta(days=4))
    assert (end(world).state, state(world)) == ("kept", "sealed")
    assert "erased" not in [one.event for one in keeper(house).journal.events]


def test_during_the_72_hours_nothing_opens(world: World, house: House) -> None:
    """T comes in between."""
    letter(world, house)
    world.now = OPENING - timedelta(hours=20)
    request = ask(world)
    confirm(world, request)
    Jobs(house).run_due()
    world.now = OPENING
    with pytest.raises(ProcurementEnded):
        openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    keep(world, house, request)
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    assert state(world) == "opened"


def test_with_the_timekeeper_away_it_ends_later(world: World, house: House) -> None:
    letter(world, house)
    confirm(world, ask(world))
    keeper(house).away = frozenset({"erase"})
    run_to(world, house, world.now + timedelta(hours=5))
    assert end(world).effective_at is None
    keeper(house).away = frozenset()
    run_to(world, house, world.now + HOUR)
    assert end(world).effective_at is not None
    run_to(world, house, world.now + ERASE_DELAY)
    assert state(world) == "ended"


POINTS = ("end_lot.before_commit", "end_lot.after_commit")


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS)
def test_killed_around_each_commit_it_ends_all_the_same(
    world: World, house: House, point: str, count: int
) -> None:
    case = letter(world, house)
    confirm(world, ask(world))
    with killed_at(point, count):
        run_to(world, house, world.now + ERASE_DELAY + HOUR)
    run_to(world, house, world.now + ERASE_DELAY + 2 * HOUR)
    assert (state(world), end(world).state) == ("ended", "ended")
    assert get(world, case).sealed
    assert world.read(exposure.held, world.people["maker"].organisation_id).used == {}
    assert set(world.read(archive.kept_of, end(world).id) or ()) == {case}
    assert rules(world) == set()


def test_killed_after_the_timekeeper_kept_the_key_nothing_is_lost(
    world: World, house: House
) -> None:
    letter(world, house)
    request = ask(world)
    confirm(world, request)
    Jobs(house).run_due()
    with killed_at("ask_end.before_commit"):
        keep(world, house, request)
    assert end(world).state == "confirmed"
    run_to(world, house, world.now + ERASE_DELAY + HOUR)
    assert (state(world), end(world).state) == ("sealed", "kept")
