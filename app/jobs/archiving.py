"""Archive time-stamps: opened letters get their first one, and the next before the last one ends.

The letter itself is looked at each time: what is stamped is what the register says, or nothing.
"""

import hashlib
import threading
from datetime import datetime, timedelta

import structlog

from app.jobs import opened_files
from app.jobs.worker import Paced
from guarantees.errors import GuaranteeError
from guarantees.flow import archive_letter
from guarantees.flow.archive_letter import Due

AT_ONCE = 100
"""Letters that are read at a time."""

log = structlog.get_logger("baohan.archiving")


class Archiving(Paced):
    """Asks the signer for each stamp that is due, and keeps it."""

    every = timedelta(hours=1)

    def look(self, now: datetime, stop: threading.Event | None) -> int:
        """Answers how many letters were stamped."""
        done, after = 0, ""
        while letters := self._due(now, after):
            for one in letters:
                if stop is not None and stop.is_set():
                    return done
                done += self._stamped(one)
                self._beat = self._house.now()
            after = letters[-1].case
        return done

    def _due(self, now: datetime, after: str) -> list[Due]:
        with self._house.sessions.reading() as session:
            return list(archive_letter.due(session, now, after=after, most=AT_ONCE))

    def _stamped(self, letter: Due) -> bool:
        """One commit for each; one that fails holds up no other, and is tried at the next look."""
        house = self._house
        try:
            held = opened_files.read_letter(house, letter.case)
            if hashlib.sha256(held).digest() != letter.sha256:
                log.error("not_stamped", case=letter.case, why="other bytes")
                return False
            made = house.letters.archive_stamp(letter.sha256, letter.stamps)
        except GuaranteeError as error:
            why = error.fields.get("reason", error.code)
            log.warning("not_stamped", case=letter.case, why=why)
            return False
        return house.sessions.write(
            "archive_stamp",
            lambda session: archive_letter.keep(session, house.now(), letter, made),
        )
