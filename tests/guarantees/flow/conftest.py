from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from tests import world as worlds


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'baohan.db'}")
    schema.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "keys")


@pytest.fixture
def sessions(migrated: Engine, vault: Vault) -> Sessions:
    return Sessions(migrated, vault)


@pytest.fixture
def world(sessions: Sessions) -> worlds.World:
    return worlds.build(sessions)
