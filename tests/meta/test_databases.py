"""The databases of the tests: really two kinds, made beside what is there, gone afterwards."""

import secrets
import time
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text

from tests import databases
from tests.conftest import Database, NetworkRefused, require_here
from tests.databases import OLDEST, PREFIX, STALE_SECONDS, Kind, fresh_database, server_url
from tests.postgres import embedded_server


def names() -> set[str]:
    """The databases of the server."""
    with psycopg.connect(server_url(), autocommit=True) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def test_a_database_is_what_it_says(database: Database) -> None:
    assert database.engine.dialect.name == database.kind
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_postgresql_database_has_a_name_of_its_own_and_goes() -> None:
    with fresh_database("postgresql") as url:
        name = make_url(url).database
        assert name is not None and name.startswith(PREFIX)
        assert name in names()
        open_all_the_time = psycopg.connect(url)
    assert name not in names()
    open_all_the_time.close()


def test_a_sqlite_database_goes() -> None:
    with fresh_database("sqlite") as url:
        file = Path(url.removeprefix("sqlite:///"))
        assert file.parent.is_dir()
    assert not file.parent.exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_databases_do_not_meet(kind: Kind) -> None:
    with fresh_database(kind) as one, fresh_database(kind) as other:
        assert one != other


def test_only_what_a_crash_left_is_dropped() -> None:
    old = f"{PREFIX}{int(time.time()) - STALE_SECONDS - 60}_{secrets.token_hex(6)}"
    with (
        fresh_database("postgresql") as url,
        psycopg.connect(server_url(), autocommit=True) as connection,
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(old)))
        databases._drop_stale(server_url())
        assert old not in names()
        assert make_url(url).database in names()


def test_the_database_that_is_named_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    named = make_url(server_url()).set(drivername="postgresql+psycopg", database="precious")
    monkeypatch.setenv("DATABASE_URL", named.render_as_string(hide_password=False))
    found = make_url(server_url.__wrapped__())
    assert found.database == "postgres"
    assert (found.host, found.port, found.query) == (named.host, named.port, named.query)


def test_a_server_that_is_named_and_silent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/x")
    with pytest.raises(psycopg.OperationalError):
        server_url.__wrapped__()


def test_the_embedded_server_runs_and_can_make_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "server_url", embedded_server)
    with fresh_database("postgresql") as url, psycopg.connect(url) as connection:
        assert connection.info.server_version >= OLDEST
        collation = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        assert connection.execute(collation).fetchone() == ("C",)


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", b"example.org", "2001:db8::1"])
def test_tests_stay_on_this_machine(host: str | bytes) -> None:
    with pytest.raises(NetworkRefused):
        require_here(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", None, b"127.0.0.53"])
def test_this_machine_may_be_reached(host: str | bytes | None) -> None:
    require_here(host)
