"""What all tests share: databases of both kinds, a browser, and no way out of this machine."""

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import hypothesis
import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from tests.browsers import NoBrowser, Windows, chromium
from tests.databases import KINDS, Kind, fresh_database
from tests.postgres import start_run
from tests.rollback import rolled_back

# Two slow cores that others use too: an example's time says nothing about the code.
hypothesis.settings.register_profile("baohan", deadline=None, print_blob=True)
hypothesis.settings.load_profile("baohan")

FAILED = pytest.StashKey[bool]()


class NetworkRefused(Exception):
    """A test wanted to leave this machine."""


def stay_here(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: refuses connections and names beyond this machine."""
    if event in ("socket.connect", "socket.sendto"):
        sock, address = arguments[0], arguments[-1]
        if isinstance(sock, socket.socket) and sock.family in (socket.AF_INET, socket.AF_INET6):
            require_here(address[0] if isinstance(address, tuple) else address)
    elif event == "socket.getaddrinfo":
        require_here(arguments[0])


def require_here(host: object) -> None:
    """Raise NetworkRefused unless the host (str, bytes or None) is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return
    try:
        here = ipaddress.ip_address(str(name).split("%")[0]).is_loopback
    except ValueError:
        here = False
    if not here:
        raise NetworkRefused(f"tests open no connection beyond this machine: {name}")


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers start: the directory that they share, and the guard of the network."""
    start_run()
    sys.addaudithook(stay_here)


@dataclass(frozen=True)
class Database:
    """A database of this run."""

    kind: Kind
    url: str
    """For SQLAlchemy, after `engine_factory`; for DATABASE_URL of a process that a test starts."""
    engine: Engine


@pytest.fixture(scope="session")
def engine_factory() -> Callable[[str], Engine]:
    """How tests make engines: as the application does."""
    return make_engine


@pytest.fixture(scope="session", params=KINDS)
def database(
    request: pytest.FixtureRequest, engine_factory: Callable[[str], Engine]
) -> Iterator[Database]:
    """One database per worker and kind, empty at first; tests roll back what they do to it."""
    yield from open_database(request.param, engine_factory)


@pytest.fixture(scope="session")
def migrated(database: Database) -> Engine:
    """The engine of a database of either kind that has every table."""
    schema.upgrade(database.engine)
    return database.engine


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Keys of this run; cases of different tests never meet, each rolls its own back."""
    return Vault.create(tmp_path_factory.mktemp("keys") / "vault")


@pytest.fixture
def sessions(migrated: Engine, vault: Vault) -> Iterator[Sessions]:
    """Sessions over both kinds of database whose commits are undone after the test."""
    with rolled_back(migrated, vault) as made:
        yield made


@pytest.fixture(params=KINDS)
def own_database(
    request: pytest.FixtureRequest, engine_factory: Callable[[str], Engine]
) -> Iterator[Database]:
    """An empty database for one test that kills, races or browses."""
    yield from open_database(request.param, engine_factory)


def open_database(kind: Kind, engine_factory: Callable[[str], Engine]) -> Iterator[Database]:
    """A fresh database and its engine, both gone afterwards."""
    with fresh_database(kind) as url:
        engine = engine_factory(url)
        yield Database(kind, url, engine)
        engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium per file of tests. Where there is none they say so; with CI=true they fail.

    Not one per worker: while Playwright runs, its event loop is the thread's, and whatever else
    runs a loop there (pyHanko) cannot.
    """
    try:
        with chromium() as running:
            yield running
    except NoBrowser as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def windows(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Windows]:
    """Opens pages (`windows.open(PHONE)`); a failed test leaves a screenshot of each."""
    opened = Windows(browser)
    yield opened
    if request.node.stash.get(FAILED, False):
        for path in opened.keep(request.node.nodeid):
            print(f"screenshot: {path}")
    opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember on the test whether it failed, for the fixtures that clear up after it."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report
