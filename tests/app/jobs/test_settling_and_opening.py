"""The last letter of a lot and its opening, at the same moment, on both databases."""

import threading
from pathlib import Path

from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from guarantees.flow import issue, open_lot
from guarantees.flow.open_lot import Plan
from guarantees.queries import openings
from tests import house as houses
from tests import world as worlds
from tests.app.jobs.steps import get, paid
from tests.conftest import Database


def test_an_opening_begins_after_what_is_being_settled(
    own_database: Database, tmp_path: Path
) -> None:
    """A letter settled beside the beginning would stand on no list."""
    schema.upgrade(own_database.engine)
    world = worlds.build(Sessions(own_database.engine, Vault.create(tmp_path / "keys")))
    worlds.with_policy(world)
    house = houses.around(world, tmp_path)
    case = paid(world)
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
        order, letters=house.letters, files=world.files, vault=world.sessions.vault
    )
    settling, commit = threading.Event(), threading.Event()

    def settle(session: Session) -> None:
        issue.settle(session, world.now, case, order.intent, stored)
        settling.set()
        commit.wait(20)

    def begin(session: Session) -> None:
        plan = Plan("", world.lot, ())
        open_lot.begin(session, world.as_("procurer"), world.now, plan)

    letter = threading.Thread(target=world.sessions.write, args=("settle_letter", settle))
    opening = threading.Thread(target=world.sessions.write, args=("begin_opening", begin))
    letter.start()
    assert settling.wait(20)
    opening.start()
    opening.join(0.5)
    assert opening.is_alive()
    commit.set()
    letter.join(20)
    opening.join(20)
    assert get(world, case).state == "issued"
    seen = world.read(openings.room, world.as_("procurer"), world.now, world.lot)
    assert seen.state == "opening"
