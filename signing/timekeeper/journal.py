"""The journal: what the timekeeper did and refused, hash-chained, durable before each answer.

One line per event, canonical JSON: {"at", "event", "fields", "hash", "prev", "seq"}, where
hash = SHA-256 of the line's canonical JSON less "hash", and prev = hash of the line before it (for
the first: 64 zeros). All state but the keys is read from it at start.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from signing import faults, private_files
from signing.errors import SigningError
from signing.timekeeper import canonical
from signing.timekeeper.mirror import Mirror
from signing.timekeeper.times import from_text, to_text

WRITING = faults.declare("timekeeper.journal.writing")
WRITTEN = faults.declare("timekeeper.journal.written")
SYNCED = faults.declare("timekeeper.journal.synced")

FIRST_PREV = "0" * 64
BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Latest moment of an empty journal."""


class JournalBroken(SigningError):
    """A journal does not hold together: something was altered, cut out or damaged. Do not start."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        """The first line at fault, from 1."""
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.path}, line {self.line}: {self.reason}; "
            f"restore the timekeeper's store as a whole from its own backup"
        )


class JournalUnavailable(SigningError):
    """An event could not be made durable, so what it would record must not happen."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Event:
    """One line."""

    seq: int
    """From 1, without gaps."""
    at: datetime
    """By the timekeeper's own clock."""
    event: str
    fields: dict[str, Any]
    prev: str
    """Hex hash of the line before."""

    @property
    def hash(self) -> str:
        return hashlib.sha256(canonical.encode(self._document())).hexdigest()

    def line(self) -> bytes:
        return canonical.encode(self._document() | {"hash": self.hash})

    @classmethod
    def read(cls, line: bytes) -> "Event":
        """ValueError unless the line is exactly as written, its own hash included."""
        try:
            document = canonical.read(line)
            event = cls(
                seq=int(document["seq"]),
                at=from_text(document["at"]),
                event=str(document["event"]),
                fields=dict(document["fields"]),
                prev=str(document["prev"]),
            )
        except (KeyError, TypeError):
            raise ValueError("not an event") from None
        if event.line() != line:
            raise ValueError("altered or damaged")
        return event

    def _document(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "at": to_text(self.at),
            "event": self.event,
            "fields": self.fields,
            "prev": self.prev,
        }


class Journal(Protocol):
    @property
    def latest(self) -> datetime:
        """The latest moment of any event: an own clock behind it has run backwards."""
        ...

    def append(self, event: str, at: datetime, fields: dict[str, Any]) -> Event:
        """Durable when it returns; JournalUnavailable, and then nothing was recorded."""
        ...


class _Chain:
    """Where the next event goes."""

    def __init__(self) -> None:
        self.seq = 0
        self.prev = FIRST_PREV
        self.latest = BEGINNING

    def next(self, event: str, at: datetime, fields: dict[str, Any]) -> Event:
        return Event(self.seq + 1, at, event, fields, self.prev)

    def take(self, event: Event) -> None:
        if event.seq != self.seq + 1 or event.prev != self.prev:
            raise ValueError("does not follow the line before it")
        self.seq, self.prev = event.seq, event.hash
        self.latest = max(self.latest, event.at)


class MemoryJournal:
    """For the in-process double: the same chain, kept nowhere."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._chain = _Chain()

    @property
    def latest(self) -> datetime:
        return self._chain.latest

    def append(self, event: str, at: datetime, fields: dict[str, Any]) -> Event:
        made = self._chain.next(event, at, fields)
        self._chain.take(made)
        self.events.append(made)
        return made


def read(path: Path) -> tuple[list[Event], int]:
    """All whole lines, checked, and how many bytes they take; JournalBroken."""
    chain, events, end = _Chain(), [], 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                event = Event.read(line[:-1])
                chain.take(event)
            except ValueError as error:
                raise JournalBroken(path, number, str(error)) from None
            events.append(event)
            end += len(line)
    return events, end


class FileJournal:
    """The journal on disk; one process at a time (the store's lock sees to it)."""

    def __init__(self, path: Path, mirror: Path | None = None) -> None:
        """Opens or makes it (0600) and checks every line; JournalBroken, ExposedFile.

        A last line without its end is what a crash left of a write that was never answered: it is
        cut off, and `torn` says how long it was. mirror: a copy elsewhere (mirror.py), whose
        errors it raises, too.
        """
        if not path.exists():
            private_files.write_new(path, b"")
        private_files.check_file(path)
        self._failed = ""
        self.events, self._end = read(path)
        """As found at start; what is appended later is not added."""
        self._chain = _Chain()
        for event in self.events:
            self._chain.take(event)
        self.torn = path.stat().st_size - self._end
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        if self.torn:
            os.ftruncate(self._descriptor, self._end)
            os.fsync(self._descriptor)
        self._mirror = Mirror(mirror, path) if mirror else None
        self._follow()

    @property
    def latest(self) -> datetime:
        return self._chain.latest

    def _follow(self) -> None:
        if self._mirror is not None:
            self._mirror.follow(self._end)

    def append(self, event: str, at: datetime, fields: dict[str, Any]) -> Event:
        if self._failed:
            raise JournalUnavailable(self._failed)
        made = self._chain.next(event, at, fields)
        line = made.line() + b"\n"
        faults.point(WRITING)
        self._write(line)
        faults.point(WRITTEN)
        self._sync()
        faults.point(SYNCED)
        self._end += len(line)
        self._chain.take(made)
        self._follow()
        return made

    def _write(self, line: bytes) -> None:
        try:
            written = 0
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
        except OSError as error:
            self._take_back()
            raise JournalUnavailable(error.strerror or "write failed") from None

    def _take_back(self) -> None:
        """Cuts off a half-written line; if even that fails, nothing is recorded until a restart."""
        try:
            os.ftruncate(self._descriptor, self._end)
        except OSError as error:
            self._failed = f"a half-written line could not be taken back: {error.strerror}"

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:  # what is on the disk now is unknown: only a fresh start can tell
            self._failed = f"fsync failed, restart the timekeeper: {error.strerror}"
            raise JournalUnavailable(self._failed) from None

    def close(self) -> None:
        os.close(self._descriptor)
