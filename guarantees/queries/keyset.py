"""Keyset pages: a cursor holds the sort key of the row beside the page, so no page is slow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Row, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from guarantees.records.base import Instant

T = TypeVar("T")
Key = tuple[str | int, ...]

PAGE = 20


class Cursor(Protocol):
    """Where a page starts (app.paging.Cursor is one)."""

    @property
    def direction(self) -> str:
        """ "after" or "before" the row of this key."""

    @property
    def key(self) -> Key:
        """Sort key of the row next to the page; moments as ISO 8601."""


@dataclass(frozen=True)
class Slice(Generic[T]):
    """One page in display order."""

    items: tuple[T, ...]
    first: Key | None = None
    """Sort key of the first row if rows come before it."""
    last: Key | None = None
    """Sort key of the last row if rows come after it."""


Column = InstrumentedAttribute[Any] | ColumnElement[Any]


def page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    columns: Sequence[Column],
    cursor: Cursor | None,
    make: Callable[[Sequence[Row[*tuple[Any, ...]]]], Sequence[T]],
    *,
    descending: bool = False,
    size: int = PAGE,
) -> Slice[T]:
    """The page of `query` at the cursor, ordered by `columns`, which the query selects last.

    A cursor that is not a key of these columns is the first page. `make` turns all rows at once.
    """
    bounds = _bounds(columns, cursor)
    forward = cursor is None or bounds is None or cursor.direction == "after"
    rising = descending != forward
    if bounds is not None:
        mark = tuple_(*columns)
        query = query.where(mark > bounds if rising else mark < bounds)
    order = [column.asc() if rising else column.desc() for column in columns]
    rows = list(session.execute(query.order_by(*order).limit(size + 1)))
    more = len(rows) > size
    rows = rows[:size] if forward else rows[:size][::-1]
    before, after = (bounds is not None, more) if forward else (more, True)
    width = len(columns)
    return Slice(
        tuple(make(rows)),
        _key(rows[0][-width:]) if rows and before else None,
        _key(rows[-1][-width:]) if rows and after else None,
    )


def _bounds(columns: Sequence[Column], cursor: Cursor | None) -> Any:
    if cursor is None or len(cursor.key) != len(columns):
        return None
    try:
        values = [_read(column, value) for column, value in zip(columns, cursor.key, strict=True)]
    except ValueError:
        return None
    typed = (literal(value, column.type) for column, value in zip(columns, values, strict=True))
    return tuple_(*typed)


def _read(column: Column, value: str | int) -> Any:
    if not isinstance(column.type, Instant):
        return value
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a cursor's moment has its zone")
    return moment


def _key(values: Sequence[Any]) -> Key:
    return tuple(
        value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for value in values
    )
