from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from tests import visitors, world
from tests.visitors import Pages


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    engine = make_engine(f"sqlite:///{tmp_path / 'baohan.db'}")
    schema.upgrade(engine)
    made = world.build(Sessions(engine, Vault.create(tmp_path / "keys")), lots=2)
    yield visitors.visit(made, tmp_path, monkeypatch)
    engine.dispose()
