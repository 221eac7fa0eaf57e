"""Bringing a database to the schema of this version, and what kind of database it is."""

from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from app.settings import ROOT, BadSetting
from guarantees.records.base import Base
from guarantees.records.platform import Platform

MIGRATIONS = ROOT / "migrations"


def _config(connection: Connection, folder: Path = MIGRATIONS) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def differences(engine: Engine) -> list[object]:
    """What the models have and the migrated database has not, and the reverse."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def ensure_mode(session: Session, mode: str, now: datetime) -> str:
    """Write the mode into a new database; an existing one keeps its own.

    `BadSetting` if the settings ask for another: demonstration data must never reach production.
    """
    row = session.get(Platform, 1)
    if row is None:
        session.add(Platform(id=1, mode=mode, made_at=now))
        session.flush()
        return mode
    if row.mode != mode:
        raise BadSetting(f"BAOHAN_MODE is {mode}, but this database was made for {row.mode}")
    return row.mode
