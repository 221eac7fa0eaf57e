"""The thread that does what the outbox holds, in the web process (design.md section 6).

Woken after a commit, and looking by itself besides. Of several processes on one data folder one
works; when it ends, even by a kill, the next takes over.
"""

import fcntl
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from app.house import House
from app.jobs.later import Later
from app.jobs.table import HANDLERS, Handler
from guarantees.records import outbox
from guarantees.records.outbox import Message

LOOK_SECONDS = 1.0
"""How long a message may wait that nobody woke the thread for."""

AT_ONCE = 1000
"""Messages read from the outbox at a time."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)
"""A failed message waits, twice as long after each failure, and is never given up."""

log = structlog.get_logger("baohan.jobs")


def pause_after(attempts: int) -> timedelta:
    """How long to wait after the failure number `attempts` + 1."""
    pause: timedelta = FIRST_PAUSE * 2 ** min(attempts, 16)
    return min(LONGEST_PAUSE, pause)


class Lane:
    """A thread that does what is due, again and again; what that is, `run_due` says."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._awake = threading.Event()
        self._beat = house.now()

    def run_due(self, stop: threading.Event | None = None) -> int:
        """Everything that is due now; answers how much was done."""
        raise NotImplementedError

    def wake(self) -> None:
        """Something was committed."""
        self._awake.set()

    @property
    def last_round(self) -> datetime:
        """When the thread last looked: it is well if that is a moment ago."""
        return self._beat

    def run(self, stop: threading.Event, turn: "Turn | None" = None) -> None:
        """Until `stop`; a message under way is finished."""
        while not stop.is_set():
            self._beat = self._house.now()
            if turn is None or turn.mine():
                self._round(stop)
            self._awake.wait(LOOK_SECONDS)
            self._awake.clear()

    def _round(self, stop: threading.Event) -> None:
        try:
            self.run_due(stop)
        except Exception as error:  # the database is away: look again in a moment
            log.error("round_broken_off", lane=type(self).__name__, error=type(error).__name__)


class Paced(Lane):
    """A lane that looks at a pace of its own, from the start of the process on."""

    every: timedelta
    """Between two looks; one that breaks off is made again in a moment."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._next: datetime | None = None

    def run_due(self, stop: threading.Event | None = None) -> int:
        """A look, if it is time; answers how much was done."""
        now = self._house.now()
        if self._next is not None and now < self._next:
            return 0
        done = self.look(now, stop)
        self._next = now + self.every
        return done

    def look(self, now: datetime, stop: threading.Event | None) -> int:
        """One look; answers how much was done."""
        raise NotImplementedError


class Jobs(Lane):
    """Does messages one by one; `run` in a thread, `run_due` in tests and commands.

    It does the kinds that it has handlers for: a thread for each kind keeps a bank or mail server
    that hangs from holding up letters.
    """

    def __init__(self, house: House, handlers: Mapping[str, Handler] = HANDLERS) -> None:
        super().__init__(house)
        self._handlers = handlers
        self._unreadable: set[str] = set()

    def run_due(self, stop: threading.Event | None = None) -> int:
        """Everything that is due now, and what that puts in; answers how many were done."""
        done, tried = 0, set[str]()
        while messages := [one for one in self._due() if one.id not in tried]:
            for message in messages:
                if stop is not None and stop.is_set():
                    return done
                tried.add(message.id)
                done += self._do(message)
                self._beat = self._house.now()
        return done

    def _due(self) -> list[Message]:
        with self._house.sessions.reading() as session:
            now, kinds = self._house.now(), self._handlers
            found = list(outbox.pending(session, now, AT_ONCE, kinds))
        for message in found:
            if message.kind == outbox.UNREADABLE and message.id not in self._unreadable:
                self._unreadable.add(message.id)
                log.error("unreadable", id=message.id)
        return [message for message in found if message.kind in kinds]

    def _do(self, message: Message) -> bool:
        """Whether it was done. Logged are kind and id, never what an error says: it may name
        a sealed case."""
        try:
            self._handlers[message.kind](self._house, message)
        except Exception as error:
            paused = self._house.now() + pause_after(message.attempts)
            until = error.until if isinstance(error, Later) else paused
            self._house.sessions.write(
                "outbox", lambda session: outbox.postpone(session, message, until)
            )
            log.warning(
                "postponed",
                kind=message.kind,
                id=message.id,
                attempts=message.attempts + 1,
                error=type(error).__name__,
            )
            return False
        self._house.sessions.write("outbox", lambda session: outbox.finish(session, message))
        log.info("done", kind=message.kind, id=message.id)
        return True


class Turn:
    """Whose turn it is: a lock that the kernel takes back from a process that ended."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def mine(self) -> bool:
        """Takes the lock if it is free; once taken it stays."""
        with suppress(BlockingIOError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def close(self) -> None:
        os.close(self._file)
