"""The migrations make what the models say, and unmake it, on both databases."""

import pytest
from sqlalchemy import inspect

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from app.settings import BadSetting
from tests.conftest import Database
from tests.world import START


def test_migrations_equal_the_models(own_database: Database) -> None:
    schema.upgrade(own_database.engine)
    assert schema.differences(own_database.engine) == []


def test_upgrade_twice_and_back(own_database: Database) -> None:
    schema.upgrade(own_database.engine)
    schema.upgrade(own_database.engine)
    schema.downgrade(own_database.engine)
    assert inspect(own_database.engine).get_table_names() == ["alembic_version"]
    schema.upgrade(own_database.engine)
    assert schema.differences(own_database.engine) == []


def test_a_database_keeps_its_mode(sessions: Sessions, vault: Vault) -> None:
    made = sessions.write(
        "make_database", lambda session: schema.ensure_mode(session, "production", START)
    )
    assert made == "production"
    with pytest.raises(BadSetting, match="made for production"):
        sessions.write(
            "make_database", lambda session: schema.ensure_mode(session, "demonstration", START)
        )
