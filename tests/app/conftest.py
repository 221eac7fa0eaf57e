from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from app.house import House
from tests import house as houses
from tests import world as worlds
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world whose institution approves by policy: an application goes straight to payment."""
    engine = make_engine(f"sqlite:///{tmp_path / 'baohan.db'}")
    schema.upgrade(engine)
    made = worlds.build(Sessions(engine, Vault.create(tmp_path / "keys")))
    worlds.with_policy(made)
    yield made
    engine.dispose()


@pytest.fixture
def house(world: World, tmp_path: Path) -> House:
    return houses.around(world, tmp_path)
