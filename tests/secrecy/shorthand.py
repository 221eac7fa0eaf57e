"""A stand-in for the database that keeps what the records layer writes, ten times as fast.

It stands for `Sessions`, knows what the functions used by tests/secrecy/stock.py ask of a session
and nothing else, and takes down each transaction as tests/secrecy/written.py does of a real one:
test_thief.py holds the two against each other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, inspect
from sqlalchemy.sql.elements import BooleanClauseList, ColumnElement

from app.adapters.vault import Vault
from tests.secrecy.written import Change, Transaction, Written

R = TypeVar("R")


class Shorthand:
    """Satisfies what stock.py needs of app.adapters.database.Sessions."""

    def __init__(self, vault: Vault, now: Callable[[], datetime]) -> None:
        self.vault = vault
        self.written = Written(now)
        self.rows: dict[tuple[str, Any], Any] = {}
        """(table, primary key) → row, of those that were added as objects."""

    def write(self, _name: str, flow: Callable[[Any], R]) -> R:
        session = _Session(self)
        result = flow(session)
        session.flush()
        now = self.written.now()
        self.written.transactions.append(Transaction(now, tuple(session.changes)))
        return result


class _Session:
    def __init__(self, house: Shorthand) -> None:
        self.info = {"vault": house.vault}
        self.changes: list[Change] = []
        self._rows = house.rows
        self._new: list[Any] = []
        self._read: list[tuple[Any, dict[str, Any]]] = []

    # --- what the records layer calls

    def get_bind(self) -> Any:
        """Of no dialect that needs turns."""
        return _Nothing()

    def add(self, row: Any) -> None:
        self._new.append(row)

    def get(self, model: Any, key: Any) -> Any:
        return self._rows.get((model.__tablename__, key))

    def scalar(self, _query: Any) -> None:
        """Whether a leaf stands there already: new ones do not."""
        return

    def scalars(self, query: Any) -> "_Found":
        """Of `select(Model).where(primary key == …)`."""
        row = self._rows[
            query.column_descriptions[0]["entity"].__tablename__, query.whereclause.right.value
        ]
        self._read.append((row, _values(row)))
        return _Found([row])

    def execute(self, statement: Any) -> "_Found":
        """Of an insert or an update with values that are no expressions."""
        verb = type(statement).__name__.upper()
        values = {column.name: _value(given) for column, given in statement._values.items()}
        where = _compared(statement.whereclause) if verb == "UPDATE" else {}
        self._put(Change(verb, statement.table.name, _with_defaults(statement, values), where))
        return _Found([])

    def flush(self) -> None:
        """What was added first, as SQLAlchemy does."""
        added, self._new = self._new, []
        for row in added:
            values = _values(row)
            self._rows[row.__tablename__, inspect(type(row)).primary_key_from_instance(row)[0]] = (
                row
            )
            self.changes.append(Change("INSERT", row.__tablename__, values))
        for row, before in self._read:
            _written_again(self.changes, row, before)
        self._read = []

    def _put(self, change: Change) -> None:
        self.flush()
        self.changes.append(change)


class _Nothing:
    dialect = type("Dialect", (), {"name": "shorthand"})


class _Found:
    rowcount = 1

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def one_or_none(self) -> Any:
        return self._rows[0] if self._rows else None


def _values(row: Any) -> dict[str, Any]:
    """Columns with their defaults, which SQLAlchemy fills in at the flush."""
    made = {}
    for column in row.__table__.columns:
        value = getattr(row, column.name)
        made[column.name] = column.default.arg if value is None and column.default else value
    return made


def _with_defaults(statement: Any, values: dict[str, Any]) -> dict[str, Any]:
    if type(statement).__name__ == "Update":
        return values
    columns = statement.table.columns
    defaults = {one.name: one.default.arg for one in columns if one.default is not None}
    return {**defaults, **values}


def _written_again(changes: list[Change], row: Any, before: dict[str, Any]) -> None:
    """An update of what has changed, with the version raised where the mapping says so."""
    after = _values(row)
    values = {name: value for name, value in after.items() if value != before[name]}
    if not values:
        return
    [key] = [column.name for column in row.__table__.primary_key]
    where = {key: before[key]}
    version = inspect(type(row)).version_id_col
    if version is not None:
        values[version.name], where[version.name] = before[version.name] + 1, before[version.name]
        setattr(row, version.name, values[version.name])
    changes.append(Change("UPDATE", row.__tablename__, values, where))


def _compared(criterion: Any) -> dict[str, Any]:
    parts = criterion.clauses if isinstance(criterion, BooleanClauseList) else [criterion]
    return {
        one.left.name: one.right.value
        for one in parts
        if isinstance(getattr(one, "right", None), BindParameter)
    }


def _value(given: ColumnElement[Any] | Any) -> Any:
    return given.value if isinstance(given, BindParameter) else given
