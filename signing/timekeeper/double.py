"""A timekeeper in this process, for tests: the same rules, nothing on disk, a clock to set."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from signing.timekeeper.clock import Clock, ClockRule, Ticks, TimeSource
from signing.timekeeper.escrow import Quorum
from signing.timekeeper.journal import MemoryJournal
from signing.timekeeper.service import TimekeeperService
from signing.timekeeper.store import MemoryStore


class SettableClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        """Keywords of timedelta; negative runs it backwards."""
        self.now += timedelta(**duration)

    def ticks(self) -> Ticks:
        """A clock that runs evenly with this one, as the boot clock does beside a true one."""
        return Ticks("double", self.now.timestamp())


class DoubleTimekeeper(TimekeeperService):
    """Satisfies protocol.Timekeeper; refuses by the same code as the real one."""

    def __init__(
        self,
        clock: Clock | None = None,
        sources: Sequence[TimeSource] = (),
        quorum: Quorum | None = None,
        recovery_key: bytes | None = None,
        ticks: Callable[[], Ticks] | None = None,
    ) -> None:
        """clock: any callable that answers an aware moment; by default one to set, `.clock`."""
        self.clock = clock or SettableClock()
        self.journal = MemoryJournal()
        self.store = MemoryStore()
        even = getattr(self.clock, "ticks", lambda: Ticks("double", self.clock().timestamp()))
        rule = ClockRule(self.clock, sources, ticks or even)
        super().__init__(self.store, self.journal, (), rule, quorum, recovery_key)
