"""Reminders of the rehearsal, 3 days and 1 day before each opening: looked for on a pace of their
own, whether anybody bids or not."""

import threading
from datetime import datetime, timedelta

from app.jobs.worker import Paced
from guarantees.flow import remind


class Reminders(Paced):
    """Puts the mails that are due into the outbox, once each."""

    every = timedelta(minutes=1)

    def look(self, now: datetime, stop: threading.Event | None) -> int:
        """Answers for how many projects mails were written."""
        return self._house.sessions.write("reminder", lambda session: remind.remind(session, now))
