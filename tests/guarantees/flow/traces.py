"""What a thief of the database sees change: rows of the sealed tables, byte by byte."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.records.base import Base
from tests.world import World

SEALED = (
    "sealed_case",
    "sealed_index",
    "exposure_book",
    "lot_archive",
    "outbox",
    "log_leaf",
    "idempotency",
)

Rows = dict[str, dict[Any, tuple[Any, ...]]]


def rows(session: Session) -> Rows:
    """Every row of these tables by its key."""
    found: Rows = {}
    for name in SEALED:
        table = Base.metadata.tables[name]
        [key] = table.primary_key.columns
        place = list(table.columns).index(key)
        found[name] = {row[place]: tuple(row) for row in session.execute(select(table))}
    return found


def trace(world: World, act: Callable[[], object]) -> dict[str, tuple[int, int]]:
    """Rows that `act` added and changed, by table; tables that it left alone are not named."""
    before = world.read(rows)
    act()
    after = world.read(rows)
    found = {}
    for name in SEALED:
        added = after[name].keys() - before[name].keys()
        changed = [key for key, row in before[name].items() if after[name][key] != row]
        if added or changed:
            found[name] = (len(added), len(changed))
    return found
