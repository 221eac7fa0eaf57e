"""A world's trace: what was written, step by step, with every random or sealed value replaced.

A ciphertext, tag, salt or random id is replaced by its length, and by the number of the place
where it was first met: that two of them are equal is something that a thief sees. Which values
these are says tests/secrecy/classes.py; whatever else was written stands in the trace as it is.
"""

import email.policy
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from app import access_log
from app.adapters.database import Sessions
from app.adapters.files_local import LocalFiles
from app.adapters.mail import FileSink, sender_of
from app.adapters.vault import Vault
from app.jobs import mails
from app.portals.public import health
from guarantees.flow.steps import envelopes
from guarantees.records import casebook, withdrawal
from signing.seal import KeyPair, leaf_hash, leaf_of
from tests import visitors
from tests.databases import Kind
from tests.faults.stage import Stage, Template, template
from tests.house import WorldTimekeeper
from tests.secrecy import classes, market, written
from tests.secrecy.classes import Class
from tests.secrecy.schedule import Bank, Day, Letters, Plan
from tests.secrecy.written import Change, Transaction, Written
from tests.visitors import Pages
from tests.world import START, World

REPLACED = frozenset({Class.SEALED, Class.RANDOM, Class.KEYED})
MESSAGE_ID = re.compile(r"<\d+\.\d+\.\d+@[\w.]+>")
"""Time, process and a random number (email.utils.make_msgid)."""
KEYS_DICE = 1000
"""Added to the seed of a play's dice for its key pairs."""

OF_DAY = ("files", "mail")
"""Folders of the data that are looked at after each step; the database is seen by its rows."""

Step = tuple[str, tuple[str, ...]]
"""Name of a step and what was written in it."""


class Names:
    """Stands for values that may differ: by length and by where they were first met."""

    def __init__(self) -> None:
        self._met: dict[Any, int] = {}

    def of(self, value: Any) -> str:
        if value is None:
            return "NULL"
        return f"<{len(value)} #{self._met.setdefault(value, len(self._met))}>"

    def shown(self, kind: Class | None, value: Any) -> str:
        return self.of(value) if kind in REPLACED else repr(value)


class Dice:
    """Random bytes that are the same in every world: what follows from them is, too."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._turn = count()

    def __call__(self, size: int) -> bytes:
        place = f"{self._seed} {next(self._turn)}"
        return hashlib.shake_256(place.encode()).digest(size)


@dataclass
class Played:
    """A world's trace, and what lies there at its end."""

    steps: list[Step]
    transactions: list[Transaction]
    lines: list[Mapping[str, Any]]
    sizes: Mapping[str, int]
    """Name of a file below the data → bytes."""
    metrics: str
    bank_calls: int
    timekeeper_calls: int
    keyed: set[bytes]
    """What the vault answered when it was asked for tags."""
    leaves: set[bytes]
    """Of all letters, from the salts in their cases."""

    def values(self, wanted: Class) -> Iterator[tuple[str, Any]]:
        """("table.column", value) of everything of a class that was put into a row."""
        for change in (one for each in self.transactions for one in each.changes):
            for name, value in change.values.items():
                kind = classes.COLUMNS[change.table].get(name)
                if kind is wanted and value is not None:
                    yield f"{change.table}.{name}", value


@dataclass(frozen=True)
class Stand:
    """A world that nobody has played in."""

    model: Template
    where: Path
    products: dict[str, str]

    def play(self, chosen: Plan, dice: int = 0) -> Played:
        """In a copy, to the moment after the first T."""
        with self.model.copy(self.where) as stage, _deterministic(dice) as keyed:
            return _play(self, stage, chosen, keyed)


@contextmanager
def stand(kind: Kind, where: Path) -> Iterator[Stand]:
    products: dict[str, str] = {}

    def furnish(world: World) -> None:
        market.furnish(world)
        products.update(market.publish(world))

    with template(kind, where / kind, furnish) as model:
        yield Stand(model, where, products)


def _play(stand: Stand, stage: Stage, chosen: Plan, keyed: set[bytes]) -> Played:
    with stage.sessions() as sessions, pytest.MonkeyPatch.context() as patch:
        pages = _pages(stage, sessions, stand.model.world, patch)
        day = Day(pages, stand.products, chosen)
        with written.written(sessions.engine, pages.house.now) as seen:
            steps = list(_steps(day, seen, stage.folder))
        gateway, timekeeper = pages.house.gateway, pages.house.timekeeper
        assert isinstance(gateway, Bank) and isinstance(timekeeper, WorldTimekeeper)
        return Played(
            steps=steps,
            transactions=seen.transactions,
            lines=seen.lines,
            sizes={one.name: one.size for one in written.files(stage.folder)},
            metrics=day.metrics,
            bank_calls=len(gateway.orders),
            timekeeper_calls=len(timekeeper.calls),
            keyed=keyed,
            leaves={leaf for cases in day.cases.values() for leaf in _leaves(pages, cases)},
        )


