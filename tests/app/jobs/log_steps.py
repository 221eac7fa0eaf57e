"""What tests of the log do and look at."""

import secrets
from collections.abc import Iterable
from dataclasses import replace

from app.house import House
from guarantees.queries import log as queries
from guarantees.records import log as records
from signing import log


def leave(house: House, count: int) -> list[bytes]:
    """So many leaves that wait, of any kind."""
    digests = [secrets.token_bytes(32) for _ in range(count)]
    return house.sessions.write(
        "demo_data", lambda session: [records.pending(session, "seal", one) for one in digests]
    )


def indexes(house: House, leaves: Iterable[bytes]) -> dict[bytes, int | None]:
    with house.sessions.reading() as session:
        return queries.indexes(session, leaves)


def state(house: House) -> queries.State:
    with house.sessions.reading() as session:
        found = queries.state(session)
    assert found is not None
    return found


def opened(house: House) -> log.Opened:
    found = house.log.opened()
    assert found is not None
    return found


def changed(house: House, **values: object) -> House:
    return replace(house, log=replace(house.log, **values))  # type: ignore[arg-type]
