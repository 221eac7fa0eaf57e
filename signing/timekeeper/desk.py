"""Where the timekeeper writes: one call at a time, journal before state, refusals too."""

import functools
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.clock import ClockRule, check_forwards
from signing.timekeeper.journal import Event, Journal, JournalUnavailable
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.state import State
from signing.timekeeper.times import to_text

STRANGER_SECONDS = 60.0
"""So that a local user who may not even call cannot fill the disk by calling."""

MAX_ABOUT = 200
"""Characters of what a refusal was about."""

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
AnyDesk = TypeVar("AnyDesk", bound="Desk")


def journaled(
    operation: Callable[Concatenate[AnyDesk, Arguments], Answer],
) -> Callable[Concatenate[AnyDesk, Arguments], Answer]:
    """Runs one operation at a time and writes down its refusal."""

    @functools.wraps(operation)
    def guarded(self: AnyDesk, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        with self.lock:
            self.tend()
            try:
                return operation(self, *args, **kwargs)
            except TimekeeperRefused as refused:
                about = args[0] if args and isinstance(args[0], str) else ""
                self.note_refusal(operation.__name__.strip("_"), about, refused, kwargs.get("peer"))
                raise

    return guarded


class Desk:
    """Journal, state and clock of one timekeeper."""

    def __init__(self, journal: Journal, events: Sequence[Event], clock: ClockRule) -> None:
        """events: what the journal held at start."""
        self.lock = threading.RLock()
        self._strangers: dict[int, float] = {}
        """User id → when (monotonic) its call was last written down."""
        self._journal = journal
        self._clock = clock
        self._state = State(events)
        self._clock.remember(self._state.confirmed)

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        """Journal first, then the state: durable before anything follows from it."""
        try:
            written = self._journal.append(event, self._clock.now(), fields)
        except JournalUnavailable as error:
            raise TimekeeperRefused("journal_unavailable", reason=error.reason) from None
        self._state.apply(written)

    def tend(self) -> None:
        """What is due of itself: before every call, at start and hourly."""

    def note(self, event: str, fields: dict[str, Any]) -> None:
        """For the parts of the timekeeper that stand beside this one (cosigner.py)."""
        with self.lock:
            self._write(event, fields)

    def forwards(self) -> datetime:
        """Now, by the own clock; TimekeeperRefused if it ran backwards."""
        with self.lock:
            return self._now()

    def note_refusal(
        self, operation: str, about: str, refused: TimekeeperRefused, peer: object
    ) -> None:
        """Best effort: if the journal cannot be written, the refusal stands all the same."""
        fields = {
            "operation": operation,
            "about": about[:MAX_ABOUT],
            "code": refused.code,
            "detail": dict(refused.detail),
            "peer": peer,
        }
        if refused.code == "journal_unavailable":
            return
        with suppress(TimekeeperRefused):
            self._write("refused", fields)

    def note_stranger(self, peer: int) -> None:
        """A user who may not call has called: written down once in STRANGER_SECONDS."""
        with self.lock:
            last = self._strangers.get(peer)
            if last is None or time.monotonic() - last > STRANGER_SECONDS:
                self._strangers[peer] = time.monotonic()
                refused = TimekeeperRefused("peer_refused", uid=peer)
                self.note_refusal("call", "", refused, peer)

    def note_torn(self, count: int) -> None:
        """At start: so many bytes of a last line that was never answered for were cut off."""
        with self.lock, suppress(TimekeeperRefused):
            self._write("torn_line_cut", {"bytes": count})

    def _now(self) -> datetime:
        now = self._clock.now().astimezone(UTC)
        check_forwards(now, self._journal.latest)
        return now

    def _confirmed_now(self) -> datetime:
        """By our clock and every authority that is behind it; TimekeeperRefused."""
        now = self._now()
        return now + self._clock.correction(now)

    def _check_time(self, certificate: OpeningCertificate) -> None:
        """Rules of clock.py, our own clock first, since that costs nothing and tells most."""
        now = self._now()
        if now >= certificate.opening_time:
            now = self._confirmed_now()
        if now < certificate.opening_time:
            raise TimekeeperRefused(
                "early", opening_time=to_text(certificate.opening_time), now=to_text(now)
            )
