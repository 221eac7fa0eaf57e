"""The sandbox bank's own books: orders, accounts and notices in a small SQLite file.

An order is carried out once: its bookings, its notice and the notice's signature are one commit.
"""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
  reference TEXT PRIMARY KEY, payer TEXT NOT NULL, payee TEXT NOT NULL, fen INTEGER NOT NULL,
  rule TEXT NOT NULL, carry_out_at REAL NOT NULL, bank_reference TEXT, notice BLOB, signature TEXT,
  deliveries INTEGER NOT NULL DEFAULT 0, wanted INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0, deliver_at REAL);
CREATE TABLE IF NOT EXISTS bookings (
  reference TEXT NOT NULL, account TEXT NOT NULL, fen INTEGER NOT NULL,
  PRIMARY KEY (reference, account));
"""

REPEAT_PAUSE = 0.3
"""Seconds between a notice that was taken and its repetition, where a rule wants one."""

LONGEST_PAUSE = 60.0
"""Seconds between attempts to deliver a notice that nobody takes; they double from half a one."""


class OrderDiffers(Exception):
    """The reference belongs to an order with other parties or another amount."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the bank treats a payer: for demonstrations and tests of what banks do."""

    payer_ends_with: str = ""
    """Last digits of the payer's account; empty: everybody."""
    outcome: str = "paid"
    """"paid" or "failed"."""
    reason: str = ""
    delay_seconds: float = 0.0
    repeat: int = 0
    """How often the notice comes again after it was taken."""
    short_fen: int = 0
    """Fen that arrive less than ordered."""
    refusals: int = 0
    """How often the order is answered with 503 before it is taken."""


@dataclass(frozen=True, slots=True)
class Order:
    reference: str
    payer: str
    payee: str
    fen: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed notice that is due."""

    reference: str
    notice: bytes = field(repr=False)
    signature: str


Signer = Callable[[bytes], str]


class Books:
    """Shared by threads; every method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def take(self, order: Order, rule: Rule, now: datetime) -> bool:
        """Whether the order is new; the same one again changes nothing. OrderDiffers."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT reference, payer, payee, fen FROM orders WHERE reference = ?",
                (order.reference,),
            ).fetchone()
            if row is not None:
                if Order(**dict(row)) != order:
                    raise OrderDiffers
                return False
            database.execute(
                "INSERT INTO orders (reference, payer, payee, fen, rule, carry_out_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(order.reference, order.payer, order.payee, order.fen),
                    json.dumps([getattr(rule, name) for name in Rule.__slots__]),
                    now.timestamp() + rule.delay_seconds,
                ),
            )
            return True

    def carry_out(self, now: datetime, sign: Signer) -> int:
        """Book what is due and make its signed notices; answers how many."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT * FROM orders WHERE notice IS NULL AND carry_out_at <= ?",
                (now.timestamp(),),
            ).fetchall()
            for row in rows:
                self._carry_out_one(database, row, now, sign)
            return len(rows)

    @staticmethod
    def _carry_out_one(
        database: sqlite3.Connection, row: sqlite3.Row, now: datetime, sign: Signer
    ) -> None:
        rule = Rule(*json.loads(row["rule"]))
        paid = max(0, row["fen"] - rule.short_fen)
        bank_reference = f"SB{secrets.token_hex(10).upper()}"
        notice = json.dumps(
            {
                "bank_reference": bank_reference,
                "reference": row["reference"],
                "outcome": rule.outcome,
                "amount_fen": paid if rule.outcome == "paid" else 0,
                "payer_account": row["payer"],
                "reason": rule.reason,
                "at": now.isoformat(),
            },
            ensure_ascii=False,
            sort_keys=True,
        ).encode()
        if rule.outcome == "paid":
            database.executemany(
                "INSERT INTO bookings (reference, account, fen) VALUES (?, ?, ?)",
                [(row["reference"], row["payer"], -paid), (row["reference"], row["payee"], paid)],
            )
        database.execute(
            "UPDATE orders SET bank_reference = ?, notice = ?, signature = ?, wanted = ?,"
            " deliver_at = ? WHERE reference = ?",
            (
                *(bank_reference, notice, sign(notice), 1 + rule.repeat),
                *(now.timestamp(), row["reference"]),
            ),
        )

    def due(self, now: datetime) -> list[Delivery]:
        with self._transaction() as database:
            rows = database.execute(
                "SELECT reference, notice, signature FROM orders"
                " WHERE deliver_at <= ? AND deliveries < wanted ORDER BY deliver_at",
                (now.timestamp(),),
            ).fetchall()
        return [Delivery(**dict(row)) for row in rows]

    def delivered(self, reference: str, now: datetime) -> None:
        self._note(reference, 1, 0, now.timestamp() + REPEAT_PAUSE)

    def not_delivered(self, reference: str, now: datetime) -> None:
        """Tried again after a pause that doubles."""
        failures = self.order(reference)["failures"]
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** min(failures, 10))
        self._note(reference, 0, 1, now.timestamp() + pause)

    def _note(self, reference: str, delivered: int, failed: int, next_at: float) -> None:
        with self._transaction() as database:
            database.execute(
                "UPDATE orders SET deliveries = deliveries + ?, failures = failures + ?,"
                " deliver_at = ? WHERE reference = ?",
                (delivered, failed, next_at, reference),
            )

    def hurry(self, now: datetime) -> None:
        """Deliver what waits without further pause: whoever was away is back."""
        with self._transaction() as database:
            database.execute(
                "UPDATE orders SET deliver_at = ? WHERE deliveries < wanted AND deliver_at > ?",
                (now.timestamp(), now.timestamp()),
            )

    def order(self, reference: str) -> dict[str, Any]:
        """What stands about an order, without its signature; empty if there is none."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT reference, payer, payee, fen, bank_reference, notice, deliveries, wanted,"
                " failures FROM orders WHERE reference = ?",
                (reference,),
            ).fetchone()
        if row is None:
            return {}
        found = dict(row)
        found["notice"] = json.loads(found["notice"]) if found["notice"] else None
        return found

    def balance(self, account: str) -> tuple[int, int]:
        """Fen booked to the account, and the number of bookings."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT coalesce(sum(fen), 0), count(*) FROM bookings WHERE account = ?", (account,)
            ).fetchone()
        return int(row[0]), int(row[1])


