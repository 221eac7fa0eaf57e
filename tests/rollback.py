"""Sessions of a test that leaves no trace: every commit is a savepoint inside one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import sessionmaker

from app.adapters.database import Sessions
from guarantees.ports import Vault


class SavepointSessions(Sessions):
    """As the application's, but over one connection whose transaction the test rolls back."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self.engine = connection.engine
        self.vault = vault
        self._make = sessionmaker(
            connection,
            info={"vault": vault},
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
        )
        self._make_reading = self._make


@contextmanager
def rolled_back(engine: Engine, vault: Vault) -> Iterator[Sessions]:
    with engine.connect() as connection, connection.begin() as transaction:
        yield SavepointSessions(connection, vault)
        transaction.rollback()
