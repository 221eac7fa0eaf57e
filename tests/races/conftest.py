import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.databases import KINDS, fresh_database
from tests.faults.outside import Bank
from tests.faults.stage import prepare
from tests.races.crowd import Servers, servers
from tests.world import World, _organisation, _person

CROWD = 50
"""Suppliers besides the world's own."""

LAYOUT = {"sqlite": (1, 32), "postgresql": (2, 12)}
"""Server processes and threads of each."""


@dataclass(frozen=True)
class Arena:
    """Servers over one world, which the test can look into."""

    servers: Servers
    world: World
    by_people: str
    """A product that no policy decides."""
    bank: Bank


def _crowd(world: World) -> None:
    def add(session: object) -> None:
        for place in range(CROWD):
            who = f"s{place}"
            made = _organisation(session, world, "supplier", who)  # type: ignore[arg-type]
            world.people[who] = _person(session, world, made, who, "clerk")  # type: ignore[arg-type]

    world.run("demo_data", add)


@pytest.fixture(scope="module", params=KINDS)
def arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    """Two server processes on PostgreSQL, one of many threads on SQLite."""
    folder, bank = tmp_path_factory.mktemp(request.param), Bank()
    with fresh_database(request.param) as url:
        world = prepare(folder, url, lots=4, more=_crowd)
        notes = json.loads((folder / "world.json").read_text())
        stage = {
            "folder": str(folder),
            "url": url,
            "begun_at": time.time(),
            "bank_key": bank.public_key.hex(),
        }
        with servers(*LAYOUT[request.param], json.dumps(stage)) as running:
            yield Arena(running, world, notes["products"]["by_people"], bank)
        world.sessions.engine.dispose()
