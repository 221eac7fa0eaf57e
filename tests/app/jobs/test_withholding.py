"""The timekeeper is told of a withdrawal, however often somebody is away or killed in between."""

from datetime import timedelta

import pytest

from app.house import House
from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.flow import open_lot, withdraw_letter
from guarantees.queries import openings as queries
from tests.app.jobs.ends import keeper, killed_at
from tests.app.jobs.steps import get, paid
from tests.app.jobs.true_time import with_true_time
from tests.house import OPENING
from tests.world import PASSPHRASE, World


@pytest.fixture
def house(world: World, house: House) -> House:
    return with_true_time(world, house)


@pytest.fixture
def letters(world: World, house: House) -> list[str]:
    """Two sealed letters; the first is withdrawn."""
    made = [paid(world), paid(world, "rival")]
    Jobs(house).run_due()
    actor = world.as_("supplier")
    world.run("withdraw_letter", withdraw_letter.withdraw, actor, world.now, made[0])
    return made


def withheld(house: House) -> list[str]:
    return [one.event for one in keeper(house).journal.events if one.event == "withheld"]


def confirmed(world: World, case: str) -> bool:
    made = get(world, case).withdrawal
    return made is not None and made.withheld_at is not None


def opened(world: World, house: House) -> queries.Room:
    world.now = OPENING
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    return world.read(queries.room, world.as_("procurer"), world.now, world.lot)


def test_it_is_asked_for_and_confirmed_once(world: World, house: House, letters: list[str]) -> None:
    assert not confirmed(world, letters[0])
    Jobs(house).run_due()
    assert confirmed(world, letters[0])
    assert len(withheld(house)) == 1
    said = [one.what for one in get(world, letters[0]).events]
    assert said[-2:] == ["letter.withdrawn", "letter.withheld"]
    assert "letter.withheld" not in [one.what for one in get(world, letters[1]).events]


def test_the_journal_names_neither_lot_nor_supplier(
    world: World, house: House, letters: list[str]
) -> None:
    Jobs(house).run_due()
    [event] = [one for one in keeper(house).journal.events if one.event == "withheld"]
    fields = str(event.fields)
    held = get(world, letters[0])
    for secret in (held.supplier, held.lot, held.submitted_by, held.institution):
        assert secret not in fields


def test_away_it_waits_and_is_told_later(world: World, house: House, letters: list[str]) -> None:
    keeper(house).away = frozenset({"withhold"})
    Jobs(house).run_due()
    assert not confirmed(world, letters[0])
    keeper(house).away = frozenset()
    world.now += timedelta(minutes=5)
    Jobs(house).run_due()
    assert confirmed(world, letters[0])


@pytest.mark.parametrize("point", ["withhold_letter.before_commit", "withhold_letter.after_commit"])
def test_killed_around_its_commit_nothing_is_lost(
    world: World, house: House, letters: list[str], point: str
) -> None:
    with killed_at(point):
        Jobs(house).run_due()
    Jobs(house).run_due()
    assert confirmed(world, letters[0])
    assert len(withheld(house)) == 1


def test_even_untold_the_opening_passes_it_over(
    world: World, house: House, letters: list[str]
) -> None:
    """The timekeeper has not heard of it yet at T."""
    room = opened(world, house)
    assert [one.case for one in room.results] == [letters[1]]
    assert room.results[0].verdict == "verified"
    assert len(room.withdrawn) == 1
    assert withheld(house) == []
    Jobs(house).run_due()
    assert confirmed(world, letters[0])  # now in ordinary rows


def test_the_signed_list_has_the_leaf_and_no_name(
    world: World, house: House, letters: list[str]
) -> None:
    Jobs(house).run_due()
    room = opened(world, house)
    listed = openings.read_list(house, room.opening)
    held = get(world, letters[0])
    assert listed is not None and held.letter is not None and held.intent is not None
    assert held.letter.leaf.hex() in listed.decode()
    assert held.intent.number not in listed.decode()
    assert held.lead.name not in listed.decode()


def test_who_holds_the_database_as_it_was_still_gets_nothing(
    world: World, house: House, letters: list[str]
) -> None:
    """A restored backup forgets the withdrawal; the timekeeper does not."""
    plan_before = _plan(world, letters)
    Jobs(house).run_due()
    world.now = OPENING
    [share] = house.timekeeper.release(plan_before.opening, [plan_before.request])
    assert getattr(share, "code", "") == "withheld"


class _Before:
    def __init__(self, opening: str, request: object) -> None:
        self.opening, self.request = opening, request


def _plan(world: World, letters: list[str]) -> "_Before":
    held = get(world, letters[0])
    assert held.intent is not None and held.letter is not None
    envelope = open_lot._envelope(held.intent.id, world.files, world.sessions.vault)
    assert envelope is not None
    context = open_lot.SealContext(
        held.letter.eid, held.intent.number, held.lot, held.intent.opening
    )
    return _Before(held.intent.opening, envelope.release_request(context))
