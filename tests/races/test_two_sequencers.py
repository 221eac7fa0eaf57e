"""Two sequencers at once on PostgreSQL: one log comes out, every leaf in it once."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.adapters import log as logs
from app.adapters import log_audit, schema
from app.adapters.database import Sessions, make_engine
from app.adapters.log import Busy
from app.adapters.vault import Vault
from app.house import House
from app.jobs.publishing import publish
from guarantees.flow.publish_log import BATCH
from guarantees.records import log as records
from guarantees.records.sealed import LogLeaf
from tests import house as houses
from tests import world as worlds
from tests.databases import fresh_database

ROUNDS = 12
LEAVES = 500


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Two processes' houses: the same database, folder and signer, connections of their own."""
    with fresh_database("postgresql") as url:
        engines = [make_engine(url), make_engine(url)]
        schema.upgrade(engines[0])
        vault = Vault.create(tmp_path / "keys")
        world = worlds.build(Sessions(engines[0], vault))
        first = houses.around(world, tmp_path)
        yield first, replace(first, sessions=Sessions(engines[1], vault))
        for engine in engines:
            engine.dispose()


def leave(house: House, count: int) -> None:
    digests = [number.to_bytes(32, "big") for number in range(count)]
    house.sessions.write(
        "demo_data", lambda session: [records.pending(session, "seal", one) for one in digests]
    )


def run(house: House, start: threading.Barrier, faults: list[BaseException]) -> None:
    """So many batches, as fast as it goes; whoever is not let in tries again."""
    done = 0
    start.wait()
    while done < ROUNDS:
        try:
            publish(house, patience=0.2)
            done += 1
        except Busy:
            continue
        except BaseException as error:
            faults.append(error)
            return


def free(_folder: Path, _patience: float) -> AbstractContextManager[None]:
    """A file lock that the other machine does not see."""
    return nullcontext()


@pytest.mark.parametrize("hosts", ["one", "two"])
def test_two_at_once(two: tuple[House, House], hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On two hosts the database alone keeps them apart."""
    if hosts == "two":
        monkeypatch.setattr(logs, "_locked", free)
    house, _ = two
    leave(house, LEAVES)
    start, failed = threading.Barrier(2), list[BaseException]()
    threads = [threading.Thread(target=run, args=(one, start, failed)) for one in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    opened = house.log.opened()
    assert opened is not None
    assert opened.checkpoint.size == 2 * ROUNDS * BATCH
    with house.sessions.reading() as session:
        assert [*log_audit.broken(session, house.log.folder)] == []
        places = session.scalars(select(LogLeaf.index)).all()
    assert None not in places
    assert len(set(places)) == LEAVES


def test_the_lock_goes_with_its_connection(
    two: tuple[House, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sequencer that the database no longer sees holds nobody up."""
    monkeypatch.setattr(logs, "_locked", free)
    first, second = two
    with first.log.alone(first.sessions.engine):
        with pytest.raises(Busy):
            publish(second)
        end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        with second.sessions.engine.connect() as connection:
            assert connection.scalar(text(end)) is True
        assert publish(second) == BATCH
    assert publish(first) == 2 * BATCH
