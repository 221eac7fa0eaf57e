"""What a thief puts together for each sealed case: everything that was written along with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.secrecy.stock import Loot, PublicLot
from tests.secrecy.written import Change, Transaction

ALLOWED = ("mail 0 to", "mail 1 to", "file bucket")
"""Values in the allowed leak."""
TIMES = ("applied", "paid", "issued")
"""A case's transactions, by their order."""


@dataclass(frozen=True)
class Trail:
    """One bid as the thief sees it."""

    case: str
    times: tuple[datetime, ...]
    """Of its writes: in the allowed leak."""
    people: tuple[str, ...]
    """To whom mails went because of it: in the allowed leak."""
    values: Mapping[str, Any]
    """Place → value of everything, e.g. "applied sealed_index.tag 2"."""

    def allowed(self) -> "Trail":
        """The allowed leak alone: of the values, recipients and size buckets."""
        return replace(self, values={name: self.values[name] for name in ALLOWED})


@dataclass(frozen=True)
class Haul:
    """What the guessing program is given."""

    lots: list[PublicLot]
    trails: list[Trail]

    def allowed(self) -> "Haul":
        return Haul(self.lots, [one.allowed() for one in self.trails])


BUCKET = 256 * 1024
"""Bytes by which letters differ (signing.seal.envelope.BODY_STEP)."""


def of(loot: Loot) -> Haul:
    """Follows each case through the transactions, and takes along what lies beside them."""
    found: dict[str, _Found] = {}
    before: Transaction | None = None
    owners: dict[str, _Found] = {}
    letters: list[_Found] = []
    for one in loot.transactions:
        case = _case_of(one)
        if case is None:
            _take_marks(one, owners)
        else:
            known = found.setdefault(case, _Found(case))
            if not known.times and before is not None and _case_of(before) is None:
                known.take("before", before.changes)
            known.take(TIMES[min(len(known.times), len(TIMES) - 1)], one.changes)
            assert one.at is not None
            known.times.append(one.at)
            owners |= {change.values["id"]: known for change in one.changes if _is_message(change)}
            if any(change.table == "log_leaf" for change in one.changes):
                letters.append(known)
        before = one
    _take_lines(loot, owners)
    _take_files(loot, letters)
    return Haul(loot.lots, [one.trail() for one in found.values()])


class _Found:
    def __init__(self, case: str) -> None:
        self.case = case
        self.times: list[datetime] = []
        self.people: list[str] = []
        self.values: dict[str, Any] = {"case": case}
        self.done = 0

    def take(self, when: str, changes: tuple[Change, ...]) -> None:
        seen: dict[str, int] = {}
        for change in changes:
            for name, value in (*change.values.items(), *_chosen_by(change)):
                if value == self.case or value is None:
                    continue
                place = f"{when} {change.table}.{name}"
                seen[place] = seen.get(place, 0) + 1
                self.values[f"{place} {seen[place]}"] = value

    def trail(self) -> Trail:
        return Trail(self.case, tuple(self.times), tuple(self.people), self.values)


def _case_of(one: Transaction) -> str | None:
    for change in one.changes:
        if change.table == "sealed_case":
            return str({**change.where, **change.values}["id"])
    return None


def _chosen_by(change: Change) -> Iterator[tuple[str, Any]]:
    for name, value in change.where.items():
        yield f"of {name}", value


def _is_message(change: Change) -> bool:
    return change.table == "outbox" and change.verb == "INSERT"


def _take_marks(one: Transaction, owners: Mapping[str, _Found]) -> None:
    """A message is done: it belongs to the case in whose transaction it was put."""
    for change in one.changes:
        owner = owners.get(change.where.get("id", ""))
        if owner is not None:
            owner.take(f"done {owner.done}", one.changes)
            owner.done += 1


def _take_lines(loot: Loot, owners: Mapping[str, _Found]) -> None:
    """The worker's lines name messages; mails were sent in the same order."""
    mails = iter(loot.mails)
    for line in loot.lines:
        owner = owners[line["id"]]
        for name, value in line.items():
            owner.values[f"line {len(owner.people)} {name}"] = value
        mail = next(mails)
        owner.values |= {f"mail {len(owner.people)}": mail.text}
        owner.values |= {f"mail {len(owner.people)} to": mail.to}
        owner.people.append(mail.to)


def _take_files(loot: Loot, letters: list[_Found]) -> None:
    """A file is made just before the leaves of its letter: both stand in the same order."""
    for owner, file in zip(letters, loot.files, strict=True):
        stamp = file.mtime.timestamp()
        owner.values |= {"file name": file.name, "file size": file.size, "file time": stamp}
        owner.values |= {"file place": file.place, "file bucket": -(-file.size // BUCKET)}
