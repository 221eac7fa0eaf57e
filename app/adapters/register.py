"""The register as verification asks it (signing.verify.Register)."""

from dataclasses import dataclass
from datetime import datetime

from app.adapters.database import Sessions
from app.adapters.log import Log
from guarantees.queries import register
from guarantees.queries.register import Entry
from signing.register import RegisterEntry


@dataclass(frozen=True)
class Register:
    """All opened letters; sealed ones are as unknown as any other number."""

    sessions: Sessions
    now: datetime
    log: Log

    def lookup(self, number: str) -> RegisterEntry | None:
        with self.sessions.reading() as session:
            return _told(register.lookup(session, number, self.now), self.log)


@dataclass(frozen=True)
class OneEntry:
    """Knows the letter that is being opened, which the public register does not yet."""

    entry: Entry | None
    log: Log

    def lookup(self, number: str) -> RegisterEntry | None:
        known = self.entry is not None and self.entry.number == number
        return _told(self.entry, self.log) if known else None


def _told(entry: Entry | None, log: Log) -> RegisterEntry | None:
    if entry is None:
        return None
    return RegisterEntry(
        number=entry.number,
        sha256=entry.sha256.hex(),
        issuer_credit_code=entry.issuer_credit_code,
        terms=entry.terms,
        status=entry.status,
        status_reason=entry.status_reason,
        included_in_log=_included(entry, log),
    )


def _included(entry: Entry, log: Log) -> bool | None:
    """By tiles and signed checkpoint, not by what the database says. None: waits for its batch."""
    if entry.place is None:
        return False
    if entry.place.index is None:
        return None
    return log.includes(entry.leaf, entry.place.index)
