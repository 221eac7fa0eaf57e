"""A correction that prolongs the bid's validity: who is told, and that no letter's row says it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from guarantees.flow import correct_project, steps
from guarantees.queries import cases as queries
from guarantees.queries import recipients
from guarantees.queries.cases import Filter
from guarantees.records import outbox, project_notice
from guarantees.records.outbox import Message
from guarantees.records.project import Project
from signing.timekeeper.double import DoubleTimekeeper
from tests import world as worlds
from tests.guarantees.flow.test_main_way import applied, get, issued, paid
from tests.guarantees.flow.traces import trace
from tests.world import World

NEEDED = date(2026, 7, 15)
"""Deadline 2026-03-17 and 120 days."""


def letter(world: World, who: str = "supplier") -> str:
    case = applied(world, who, key=f"k {who}")
    world.people["supplier"], kept = world.people[who], world.people["supplier"]
    paid(world, case)
    world.people["supplier"] = kept
    issued(world, case)
    return case


def corrected(world: World, **changes: object) -> None:
    """The procurer's correction of the world's project."""

    def correct(session: Session) -> None:
        project = session.get_one(Project, world.project)
        notice = project_notice.to_notice(project, steps.current_version(session, project))
        correct_project.correct(
            session,
            world.as_("procurer"),
            world.now,
            world.project,
            replace(notice, **changes),  # type: ignore[arg-type]
            expected=project.current,
            note="更正公告（一）",
            timekeeper=DoubleTimekeeper(lambda: world.now),
        )

    world.run("correct_project", correct)


def mails(world: World) -> list[Message]:
    """The waiting messages for the bidders of all lots."""
    with world.sessions.reading() as session:
        waiting = outbox.pending(session, world.now + timedelta(hours=1), 1000, {"mail"})
        return [one for one in waiting if one.arguments["event"] == "term.short"]


def told(world: World) -> set[str]:
    """Addresses of those mails."""
    return {
        mail.to
        for message in mails(world)
        for mail in world.read(recipients.to_holders, message.arguments, world.now)
    }


@pytest.fixture
def world(sealed_world: World) -> World:
    worlds.with_policy(sealed_world)
    return sealed_world


def test_supplier_and_institution_see_the_letters_that_fall_short(world: World) -> None:
    case = letter(world)
    supplier, maker = world.as_("supplier"), world.as_("maker")
    assert world.read(queries.view, supplier, case).short_of is None
    corrected(world, bid_validity_days=120)
    for who in (supplier, maker):
        assert world.read(queries.view, who, case).short_of == NEEDED
    short = Filter(short=True)
    for listed, who in ((queries.supplier_cases, supplier), (queries.institution_cases, maker)):
        page = world.read(listed, who, world.now, short)
        assert [(row.case.id, row.short_of) for row in page.rows] == [(case, NEEDED)]
    corrected(world, bid_validity_days=90)
    assert world.read(queries.view, supplier, case).short_of is None
    assert world.read(queries.supplier_cases, supplier, world.now, short).rows == ()


def test_an_application_without_letter_is_not_short(world: World) -> None:
    case = applied(world)
    corrected(world, bid_validity_days=120)
    assert world.read(queries.view, world.as_("supplier"), case).short_of is None
    paid(world, case)
    issued(world, case)
    guarantee = get(world, case).guarantee
    assert guarantee is not None and guarantee.expires_on == NEEDED
    assert world.read(queries.view, world.as_("supplier"), case).short_of is None


@pytest.mark.parametrize("bids", [(), ("supplier",), ("supplier", "rival")])
def test_the_trace_of_a_correction_is_the_same_for_any_number_of_letters(
    world: World, bids: tuple[str, ...]
) -> None:
    for who in bids:
        letter(world, who)
    found = trace(world, lambda: corrected(world, bid_validity_days=120))
    # Two messages for everybody and two for those who act in the project.
    assert found == {"outbox": (4, 0)}


def test_mail_goes_to_the_bidders_of_all_lots_and_to_nobody_else(sessions: object) -> None:
    world = worlds.build(sessions, lots=2)  # type: ignore[arg-type]  # the fixture of conftest
    worlds.with_policy(world)
    corrected(world, bid_validity_days=120)
    assert told(world) == set()
    world.lot = world.lots[1]
    applied(world, "rival")
    assert told(world) == {"rival@example.invalid", "maker@example.invalid",
                           "checker@example.invalid"}  # fmt: skip
    world.lot = world.lots[0]
    applied(world)
    assert "supplier@example.invalid" in told(world)


def test_several_corrections_within_the_hour_are_one_mail(world: World) -> None:
    for days in (100, 110, 120):
        corrected(world, bid_validity_days=days)
    assert len(mails(world)) == 2
    assert all(one.not_before == world.now + timedelta(hours=1) for one in mails(world))
