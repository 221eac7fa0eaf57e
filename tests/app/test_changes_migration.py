"""Migration 0005 over a database that has letters in it, and back, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from app.house import House
from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.flow import withdraw_letter
from tests import house as houses
from tests import world as worlds
from tests.app.jobs.steps import get, paid
from tests.app.jobs.true_time import with_true_time
from tests.conftest import Database
from tests.guarantees.flow.test_audit import rules
from tests.house import OPENING
from tests.world import PASSPHRASE, World

TABLES = ("letter", "guarantee", "opening_result", "product", "sealed_case", "opening")
BEFORE = "0004"


@pytest.fixture
def world(own_database: Database, tmp_path: Path) -> World:
    schema.upgrade(own_database.engine)
    made = worlds.build(Sessions(own_database.engine, Vault.create(tmp_path / "keys")), lots=2)
    worlds.with_policy(made)
    return made


@pytest.fixture
def house(world: World, tmp_path: Path) -> House:
    return with_true_time(world, houses.around(world, tmp_path))


def counts(world: World) -> dict[str, int]:
    with world.sessions.engine.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in TABLES
        }


def test_letters_sealed_and_opened_outlive_it(world: World, house: House) -> None:
    sealed = paid(world)
    Jobs(house).run_due()
    world.lot, first = world.lots[1], world.lots[0]
    opened = paid(world, "rival")
    Jobs(house).run_due()
    world.now = OPENING
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    world.lot = first
    before = counts(world)
    assert before["letter"] == before["opening_result"] == 1
    engine = world.sessions.engine
    schema.downgrade(engine, BEFORE)
    assert counts(world) == before
    schema.upgrade(engine)
    assert schema.differences(engine) == []
    assert counts(world) == before
    held = get(world, opened).letter
    assert held is not None and held.state == "opened"
    world.now = worlds.START
    actor = world.as_("supplier")
    world.run("withdraw_letter", withdraw_letter.withdraw, actor, world.now, sealed)
    world.now = OPENING
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    assert counts(world)["opening_result"] == 2
    assert rules(world) == set()
