"""What comes after the submission deadline or after T: refused by every flow, to the second."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from guarantees.errors import SubmissionClosed, TooLate
from guarantees.flow import apply, complete, issue, pay, underwrite
from guarantees.records.project import ProjectVersion
from tests import world as worlds
from tests.guarantees.flow.test_main_way import applied, get, paid
from tests.world import World

SECOND = timedelta(seconds=1)
ACCOUNT = "6222000012345678"


def deadline(world: World) -> datetime:
    """Of the world's project; T of its lots is the same moment."""
    return worlds.START + timedelta(days=15)


def returned(world: World) -> str:
    case = applied(world)
    maker = world.as_("maker")
    world.run("underwrite", underwrite.give_back, maker, world.now, case, "请补联合体协议")
    return case


def awaiting(world: World) -> str:
    worlds.with_policy(world)
    return applied(world)


def nothing(world: World) -> str:
    return ""


def apply_now(world: World, _case: str) -> None:
    world.run("apply", apply.submit, world.as_("supplier"), world.now, world.form(), "late")


def complete_now(world: World, case: str) -> None:
    world.run("apply", complete.complete, world.as_("supplier"), world.now, case, "单独投标")


def pay_now(world: World, case: str) -> None:
    world.run("order_payment", pay.order, world.as_("supplier"), world.now, case, ACCOUNT)


ACTS = [(nothing, apply_now), (returned, complete_now), (awaiting, pay_now)]


@pytest.mark.parametrize(("before", "act"), ACTS)
def test_a_second_before_the_deadline_is_in_time_and_the_deadline_itself_is_not(
    world: World, before: Callable[[World], str], act: Callable[[World, str], None]
) -> None:
    world.now = deadline(world) - timedelta(days=1)
    case = before(world)
    world.now = deadline(world)
    with pytest.raises(SubmissionClosed, match="2026-03-17 09:00"):
        act(world, case)
    world.now -= SECOND
    act(world, case)


def test_the_notice_in_force_decides_not_the_quote(world: World) -> None:
    case = awaiting(world)
    earlier = world.now + timedelta(days=2)
    world.run(
        "demo_data", lambda s: s.execute(update(ProjectVersion).values(submission_deadline=earlier))
    )
    world.now = earlier
    assert world.now < get(world, case).quote.valid_until
    with pytest.raises(SubmissionClosed):
        pay_now(world, case)


def test_no_letter_is_reserved_or_settled_once_t_has_come(world: World) -> None:
    case = awaiting(world)
    paid(world, case)
    world.now = deadline(world) - SECOND
    order = world.run(
        "reserve_letter",
        issue.reserve,
        world.now,
        case,
        base_url="https://example.invalid",
        recovery=world.recovery.public_key,
    )
    assert order is not None
    stored = issue.produce(
        order, letters=world.letter_factory(), files=world.files, vault=world.sessions.vault
    )
    world.now += SECOND
    with pytest.raises(TooLate):
        world.run("settle_letter", issue.settle, world.now, case, order.intent, stored)
    world.now -= SECOND
    world.run("settle_letter", issue.settle, world.now, case, order.intent, stored)
    assert get(world, case).state == "issued"
