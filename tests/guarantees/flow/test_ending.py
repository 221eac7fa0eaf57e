"""The end of lots on both databases: one of two, before the opening; then both, after it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.adapters.database import Sessions
from app.house import House
from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.errors import InvalidInput
from guarantees.flow import apply, correct_project, end_lot, grant_mandate, pay, steps
from guarantees.queries import cases as queries
from guarantees.queries import lots as lot_queries
from guarantees.queries import projects
from guarantees.queries.cases import Filter
from guarantees.records import exposure, project_notice
from guarantees.records.project import Opening, Project
from guarantees.tables.permissions import PERMISSIONS
from guarantees.values.notice_faults import NoticeRefused
from signing.timekeeper.ending import ERASE_DELAY
from tests import house as houses
from tests import world as worlds
from tests.app.jobs.people import add_person
from tests.app.jobs.steps import ACCOUNT
from tests.app.jobs.true_time import with_true_time
from tests.guarantees.flow.test_audit import rules
from tests.guarantees.flow.test_main_way import notice
from tests.guarantees.flow.test_postponed import corrected
from tests.house import OPENING
from tests.world import PASSPHRASE, World


@pytest.fixture
def world(sessions: Sessions) -> World:
    made = worlds.build(sessions, lots=2)
    worlds.with_policy(made)
    add_person(made, "second", "procurer", "admin")
    return made


@pytest.fixture
def house(world: World, tmp_path: Path) -> House:
    return with_true_time(world, houses.around(world, tmp_path))


def confirmed(world: World, *lots: str) -> str:
    asked = (world.project, list(lots), "cancelled", "采购任务取消")
    request = world.run("ask_end", end_lot.ask, world.as_("procurer"), world.now, *asked)
    world.run("ask_end", end_lot.confirm, world.as_("second"), world.now, request)
    return request


def run_out(world: World, house: House) -> None:
    Jobs(house).run_due()
    for hours in (60, 12, 1):
        world.now += timedelta(hours=hours)
        Jobs(house).run_due()
    assert timedelta(hours=72) == ERASE_DELAY


def states(world: World) -> list[str]:
    with world.sessions.reading() as session:
        found = {one.lot_id: one.state for one in session.scalars(select(Opening))}
    return [found[lot] for lot in world.lots]


def letters(world: World, house: House) -> list[str]:
    """One in each lot, of one supplier."""
    made = []
    for lot in world.lots:
        form = world.form(lot)
        supplier = world.as_("supplier")
        [case] = world.run("apply", apply.submit, supplier, world.now, form, f"key {lot}")
        world.run("order_payment", pay.order, supplier, world.now, case, ACCOUNT)
        world.run("payment_notice", pay.receive, notice(world, case), world.now)
        Jobs(house).run_due()
        made.append(case)
    return made


def test_one_lot_ends_the_other_opens(world: World, house: House) -> None:
    first, second = letters(world, house)
    confirmed(world, world.lots[0])
    supplier = world.as_("supplier")
    found = world.read(projects.open_lots, world.as_("supplier"), world.now)
    assert [one.id for one in found.items] == [world.lots[1]]
    row = world.read(lot_queries.lot_row, world.lots[0])
    assert row.ending is not None and row.ending.state == "confirmed"
    run_out(world, house)
    assert states(world) == ["ended", "sealed"]
    page = world.read(queries.supplier_cases, supplier, world.now, Filter())
    assert {row.case.id: row.case.state for row in page.rows} == {first: "ended", second: "issued"}
    used = world.read(exposure.held, world.people["maker"].organisation_id).used
    assert used["total"] == 7_000_000
    world.now = OPENING
    openings.start(house, world.as_("procurer"), world.now, world.lots[1], PASSPHRASE)
    openings.wait(world.lots[1], 60)
    assert states(world) == ["ended", "opened"]
    assert rules(world) == set()
    # the ended lot's case is still the supplier's alone, and still sealed
    page = world.read(queries.supplier_cases, supplier, world.now, Filter())
    assert {row.case.id: row.case.sealed for row in page.rows} == {first: True, second: False}
    with world.sessions.reading() as session:
        assert session.get_one(Project, world.project).state == "registered"
    confirmed(world, world.lots[1])
    with world.sessions.reading() as session:
        assert session.get_one(Project, world.project).state == "ended"
    assert rules(world) == set()


def test_no_notice_is_corrected_meanwhile_or_afterwards(world: World, house: House) -> None:
    confirmed(world, *world.lots)
    with pytest.raises(NoticeRefused) as refused:
        corrected(world, bid_validity_days=120)
    assert [one.reason.code for one in refused.value.faults] == ["procurement_ended"]
    run_out(world, house)
    assert states(world) == ["ended", "ended"]
    with pytest.raises(NoticeRefused):
        corrected(world, bid_validity_days=120)


def test_a_later_opening_leaves_ended_lots_alone(world: World, house: House) -> None:
    confirmed(world, world.lots[0])
    run_out(world, house)

    def correct(session: object) -> None:
        project = session.get_one(Project, world.project)  # type: ignore[attr-defined]
        held = project_notice.to_notice(project, steps.current_version(session, project))  # type: ignore[arg-type]
        later = replace(held, opening_time=OPENING + timedelta(days=2))
        correct_project.correct(
            session,  # type: ignore[arg-type]
            world.as_("procurer"),
            world.now,
            world.project,
            later,
            expected=project.current,
            note="推迟开标",
            timekeeper=house.timekeeper,
        )

    world.run("correct_project", correct)
    times = [world.read(lot_queries.lot_row, lot).opening_time for lot in world.lots]
    assert times == [OPENING, OPENING + timedelta(days=2)]


def test_what_a_mandate_can_hold_includes_the_end_and_does_not_by_itself(world: World) -> None:
    wanted = {name for name, one in PERMISSIONS.items() if one.mandate}
    assert set(grant_mandate.ACTIONS) == wanted
    assert not {"lot.end", "lot.confirm_end", "lot.keep"} & set(grant_mandate.USUAL)


@pytest.mark.parametrize("reason", ["", "短", "长" * 1001])
def test_a_reason_is_given(world: World, reason: str) -> None:
    asked = (world.project, [world.lot], "failed", reason)
    with pytest.raises(InvalidInput):
        world.run("ask_end", end_lot.ask, world.as_("procurer"), world.now, *asked)
