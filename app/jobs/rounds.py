"""What no message asks for: the clock does. One look at all institutions every few minutes.

The rounds keep to a pace of their own and to no time of a lot, so that what they write follows no
deadline (sealing.md, L: "total writes over time").
"""

import threading
from datetime import datetime, timedelta

import structlog

from app.jobs.worker import Paced
from guarantees.flow import lapse

log = structlog.get_logger("baohan.rounds")


class Rounds(Paced):
    """Ends approved applications that nobody paid, and frees the exposure that they held."""

    every = timedelta(minutes=5)

    def look(self, now: datetime, stop: threading.Event | None) -> int:
        """A round; answers how many applications lapsed."""
        with self._house.sessions.reading() as session:
            institutions = lapse.institutions(session)
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
