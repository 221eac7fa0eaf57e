"""The thread that publishes the log: on a cadence, and when a deadline or T has come.

Batches come and have their size whatever waits: neither their number nor their moment tells how
many letters were issued. Nothing wakes it but the clock.
"""

import threading
from datetime import datetime, timedelta

import structlog

from app.adapters.log import Busy
from app.house import House
from app.jobs.publishing import publish
from app.jobs.worker import Turn
from guarantees.queries import log as queries

LOOK_SECONDS = 0.5

PAUSE = timedelta(seconds=10)
"""After a failure; whatever waits, waits."""

log = structlog.get_logger("baohan.log")


class Sequencer:
    """`run` in a thread; `look` in tests."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._due: datetime | None = None
        """When the next batch is cut; None: the database is asked."""
        self._why = ""

    def run(self, stop: threading.Event, turn: Turn | None = None) -> None:
        """Until `stop`; a batch under way is finished."""
        while not stop.is_set():
            if turn is None or turn.mine():
                self.look()
            stop.wait(LOOK_SECONDS)

    def look(self) -> bool:
        """Cut a batch if it is time; whether one was cut."""
        now = self._house.now()
        try:
            if self._due is None:
                self._due = self._next(now)
            if now < self._due:
                return False
            publish(self._house)
            self._due, self._why = self._next(now), ""
        except Busy:
            self._due = None  # whoever publishes moves the log on
            return False
        except Exception as error:  # the thread must outlive whatever it meets
            self._say(error)
            self._due = now + PAUSE
            return False
        return True

    def _next(self, now: datetime) -> datetime:
        """The cadence counts from the latest batch; a deadline in between has one of its own. What
        was killed half-way is taken up at once."""
        with self._house.sessions.reading() as session:
            state = queries.state(session)
            if state is None or state.planned:
                return now
            moment = queries.next_moment(session, state.cut_at)
        regular = state.cut_at + self._house.log.cadence
        return regular if moment is None else min(regular, moment)

    def _say(self, error: Exception) -> None:
        """Once, until it is another one."""
        why = f"{type(error).__name__}: {error}"
        if why != self._why:
            self._why = why
            log.error("not_published", error=type(error).__name__, why=str(error))
