"""A supplier takes its sealed letter back before the deadline."""

from dataclasses import replace
from datetime import timedelta

import pytest

from guarantees.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    MoveRefused,
    NotFound,
    SubmissionClosed,
)
from guarantees.flow import publish_product, withdraw_letter
from guarantees.queries import openings, register
from guarantees.records import casebook, exposure, outbox, withdrawal
from guarantees.records.exposure import Book
from guarantees.records.product import Product
from guarantees.records.sealed import LogLeaf
from guarantees.values.money import Money
from signing.seal import leaf_hash
from tests import world as worlds
from tests.guarantees.flow.test_audit import rules
from tests.guarantees.flow.test_main_way import applied, get, issued, opened, paid
from tests.guarantees.flow.traces import trace
from tests.world import START, World

DEADLINE = START + timedelta(days=15)


@pytest.fixture
def letter(sealed_world: World) -> tuple[World, str]:
    """A world and a case whose letter is sealed."""
    worlds.with_policy(sealed_world)
    case = applied(sealed_world)
    paid(sealed_world, case)
    issued(sealed_world, case)
    return sealed_world, case


def withdraw(world: World, case: str, who: str = "supplier") -> None:
    world.run(
        "withdraw_letter", withdraw_letter.withdraw, world.as_(who), world.now, case, "不投了"
    )


def used(world: World) -> Book:
    return world.read(exposure.held, world.people["maker"].organisation_id)


def jobs(world: World, kind: str) -> list[dict[str, str]]:
    with world.sessions.reading() as session:
        waiting = outbox.pending(session, world.now + timedelta(hours=1), 1000, {kind})
        return [one.arguments for one in waiting]


def test_everything_ends_in_one_commit(letter: tuple[World, str]) -> None:
    world, case = letter
    assert used(world).used
    withdraw(world, case)
    held = get(world, case)
    assert held.letter is not None and held.guarantee is not None and held.withdrawal is not None
    assert (held.state, held.letter.state, held.guarantee.state) == ("withdrawn",) * 3
    assert used(world).used == {}
    assert jobs(world, "withhold") == [{"case": case}]
    told = [one["about"] for one in jobs(world, "mail") if one["event"] == "letter.withdrawn"]
    assert told == [world.people["maker"].organisation_id]
    assert rules(world) == set()
    withdraw(world, case)  # a second time changes nothing
    assert len(jobs(world, "withhold")) == 1
    assert get(world, case).withdrawal == held.withdrawal


def test_the_log_commits_to_the_withdrawal(letter: tuple[World, str]) -> None:
    world, case = letter
    withdraw(world, case)
    held = get(world, case)
    made = held.withdrawal
    assert made is not None
    assert made.leaf == leaf_hash(made.salt, withdrawal.statement(held, made))
    with world.sessions.reading() as session:
        assert made.leaf in {one.leaf for one in session.query(LogLeaf)}


@pytest.mark.parametrize(("percent", "due"), [(None, None), (0, "0"), (33, "104"), (100, "315")])
def test_the_products_rule_says_what_is_due_back(
    letter: tuple[World, str], percent: int | None, due: str | None
) -> None:
    world, case = letter
    product = get(world, case).product
    world.run(
        "demo_data",
        lambda session: setattr(session.get_one(Product, product), "back_withdrawn", percent),
    )
    assert get(world, case).quote.premium == Money.parse("315")
    withdraw(world, case)
    [back] = get(world, case).due_back
    expected = None if due is None else Money.parse(due)
    assert (back.cause, back.percent) == ("withdrawn", percent)
    assert back.amount == (Money.parse("103.95") if percent == 33 else expected)


def test_until_the_last_second_and_not_at_the_deadline(letter: tuple[World, str]) -> None:
    world, case = letter
    world.now = DEADLINE
    with pytest.raises(SubmissionClosed):
        withdraw(world, case)
    assert get(world, case).state == "issued"
    world.now -= timedelta(seconds=1)
    withdraw(world, case)
    assert get(world, case).state == "withdrawn"


