"""A lot that nobody has a key for: nothing is applied or paid for; what was paid for waits."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.house import House
from app.jobs.letters import KEY_PAUSE
from app.jobs.worker import Jobs
from guarantees.errors import NoOpeningKey
from guarantees.flow import apply, pay, remind
from guarantees.queries import opening_keys, recipients
from guarantees.records import outbox
from guarantees.records.person import OpeningKey
from guarantees.records.project import Mandate
from tests.app.jobs.steps import ACCOUNT, applied, get, paid
from tests.house import OPENING, Mailbox
from tests.world import World


def turned(world: World, state: str) -> None:
    """All keys, as a revocation would."""

    def change(session: Session) -> None:
        for key in session.scalars(select(OpeningKey)):
            key.state = state

    world.run("opening_key", change)


def told(world: World, event: str) -> list[str]:
    def query(session: Session) -> list[str]:
        found = outbox.pending(session, world.now, 999, {"mail"})
        due = [one.arguments for one in found if one.arguments["event"] == event]
        return sorted(mail.to for one in due for mail in recipients.mails(session, one))

    return world.read(query)


def test_nothing_is_applied_for(world: World) -> None:
    turned(world, "retired")
    with pytest.raises(NoOpeningKey):
        applied(world)
    turned(world, "active")
    assert applied(world)


def test_nothing_is_paid_for(world: World) -> None:
    case = applied(world)
    turned(world, "retired")
    with pytest.raises(NoOpeningKey):
        world.run("order_payment", pay.order, world.as_("supplier"), world.now, case, ACCOUNT)
    assert get(world, case).payments == []


def test_an_agency_counts_with_a_mandate_to_open_alone(world: World) -> None:
    def agencys(session: Session) -> None:
        key = session.scalars(select(OpeningKey)).one()
        key.organisation_id = world.people["agency"].organisation_id

    world.run("opening_key", agencys)
    assert world.read(opening_keys.openable, world.project, world.now)

    def see_only(session: Session) -> None:
        session.scalars(select(Mandate)).one().actions = ["opening.read"]

    world.run("mandate", see_only)
    assert not world.read(opening_keys.openable, world.project, world.now)
    with pytest.raises(NoOpeningKey):
        world.run("apply", apply.submit, world.as_("supplier"), world.now, world.form(), "k")


def test_a_paid_letter_waits_and_says_so_once(world: World, house: House) -> None:
    case = paid(world)
    turned(world, "retired")
    Jobs(house).run_due()
    letters = house.letters.calls  # type: ignore[attr-defined]
    for _ in range(3):
        world.now += KEY_PAUSE
        Jobs(house).run_due()
    said = [one.what for one in get(world, case).events]
    assert said.count("letter.waits") == 1
    assert get(world, case).state == "issuing"
    assert house.letters.calls == letters == 0  # type: ignore[attr-defined]
    mailbox = house.mailer
    assert isinstance(mailbox, Mailbox)
    assert "maker@example.invalid" in {to for to, _subject, _text in mailbox.mails}
    turned(world, "active")
    world.now += KEY_PAUSE
    Jobs(house).run_due()
    assert get(world, case).state == "issued"


def test_it_is_not_looked_at_all_the_time(world: World, house: House) -> None:
    paid(world)
    turned(world, "retired")
    Jobs(house).run_due()
    turned(world, "active")
    world.now += KEY_PAUSE - timedelta(seconds=1)
    assert Jobs(house).run_due() == 0
    world.now += timedelta(seconds=1)
    assert Jobs(house).run_due() > 0


def test_at_the_opening_it_waits_no_longer(world: World, house: House) -> None:
    case = paid(world)
    turned(world, "retired")
    Jobs(house).run_due()
    world.now = OPENING
    Jobs(house).run_due()
    held = get(world, case)
    assert held.state == "lapsed"
    assert [one.cause for one in held.due_back] == ["lapsed"]


def test_the_parties_hear_of_it_without_any_bid(world: World) -> None:
    """The same for a project with bids and without, once a week."""
    both = ["agency@example.invalid", "procurer@example.invalid"]
    assert world.run("reminder", remind.remind, world.now) == 0
    turned(world, "retired")
    assert world.run("reminder", remind.remind, world.now) == 1
    assert world.run("reminder", remind.remind, world.now) == 0
    assert told(world, remind.MISSING) == both
    later = world.now + remind.AGAIN
    assert world.run("reminder", remind.remind, later - timedelta(seconds=1)) == 0
    assert world.run("reminder", remind.remind, later) == 1
    assert told(world, remind.MISSING) == sorted([*both, *both])
