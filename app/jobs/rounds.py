"""What no message asks for: the clock does. One look at all institutions every few minutes.

The rounds keep to a pace of their own and to no time of a lot, so that what they write follows no
deadline (sealing.md, L: "total writes over time").
"""

import threading
from datetime import datetime, timedelta

import structlog

from app.house import House
from app.jobs.worker import Lane
from guarantees.flow import lapse

ROUND_EVERY = timedelta(minutes=5)
"""Between two rounds, from the start of the process on."""

log = structlog.get_logger("baohan.rounds")


class Rounds(Lane):
    """Ends approved applications that nobody paid, and frees the exposure that they held."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._next: datetime | None = None

    def run_due(self, stop: threading.Event | None = None) -> int:
        """A round, if it is time; answers how many applications lapsed."""
        now = self._house.now()
        if self._next is not None and now < self._next:
            return 0
        with self._house.sessions.reading() as session:
            institutions = lapse.institutions(session)
        self._next = now + ROUND_EVERY
        done = 0
        for one in institutions:
            if stop is not None and stop.is_set():
                break
            done += self._institution(one)
            self._beat = self._house.now()
        return done

    def _institution(self, institution: str) -> int:
        with self._house.sessions.reading() as session:
            overdue = lapse.overdue(session, self._house.now(), institution)
        return sum(self._lapsed(one) for one in overdue)

    def _lapsed(self, case: str) -> bool:
        """One commit for each; one that fails holds up no other. Logged is never which it was."""
        try:
            return self._house.sessions.write(
                "lapse", lambda session: lapse.lapse(session, self._house.now(), case)
            )
        except Exception as error:
            log.error("not_lapsed", error=type(error).__name__)
            return False
