"""A letter is settled while its lot's opening begins: it is on the list, or it never was."""

import threading
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from guarantees.errors import TooLate
from guarantees.flow import issue, open_lot
from guarantees.flow.steps.envelopes import Stored
from guarantees.ports import LetterOrder
from guarantees.records import casebook
from tests import world as worlds
from tests.app.jobs.steps import paid
from tests.conftest import Database
from tests.house import OPENING
from tests.world import PASSPHRASE, World

HELD = 0.5
"""Seconds in which the other one would have ended if nothing held it."""


@pytest.fixture
def world(own_database: Database, tmp_path: Path) -> World:
    schema.upgrade(own_database.engine)
    made = worlds.build(Sessions(own_database.engine, Vault.create(tmp_path / "keys")))
    worlds.with_policy(made)
    return made


def produced(world: World, case: str) -> tuple[LetterOrder, Stored]:
    """The letter lies in the store; the case does not know it yet."""
    order = world.run(
        "reserve_letter",
        issue.reserve,
        world.now,
        case,
        base_url="https://example.invalid",
        recovery=world.recovery.public_key,
    )
    assert order is not None
    letters = world.letter_factory()
    vault = world.sessions.vault
    return order, issue.produce(order, letters=letters, files=world.files, vault=vault)


def planned(world: World) -> open_lot.Plan:
    """At T."""
    world.now = OPENING
    procurer = world.as_("procurer")
    keys = world.read(open_lot.unlock_keys, procurer, world.now, world.lot, PASSPHRASE)
    assert keys
    files, vault = world.files, world.sessions.vault
    return world.read(open_lot.prepare, procurer, world.now, world.lot, files=files, vault=vault)


def begin(world: World, plan: open_lot.Plan) -> None:
    world.run("begin_opening", open_lot.begin, world.as_("procurer"), world.now, plan)


def test_an_opening_begins_after_the_letter_that_is_being_settled(world: World) -> None:
    before = world.now
    case = paid(world)
    order, stored = produced(world, case)
    plan = planned(world)
    written, go_on, begun = threading.Event(), threading.Event(), threading.Event()

    def settle(session: Session) -> None:
        issue.settle(session, before, case, order.intent, stored)  # by a clock that is late
        written.set()
        assert go_on.wait(30)

    def open_it() -> None:
        begin(world, plan)
        begun.set()

    settling = threading.Thread(target=world.sessions.write, args=("settle_letter", settle))
    settling.start()
    assert written.wait(30)
    opening = threading.Thread(target=open_it)
    opening.start()
    assert not begun.wait(HELD)
    go_on.set()
    settling.join(30)
    opening.join(30)
    assert begun.is_set()
    assert [one.case for one in planned(world).letters] == [case]


def test_no_letter_is_settled_once_the_opening_has_begun(world: World) -> None:
    before = world.now
    case = paid(world)
    order, stored = produced(world, case)
    begin(world, planned(world))
    with pytest.raises(TooLate):
        world.run("settle_letter", issue.settle, before, case, order.intent, stored)
    assert world.read(casebook.get, case).letter is None
    assert planned(world).letters == ()