def test_nobody_else_may_and_nothing_else_can_be_withdrawn_so(letter: tuple[World, str]) -> None:
    world, case = letter
    with pytest.raises(NotFound):
        withdraw(world, case, "rival")
    with pytest.raises(Forbidden):
        withdraw(world, case, "maker")
    other = applied(world, "rival", key="r")
    with pytest.raises((MoveRefused, NotFound)):
        withdraw(world, other, "rival")


def test_the_lot_is_free_for_another_application(letter: tuple[World, str]) -> None:
    world, case = letter
    withdraw(world, case)
    again = applied(world, key="again")
    assert again != case
    paid(world, again)
    issued(world, again)
    assert rules(world) == set()


def test_the_opening_lists_its_leaf_and_nothing_else(letter: tuple[World, str]) -> None:
    world, case = letter
    withdraw(world, case)
    again = applied(world, key="again")
    paid(world, again)
    issued(world, again)
    leaf = get(world, case).letter
    assert leaf is not None
    world.now = DEADLINE
    opened(world)
    room = world.read(openings.room, world.as_("procurer"), world.now, world.lot)
    assert [one.case for one in room.results] == [again]
    assert (room.total, room.withdrawn) == (1, (leaf.leaf,))
    assert not get(world, case).sealed
    with pytest.raises(NotFound):
        world.read(openings.letter, world.as_("procurer"), world.now, world.lot, case)
    papers = world.read(openings.papers, world.as_("procurer"), world.now, world.lot)
    assert set(papers.numbers) == {again}
    assert rules(world) == set()


def test_a_lot_whose_only_letter_was_withdrawn_opens_empty(letter: tuple[World, str]) -> None:
    world, case = letter
    withdraw(world, case)
    world.now = DEADLINE
    opened(world)
    room = world.read(openings.room, world.as_("procurer"), world.now, world.lot)
    assert (room.state, room.total, room.results, len(room.withdrawn)) == ("opened", 0, (), 1)


def test_the_register_knows_it_after_the_opening_only(letter: tuple[World, str]) -> None:
    world, case = letter
    withdraw(world, case)
    intent = get(world, case).intent
    assert intent is not None
    assert world.read(register.lookup, intent.number, world.now) is None
    world.now = DEADLINE
    opened(world)
    entry = world.read(register.lookup, intent.number, world.now)
    assert entry is not None and entry.status == "withdrawn"


def test_the_trace_of_a_withdrawal_names_no_lot(letter: tuple[World, str]) -> None:
    """One case, its institution's book, a leaf, a job and two mails to one institution's people."""
    world, case = letter
    found = trace(world, lambda: withdraw(world, case))
    assert found == {
        "sealed_case": (0, 1),
        "exposure_book": (0, 1),
        "outbox": (2, 0),
        "log_leaf": (1, 0),
    }


def test_a_published_rule_is_a_share(sealed_world: World) -> None:
    world = sealed_world
    form = publish_product.ProductForm(
        name="快保", kind="bid", form="independent", rate_ppm=4_500, minimum=Money.parse("200"),
        ceiling=Money.parse("1000000"), regions=(), minutes_to_issue=30, automatic=False,
        consortium=True, back_withdrawn=80, back_ended=100,
    )  # fmt: skip
    made = world.run("product", publish_product.publish, world.as_("maker"), world.now, form)
    with world.sessions.reading() as session:
        held = session.get_one(Product, made)
        assert (held.back_withdrawn, held.back_ended) == (80, 100)
    for wrong in ({"back_withdrawn": 101}, {"back_ended": -1}):
        with pytest.raises(InvalidInput):
            world.run(
                "product",
                publish_product.publish,
                world.as_("maker"),
                world.now,
                replace(form, **wrong),
            )


def test_a_case_that_was_read_before_is_not_written_over(letter: tuple[World, str]) -> None:
    world, case = letter
    stale = get(world, case)
    withdraw(world, case)
    with pytest.raises(Conflict):
        world.run("withhold_letter", casebook.save, stale)
