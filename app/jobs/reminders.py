"""Reminders of the rehearsal, 3 days and 1 day before each opening: looked for on a pace of their
own, whether anybody bids or not."""

import threading
from datetime import datetime, timedelta

from app.house import House
from app.jobs.worker import Lane
from guarantees.flow import remind

LOOK_EVERY = timedelta(minutes=1)
"""Between two looks, from the start of the process on."""


class Reminders(Lane):
    """Puts the mails that are due into the outbox, once each."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._next: datetime | None = None

    def run_due(self, stop: threading.Event | None = None) -> int:
        """A look, if it is time; answers for how many projects mails were written."""
        now = self._house.now()
        if self._next is not None and now < self._next:
            return 0
        self._next = now + LOOK_EVERY
        return self._house.sessions.write("reminder", lambda session: remind.remind(session, now))
