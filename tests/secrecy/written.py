"""What a thief of the whole history gets: every transaction's rows in their order, every file, mail
and log line. As a write-ahead log, a file system and a mail folder show it: without any key.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BindParameter, Column, Engine, Table, event
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression
from structlog.testing import capture_logs

FRAME = ("BEGIN", "PRAGMA")
"""First words of statements that neither read nor write a row."""


@dataclass(frozen=True)
class Change:
    """One row that was written."""

    verb: str
    """"INSERT", "UPDATE" or the first word of whatever else it was."""
    table: str
    values: Mapping[str, Any]
    """Column → what was put into it."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Column → what chose the row."""


@dataclass(frozen=True)
class Transaction:
    """One commit that wrote something."""

    at: datetime | None
    changes: tuple[Change, ...]


@dataclass
class Written:
    """Transactions and log lines as they come; files and mails are looked at when asked for."""

    now: Any = None
    """The clock, or None where time plays no part."""
    transactions: list[Transaction] = field(default_factory=list)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    statements: int = 0
    """Those that read or write: what a request's duration shows."""
    _open: dict[int, list[Change]] = field(default_factory=dict)
    _seen: Any = None

    @property
    def changes(self) -> Iterator[Change]:
        for transaction in self.transactions:
            yield from transaction.changes

    # --- events of the engine

    def _executing(
        self, connection: Any, _cursor: Any, statement: str, _given: Any, context: Any, _many: bool
    ) -> None:
        verb = statement.split(None, 1)[0].upper()
        self.statements += verb not in FRAME
        if verb in ("SELECT", *FRAME) or context is self._seen:
            return  # a long insert is executed in batches of one context
        self._seen = context
        self._open.setdefault(id(connection.connection.dbapi_connection), []).extend(
            _changes(verb, context)
        )

    def _committing(self, connection: Any) -> None:
        changes = self._open.pop(id(connection.connection.dbapi_connection), [])
        if changes:
            now = self.now() if self.now else None
            self.transactions.append(Transaction(now, tuple(changes)))

    def _rolling_back(self, connection: Any) -> None:
        self._open.pop(id(connection.connection.dbapi_connection), None)


@contextmanager
def written(engine: Engine, now: Any = None) -> Iterator[Written]:
    """All that goes through the engine, and all log lines, until the end of the block."""
    made = Written(now)
    listeners = {
        "before_cursor_execute": made._executing,
        "commit": made._committing,
        "rollback": made._rolling_back,
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    with capture_logs() as made.lines:
        yield made
    for name, listener in listeners.items():
        event.remove(engine, name, listener)


def _changes(verb: str, context: Any) -> Iterator[Change]:
    compiled = getattr(context, "compiled", None)
    table = getattr(getattr(compiled, "statement", None), "table", None)
    if not isinstance(table, Table):
        yield Change(verb, "?", {"statement": context.statement})
        return
    chosen_by = _where(compiled)
    for given in context.compiled_parameters:
        where = {chosen_by[name]: value for name, value in given.items() if name in chosen_by}
        values = {name: value for name, value in given.items() if name not in chosen_by}
        yield Change(verb, table.name, values, where)


def _where(compiled: Any) -> dict[str, str]:
    """Name of a parameter → the column that it is compared with."""
    criterion = getattr(compiled.statement, "whereclause", None)
    found: dict[str, str] = {}
    for one in visitors.iterate(criterion) if criterion is not None else ():
        if isinstance(one, BinaryExpression) and isinstance(one.right, BindParameter):
            assert isinstance(one.left, Column)
            found[compiled.bind_names[one.right]] = one.left.name
    return found


@dataclass(frozen=True)
class File:
    """A file as a directory shows it."""

    name: str
    """Below the data folder."""
    size: int
    mtime: int
    """Nanoseconds."""
    inode: int
    path: Path


def files(folder: Path) -> list[File]:
    """All files below a folder, the oldest first."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            stat = path.stat()
            name = str(path.relative_to(folder))
            found.append(File(name, stat.st_size, stat.st_mtime_ns, stat.st_ino, path))
    return sorted(found, key=lambda one: (one.mtime, one.inode))
