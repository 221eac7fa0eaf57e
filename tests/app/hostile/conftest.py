from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.adapters.vault import Vault
from tests.app.hostile import later
from tests.app.hostile.stage import Faults, Stage, build
from tests.rollback import SavepointSessions


@pytest.fixture(scope="module")
def stage(migrated: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("hostile")
    with (
        migrated.connect() as connection,
        connection.begin() as transaction,
        pytest.MonkeyPatch.context() as patch,
    ):
        sessions = SavepointSessions(connection, Vault.create(folder / "keys"))
        made = build(sessions, connection, folder, patch)
        later.prepare(made)
        yield made
        transaction.rollback()


@pytest.fixture
def faults() -> Iterator[Faults]:
    made = Faults()
    yield made
    assert made.found == [], "\n".join(made.found)