def _leaves(pages: Pages, cases: list[str]) -> Iterator[bytes]:
    """Computed anew from what lies sealed in the cases and in the store."""
    house = pages.house
    with house.sessions.reading() as session:
        for case in (casebook.get(session, one) for one in cases):
            if case.letter is not None and case.intent is not None:
                held = house.files.get(f"sealed/{case.intent.id}")
                assert held is not None
                stored = envelopes.unpack(case.intent.id, held, house.sessions.vault)
                yield leaf_hash(case.intent.salt, stored.envelope)
                yield leaf_of(case.intent.salt, stored.sha256)
            if case.withdrawal is not None:
                said = withdrawal.digest(case, case.withdrawal)
                yield leaf_of(case.withdrawal.salt, said)


def _pages(stage: Stage, sessions: Sessions, model: World, patch: Any) -> Pages:
    world = replace(model, sessions=sessions, now=START)
    pages = visitors.visit(world, stage.folder, patch)
    pages.house = replace(
        pages.house,
        files=LocalFiles(stage.folder / "files"),
        mailer=FileSink(stage.folder / "mail", sender_of(pages.house.settings.base_url)),
        gateway=Bank(),
        letters=Letters(world),
        timekeeper=WorldTimekeeper(world),
    )
    pages.app.extensions["baohan"] = pages.house
    return pages


@contextmanager
def _deterministic(seed: int) -> Iterator[set[bytes]]:
    """Dice for all random numbers of Python; requests that take no time; no mail remembered.
    Answers the set that all keyed tags are put into."""
    dice, keyed = Dice(seed), set[bytes]()
    still = SimpleNamespace(perf_counter=lambda: 0.0, time=lambda: 0.0)
    with (
        mock.patch("os.urandom", dice),
        mock.patch("random._urandom", dice),
        mock.patch("signing.seal.make_key_pair", _keys(Dice(seed + KEYS_DICE))),
        mock.patch.object(access_log, "time", still),
        mock.patch.object(health, "perf_counter", still.perf_counter),
        mock.patch("prometheus_client.metrics.time", still),
        mock.patch.object(mails, "_sent", mails.Sent()),
        mock.patch.object(Vault, "tag", _kept(Vault.tag, keyed.add)),
        mock.patch.object(Vault, "tags", _kept(Vault.tags, keyed.update)),
    ):
        yield keyed


def _keys(dice: Dice) -> Callable[[], KeyPair]:
    """Key pairs by dice of their own: OpenSSL's randomness is out of reach."""

    def made() -> KeyPair:
        private = X25519PrivateKey.from_private_bytes(dice(32))
        return KeyPair(private.private_bytes_raw(), private.public_key().public_bytes_raw())

    return made


def _kept(real: Callable[..., Any], keep: Callable[[Any], None]) -> Callable[..., Any]:
    def called(*given: Any, **named: Any) -> Any:
        made = real(*given, **named)
        keep(made)
        return made

    return called


# --- the trace


def _steps(day: Day, seen: Written, folder: Path) -> Iterator[Step]:
    shown, known = Names(), set[str]()
    rows, lines = 0, 0
    for name in day.steps():
        said = [
            *(_transaction(shown, one) for one in seen.transactions[rows:]),
            *_files(shown, folder, known),
            *(_line(shown, one) for one in seen.lines[lines:]),
        ]
        rows, lines = len(seen.transactions), len(seen.lines)
        yield name, tuple(said)


def _transaction(shown: Names, one: Transaction) -> str:
    assert isinstance(one.at, datetime)
    return f"{one.at:%m-%d %H:%M} " + "; ".join(_change(shown, change) for change in one.changes)


def _change(shown: Names, one: Change) -> str:
    values = {**one.values, **{f"of {name}": value for name, value in one.where.items()}}
    told = (
        f"{name}={shown.shown(_kind(one.table, name.removeprefix('of ')), value)}"
        for name, value in values.items()
    )
    return f"{one.verb} {one.table} {' '.join(told)}"


def _kind(table: str, column: str) -> Class | None:
    if f"{table}.{column}" in classes.WRAPPED:
        return Class.SEALED
    return classes.COLUMNS.get(table, {}).get(column)


def _files(shown: Names, folder: Path, known: set[str]) -> Iterator[str]:
    for one in written.files(folder):
        if one.name.split("/")[0] in OF_DAY and one.name not in known:
            known.add(one.name)
            yield _file(shown, one)


def _file(shown: Names, one: written.File) -> str:
    place = classes.place_of(f"data/{one.name}")
    assert place is not None, one.name
    where, _, name = one.name.rpartition("/")
    told = f"{where}/{shown.shown(place.name, name)}"
    return f"{told}: {_mail(one.path)}" if where == "mail" else f"{told} of {one.size} bytes"


def _mail(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    headers = [f"{name}: {value}" for name, value in message.items()]
    text = "\n".join((*headers, message.get_content()))
    return MESSAGE_ID.sub("<id>", text)


def _line(shown: Names, one: Mapping[str, Any]) -> str:
    fields = next((kinds for (_, event), kinds in classes.LOG.items() if event == one["event"]), {})
    told = (f"{name}={shown.shown(fields.get(name), value)}" for name, value in one.items())
    return f"log {' '.join(told)}"
