"""Engines and sessions for SQLite and PostgreSQL, and the one place that commits."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from guarantees.errors import Conflict
from guarantees.ports import Vault
from signing import faults

Result = TypeVar("Result")

BUSY_MILLISECONDS = 15_000
"""How long a SQLite writer waits for another one."""

MAPPED_BYTES = 256 * 2**20
"""So much of a SQLite file is read without copying: full lists touch thousands of pages."""

ATTEMPTS = 12
"""Tries of one flow call before a race is given up; each one reads everything anew."""

RETRIED_STATES = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL: serialization failure, deadlock, lock not available."""


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql://…` (through psycopg 3)."""
    if url.startswith("sqlite"):
        # hide_parameters: an error in a log must not carry a bidder's name.
        engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url.removeprefix(prefix)
    return create_engine(
        url, pool_size=16, max_overflow=16, pool_pre_ping=True, hide_parameters=True
    )


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        f"mmap_size={MAPPED_BYTES}",
        "synchronous=FULL",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


WRITES = (
    "join",
    "sign_in",
    "sign_out",
    "people",
    "admit",
    "import_projects",
    "enter_project",
    "correct_project",
    "register_project",
    "mandate",
    "opening_key",
    "key_change",
    "recovery",
    "rehearsal",
    "reminder",
    "trustee_key",
    "set_trust",
    "rehearse_trustee",
    "approve_release",
    "product",
    "policy",
    "design",
    "draft",
    "apply",
    "withdraw",
    "underwrite",
    "order_payment",
    "payment_notice",
    "reserve_letter",
    "settle_letter",
    "withdraw_letter",
    "withhold_letter",
    "hold",
    "ask_end",
    "end_lot",
    "passphrase",
    "begin_opening",
    "opening_waits",
    "open_letter",
    "finish_opening",
    "lapse",
    "archive_stamp",
    "begin_log",
    "plan_batch",
    "publish_batch",
    "outbox",
    "make_database",
    "demo_data",
)
"""Every kind of commit. Each has a fault point before and after it (decisions.md)."""

BEFORE = {name: faults.declare(f"{name}.before_commit") for name in WRITES}
AFTER = {name: faults.declare(f"{name}.after_commit") for name in WRITES}


class Sessions:
    """Makes sessions that carry the vault; runs flows and commits once per call."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        self._make = sessionmaker(engine, info={"vault": vault}, expire_on_commit=False)
        reading = engine.execution_options(sqlite_begin="DEFERRED")
        self._make_reading = sessionmaker(reading, info={"vault": vault})

    def reading(self) -> Session:
        """A session for queries only; with SQLite it waits for no writer."""
        return self._make_reading()

    def write(self, name: str, flow: Callable[[Session], Result]) -> Result:
        """Run one flow call and commit it; on a lost race run it again from the start.

        `name` is one of WRITES. Raises what the flow raises, and
        `Conflict` when the race was lost too often.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self._make() as session:
                    result = flow(session)
                    faults.point(BEFORE[name])
                    session.commit()
                    faults.point(AFTER[name])
                    return result
            except (IntegrityError, StaleDataError, Conflict):
                pass
            except DBAPIError as error:
                if not _retryable(error):
                    raise
            time.sleep(0.01 * (attempt + 1))
        raise Conflict(noun=name)


def _retryable(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in RETRIED_STATES or "database is locked" in str(error.orig)
