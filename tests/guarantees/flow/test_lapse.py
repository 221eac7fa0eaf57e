"""An approved application that nobody pays ends, frees the exposure, and tells a thief nothing."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.errors import TooLate
from guarantees.flow import apply, lapse, pay, underwrite
from guarantees.queries import audit
from guarantees.records import exposure, outbox
from guarantees.records.base import Base
from guarantees.records.project import Opening, ProjectVersion
from guarantees.records.sealed import ExposureBook, OutboxMessage, SealedCase
from guarantees.sums.validity import QUOTE_VALID, lapses_at
from tests import world as worlds
from tests.guarantees.flow.test_main_way import applied, decided, get, issued, notice, opened, paid
from tests.world import START, World

ACCOUNT = "6222000012345678"
DAY = timedelta(days=1)
T = START + 15 * DAY


def used(world: World) -> dict[str, int]:
    return world.read(exposure.held, world.people["maker"].organisation_id).used


def rounds(world: World) -> list[str]:
    """What a round ends now."""
    [institution] = world.read(lapse.institutions)
    found = world.read(lapse.overdue, world.now, institution)
    return [one for one in found if world.run("lapse", lapse.lapse, world.now, one)]


def told(world: World) -> list[str]:
    with world.sessions.reading() as session:
        waiting = list(outbox.pending(session, world.now, 1000, {"mail"}))
    return sorted(one.arguments["event"] for one in waiting)


def approved(world: World) -> str:
    case = applied(world)
    decided(world, case)
    return case


def broken(world: World) -> list[audit.Broken]:
    return world.read(
        lambda session: list(audit.broken(session, world.files, session.info["vault"]))
    )


def test_an_unpaid_application_lapses_with_its_quote(world: World) -> None:
    case = approved(world)
    assert used(world)
    world.now += QUOTE_VALID - timedelta(seconds=1)
    assert rounds(world) == []
    world.now += timedelta(seconds=1)
    assert rounds(world) == [case]
    after = get(world, case)
    assert (after.state, after.events[-1].what) == ("lapsed", "application.lapsed")
    assert "额度已释放" in after.events[-1].note
    assert used(world) == {}
    assert "application.lapsed" in told(world)
    assert rounds(world) == []
    assert not world.run("lapse", lapse.lapse, world.now, case)


def test_the_same_supplier_may_apply_again(world: World) -> None:
    case = approved(world)
    world.now += QUOTE_VALID
    rounds(world)
    assert applied(world, key="again") != case


def test_what_a_policy_approved_frees_the_policy_too(sealed_world: World) -> None:
    world = sealed_world
    worlds.with_policy(world)
    applied(world)
    assert len(used(world)) == 3
    world.now += QUOTE_VALID
    assert len(rounds(world)) == 1
    assert used(world) == {}
    assert broken(world) == []


@pytest.mark.parametrize("state", ["submitted", "in_review", "issuing", "issued"])
def test_nothing_else_lapses(world: World, state: str) -> None:
    case = applied(world)
    if state == "in_review":
        world.run(
            "underwrite", underwrite.recommend, world.as_("maker"), world.now, case, "approve", ""
        )
    elif state != "submitted":
        decided(world, case)
        paid(world, case)
    if state == "issued":
        issued(world, case)
    held = used(world)
    world.now = T + DAY
    assert rounds(world) == []
    assert not world.run("lapse", lapse.lapse, world.now, case)
    assert (get(world, case).state, used(world)) == (state, held)


def test_a_payment_under_way_keeps_it_until_the_opening(world: World) -> None:
    """It was ordered in time; until T its letter can still be made."""
    case = approved(world)
    world.run("order_payment", pay.order, world.as_("supplier"), world.now, case, ACCOUNT)
    world.now += QUOTE_VALID
    assert rounds(world) == []
    late = notice(world, case)
    world.now = T
    assert rounds(world) == [case]
    assert used(world) == {}
    assert "原路退回" in get(world, case).events[-1].note
    assert world.read(pay.order_for_bank, case) is None
    assert world.run("payment_notice", pay.receive, late, world.now) == "mismatched"
    after = get(world, case)
    payment = after.payment()
    assert payment is not None
    assert (after.state, after.postings, payment.received) == ("lapsed", [], payment.amount)
    assert "应由机构原路退回" in payment.problem
    assert "payment.failed" in told(world)


def test_a_payment_that_failed_keeps_nothing(world: World) -> None:
    case = approved(world)
    world.run("order_payment", pay.order, world.as_("supplier"), world.now, case, ACCOUNT)
    failed = notice(world, case, outcome="failed", reason="余额不足")
    world.run("payment_notice", pay.receive, failed, world.now)
    world.now += QUOTE_VALID
    assert rounds(world) == [case]


def test_a_case_whose_lot_was_opened_first_lapses_too(sealed_world: World) -> None:
    """It stands in ordinary rows then."""
    world = sealed_world
    case = late_bid(world)
    world.now = T
    opened(world)
    assert get(world, case).state == "awaiting_payment"
    assert not get(world, case).sealed
    assert rounds(world) == [case]
    assert used(world) == {}
    assert broken(world) == []


def late_bid(world: World) -> str:
    """Approved two days before T: the submission deadline cuts its quote short."""
    world.now = T - 2 * DAY
    return approved(world)


def deadline(world: World, moment: datetime) -> None:
    def move(session: Session) -> None:
        session.scalars(select(ProjectVersion)).one().submission_deadline = moment

    world.run("demo_data", move)


def test_a_deadline_before_the_opening_shows_no_bid(sealed_world: World) -> None:
    """From the deadline on nobody can pay; what a round writes waits for T, when it is no secret
    any more who bids."""
    world = sealed_world
    deadline(world, T - DAY)
    case = late_bid(world)
    world.now = T - timedelta(hours=1)
    before = contents(world)
    with pytest.raises(TooLate):
        world.run("order_payment", pay.order, world.as_("supplier"), world.now, case, ACCOUNT)
    assert rounds(world) == []
    assert contents(world) == before
    world.now = T
    assert rounds(world) == [case]


def test_a_postponed_opening_frees_by_the_quotes_own_days(sealed_world: World) -> None:
    world = sealed_world
    case = late_bid(world)

    def postpone(session: Session) -> None:
        session.scalars(select(Opening)).one().opening_time = T + 30 * DAY

    world.run("demo_data", postpone)
    world.now = T
    assert rounds(world) == []
    world.now = T - 2 * DAY + QUOTE_VALID
    assert rounds(world) == [case]


Contents = dict[str, list[tuple[object, ...]]]


def contents(world: World) -> Contents:
    with world.sessions.reading() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_a_thief_sees_what_any_change_of_a_case_shows(sealed_world: World) -> None:
    """One case and one book rewritten at their size, one content-free mail: as an approval does."""
    world = sealed_world
    case = approved(world)
    rows = {name: len(found) for name, found in contents(world).items()}
    sizes = sizes_of(world)
    before = contents(world)
    world.now += QUOTE_VALID
    assert rounds(world) == [case]
    after = contents(world)
    assert {name for name in after if after[name] != before[name]} == {
        SealedCase.__tablename__,
        ExposureBook.__tablename__,
        OutboxMessage.__tablename__,
    }
    rows[OutboxMessage.__tablename__] += 1
    assert {name: len(found) for name, found in after.items()} == rows
    assert sizes_of(world) == sizes


def sizes_of(world: World) -> set[tuple[str, int]]:
    with world.sessions.reading() as session:
        return {
            (table.__tablename__, size)
            for table in (SealedCase, ExposureBook, OutboxMessage)
            for size in session.scalars(select(func.length(table.blob)))
        }


def test_a_round_that_ends_nothing_writes_nothing(sealed_world: World) -> None:
    world = sealed_world
    approved(world)
    before = contents(world)
    assert rounds(world) == []
    assert contents(world) == before


def test_the_arithmetic() -> None:
    assert lapses_at(START, T, under_way=False) == START + QUOTE_VALID
    assert lapses_at(T - DAY, T, under_way=False) == T
    assert lapses_at(START, T, under_way=True) == T
    assert lapses_at(START, None, under_way=False) == START + QUOTE_VALID
    assert lapses_at(START, None, under_way=True) is None
    assert apply.quote_until(START, T) == START + QUOTE_VALID
    assert apply.quote_until(T - DAY, T) == T
