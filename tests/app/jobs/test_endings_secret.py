"""A failed tender tells nobody who bid, and no flow touches its cases afterwards."""

from collections.abc import Callable

import pytest

from app.house import House
from app.jobs.worker import Jobs
from guarantees.errors import (
    NotFound,
    ProcurementEnded,
    TooLate,
    Unavailable,
)
from guarantees.flow import (
    apply,
    complete,
    pay,
    underwrite,
    withdraw_letter,
)
from guarantees.ports import BankNotice
from guarantees.queries import cases as queries
from guarantees.records.sealed import LotArchive
from signing.timekeeper.ending import ERASE_DELAY
from tests.app.jobs.ends import (
    HOUR,
    ask,
    confirm,
    end,
    ended,
    ending_house,
    keeper,
    letter,
    rules,
    run_to,
)
from tests.app.jobs.steps import ACCOUNT, get, paid
from tests.guarantees.flow.traces import SEALED, rows, trace
from tests.house import Gateway
from tests.world import World


@pytest.fixture
def house(world: World, house: House) -> House:
    return ending_house(world, house)


@pytest.mark.parametrize("bids", [(), ("supplier",), ("supplier", "rival")])
def test_the_trace_of_an_end_is_the_same_for_any_number_of_bids(
    world: World, house: House, bids: tuple[str, ...]
) -> None:
    for who in bids:
        letter(world, house, who)
    run_to(world, house, world.now + HOUR)
    found = trace(world, lambda: ended(world, house))
    # Three jobs and three mails of the acts, two for everybody; every book there is, once.
    assert found["exposure_book"] == (0, 1)
    assert found["log_leaf"] == (1, 0)
    assert found["outbox"] == (3 + 2 + 2, 0)
    assert found["lot_archive"] == (1, 0)
    assert found.keys() == {"exposure_book", "log_leaf", "lot_archive", "outbox"}
    with world.sessions.reading() as session:
        assert len(session.get_one(LotArchive, end(world).id).blob) == 64 * 1024


def test_no_row_of_a_case_changes(world: World, house: House) -> None:
    letter(world, house)
    before = world.read(rows)["sealed_case"]
    ended(world, house)
    assert world.read(rows)["sealed_case"] == before
    assert "sealed_case" in SEALED


@pytest.mark.parametrize("bids", [(), ("supplier", "rival")])
def test_the_timekeepers_journal_does_not_count(
    world: World, house: House, bids: tuple[str, ...]
) -> None:
    for who in bids:
        letter(world, house, who)
    ended(world, house)
    [event] = [one for one in keeper(house).journal.events if one.event == "archived"]
    assert len(event.fields["wraps"]) == 64
    assert {outcome for _digest, outcome in event.fields["wraps"]} == {"archived"}


def test_no_bid_is_taken_on_once_the_end_is_confirmed(world: World, house: House) -> None:
    request = ask(world)
    paid(world)  # merely asked for: all goes on
    confirm(world, request)
    with pytest.raises(ProcurementEnded):
        world.run("apply", apply.submit, world.as_("rival"), world.now, world.form(), "late")


def test_a_letter_under_way_is_still_made_and_can_be_withdrawn(world: World, house: House) -> None:
    """A job that waited three days for the end of one lot would name the lot's bids."""
    case = paid(world)
    confirm(world, ask(world))
    Jobs(house).run_due()
    assert get(world, case).state == "issued"
    actor = world.as_("supplier")
    world.run("withdraw_letter", withdraw_letter.withdraw, actor, world.now, case)
    run_to(world, house, world.now + ERASE_DELAY)
    assert get(world, case).state == "withdrawn"
    assert rules(world) == set()


def test_after_the_end_no_flow_touches_a_case(world: World, house: House) -> None:
    letter_case = letter(world, house)
    [waiting] = world.run(
        "apply", apply.submit, world.as_("rival"), world.now, world.form(), "rival"
    )
    account = ACCOUNT
    world.run("order_payment", pay.order, world.as_("rival"), world.now, waiting, account)
    ended(world, house)
    before = world.read(rows)["sealed_case"]
    acts: list[Callable[[], object]] = [
        lambda: world.run(
            "withdraw_letter",
            withdraw_letter.withdraw,
            world.as_("supplier"),
            world.now,
            letter_case,
        ),
        lambda: world.run("withdraw", complete.withdraw, world.as_("rival"), world.now, waiting),
        lambda: world.run(
            "underwrite", underwrite.give_back, world.as_("maker"), world.now, waiting, "补正"
        ),
        lambda: world.run("apply", apply.submit, world.as_("rival"), world.now, world.form(), "2"),
    ]
    for act in acts:
        with pytest.raises((TooLate, NotFound)):
            act()
    assert world.read(rows)["sealed_case"] == before
    assert world.read(pay.order_for_bank, waiting) is None
    assert rules(world) == set()


def test_a_premium_that_arrives_after_the_end_is_due_back(world: World, house: House) -> None:
    [case] = world.run("apply", apply.submit, world.as_("rival"), world.now, world.form(), "rival")
    reference = world.run("order_payment", pay.order, world.as_("rival"), world.now, case, ACCOUNT)
    ended(world, house)
    held = get(world, case).payment()
    assert held is not None
    told = BankNotice("B-1", reference, "paid", held.amount, ACCOUNT, "", world.now)
    assert world.run("payment_notice", pay.receive, told, world.now) == "mismatched"
    assert isinstance(house.gateway, Gateway)
    assert rules(world) == set()


def test_a_job_that_comes_to_issue_after_the_end_issues_nothing(world: World, house: House) -> None:
    case = paid(world)
    letters = house.letters
    real = letters.produce
    letters.produce = _away  # type: ignore[method-assign,assignment]
    ended(world, house)
    letters.produce = real  # type: ignore[method-assign]
    run_to(world, house, world.now + HOUR)
    held = get(world, case)
    assert (held.state, held.letter) == ("issuing", None)
    assert world.read(queries.view, world.as_("supplier"), case).case.state == "ended"
    assert rules(world) == set()


def _away(_order: object) -> None:
    raise Unavailable(service="signer")
