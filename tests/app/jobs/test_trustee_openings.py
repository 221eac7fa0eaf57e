"""Openings of letters that trustees must agree to: who is waited for, and how they go on."""

import threading
import time

import pytest

from app.house import House
from app.jobs import openings
from app.jobs.letters import issue_letter
from app.jobs.worker import Jobs
from guarantees.records import casebook
from guarantees.records.outbox import Message
from tests import trustees
from tests.app.jobs.opening_steps import (
    opened,
    room,
    sealed_letters,
    start,
    until_waiting,
    verdicts,
)
from tests.app.jobs.steps import get, paid
from tests.house import OPENING
from tests.trustees import WHO, WITH_REGULATOR, approve
from tests.world import World


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "LOOK_SECONDS", 0.01)


@pytest.mark.parametrize("pair", [("regulator", "association"), ("trading_centre", "association")])
def test_two_of_three_agree_and_the_lot_opens(
    world: World, house: House, pair: tuple[str, str]
) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    assert [approve(world, house, role) for role in pair] == [2, 2]
    seen = opened(world, house)
    assert (seen.state, verdicts(seen)) == ("opened", ["verified"] * 2)


def test_it_waits_says_for_whom_and_goes_on_by_itself(world: World, house: House) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    start(world, house)
    assert until_waiting(world) == set(WHO)
    assert (room(world).state, room(world).results) == ("opening", ())
    approve(world, house, "regulator")
    while openings.awaited(world.lot) != {"trading_centre", "association"}:
        assert openings.running(world.lot)
        time.sleep(0.005)
    approve(world, house, "association")
    openings.wait(world.lot, 60)
    seen = room(world)
    assert (seen.state, verdicts(seen)) == ("opened", ["verified"] * 2)
    assert openings.awaited(world.lot) == frozenset()
    assert [one.what for one in seen.events].count("opening.waits") == 1
    assert {one.what for one in seen.events} == {
        "opening.begun", "opening.waits", "release.approved", "opening.finished",
    }  # fmt: skip


def test_one_trustee_does_not_suffice_and_the_page_asks_again(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    approve(world, house, "regulator")
    monkeypatch.setattr(openings, "WAIT_SECONDS", 0.05)
    half = opened(world, house)
    assert (half.state, half.results) == ("opening", ())
    assert openings.read_list(house, half.opening) is None
    approve(world, house, "trading_centre")
    assert verdicts(opened(world, house)) == ["verified"] * 2


def test_the_end_of_the_process_ends_the_waiting(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    monkeypatch.setattr(openings, "_ending", threading.Event())
    start(world, house)
    until_waiting(world)
    openings.wait_for_all(30)
    assert not openings.running(world.lot)
    assert room(world).state == "opening"


def test_with_the_regulator_alone_nobody_else_will_do(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustees.appoint(world, WITH_REGULATOR)
    sealed_letters(world, house)
    assert approve(world, house, "association") == 0
    monkeypatch.setattr(openings, "WAIT_SECONDS", 0.05)
    assert opened(world, house).results == ()
    approve(world, house, "regulator")
    assert verdicts(opened(world, house)) == ["verified"] * 2


def test_every_letter_has_the_profile_it_was_sealed_under(world: World, house: House) -> None:
    """The first waits for nobody, the second for the regulator."""
    first, second = paid(world), paid(world, "rival")
    Jobs(house).run_due()
    world.run("demo_data", forget_letter, second)
    trustees.appoint(world, WITH_REGULATOR)
    world.files.held = {
        name: data for name, data in world.files.held.items() if name != sealed_name(world, second)
    }
    reissue(world, house, second)
    world.now = OPENING
    start(world, house)
    assert until_waiting(world) == {"regulator"}
    assert {one.case for one in room(world).results} == {first}
    approve(world, house, "regulator")
    openings.wait(world.lot, 60)
    assert verdicts(room(world)) == ["verified"] * 2


def sealed_name(world: World, case: str) -> str:
    intent = get(world, case).intent
    assert intent is not None
    return f"sealed/{intent.id}"


def forget_letter(session: object, case_id: str) -> None:
    """As if the letter had not been settled yet."""
    case = casebook.get(session, case_id)  # type: ignore[arg-type]
    case.letter, case.guarantee, case.state = None, None, "issuing"
    casebook.save(session, case)  # type: ignore[arg-type]


def reissue(world: World, house: House, case: str) -> None:
    issue_letter(house, Message("issue", {"case": case}))


def test_a_lot_without_bids_opens_without_trustees(world: World, house: House) -> None:
    trustees.appoint(world)
    world.now = OPENING
    assert opened(world, house).state == "opened"