class Rules:
    """The rules in force: the last one that fits a payer counts."""

    def __init__(self, standing: list[Rule]) -> None:
        self._standing = standing
        self._added: list[Rule] = []
        self._refused: dict[str, int] = {}

    @classmethod
    def read(cls, path: Path) -> "Rules":
        return cls([rule_from(one) for one in json.loads(path.read_text(encoding="utf-8"))])

    def add(self, rule: Rule) -> None:
        self._added.append(rule)

    def clear(self) -> None:
        """Back to the standing rules."""
        self._added.clear()

    def of(self, payer: str) -> Rule:
        fitting = [
            one for one in (*self._standing, *self._added) if payer.endswith(one.payer_ends_with)
        ]
        return fitting[-1] if fitting else Rule()

    def refuses(self, reference: str, rule: Rule) -> bool:
        """Whether this call shall fail as if the bank were away."""
        seen = self._refused.get(reference, 0)
        self._refused[reference] = seen + 1
        return seen < rule.refusals


KINDS: dict[str, tuple[type, ...]] = {
    "payer_ends_with": (str,),
    "outcome": (str,),
    "reason": (str,),
    "delay_seconds": (int, float),
    "repeat": (int,),
    "short_fen": (int,),
    "refusals": (int,),
}


def rule_from(document: dict[str, Any]) -> Rule:
    """A rule as a test sends it; ValueError for unknown fields or wrong types."""
    for name, value in document.items():
        if type(value) not in KINDS.get(name, ()):
            raise ValueError(f"not a field of a rule, or of a wrong type: {name!r}")
    rule = Rule(**document)
    if rule.outcome not in ("paid", "failed"):
        raise ValueError("an outcome is paid or failed")
    return rule
