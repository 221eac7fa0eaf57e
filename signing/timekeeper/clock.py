"""The clock rule (sealing.md, step 9).

A release needs all of these, else it is refused with the reason:

1. our own clock is not behind any moment in the journal;
2. our own clock has reached T;
3. every configured time-stamping authority confirms our clock, by a fresh token or, while it cannot
   be reached, by its last one, for 24 h and only while our clock has run evenly since;
4. no authority differs by more than TOLERANCE;
5. T has come by every authority that is behind our clock, too.

Without any authority our own clock decides alone: good enough for a demonstration, and status says
so by naming no source.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from signing.errors import SigningError
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.times import from_text, seconds_text, to_text

TOLERANCE = timedelta(seconds=2)
"""A clock kept by NTP stays within milliseconds; authorities promise a second."""

SERVES = timedelta(hours=24)
"""How long a confirmation stands in for an authority that is away."""

ZERO = timedelta()
MICROSECOND = timedelta(microseconds=1)
Clock = Callable[[], datetime]


class SourceProblem(SigningError):
    """An authority gave no usable answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """away, or what was wrong with its token."""


class TimeSource(Protocol):
    """A time-stamping authority."""

    name: str

    def offset(self, clock: Clock) -> timedelta:
        """Its time less ours by a fresh token: 0 if they can agree, else how far apart they are.

        Asks `clock` before and after, since the token may be of any moment between. SourceProblem.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ticks:
    """A clock that nobody can set, to see whether the one that can be set was."""

    boot: str
    """Id of the machine's boot: seconds of different boots cannot be compared."""
    seconds: float


def boot_ticks() -> Ticks:
    """CLOCK_BOOTTIME, which runs through suspension too."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Ticks(boot, time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What an authority said of our clock, and when."""

    offset: timedelta
    at: datetime
    """By our clock."""
    ticks: Ticks

    def serves(self, now: datetime, ticks: Ticks) -> bool:
        """Not older than SERVES, and our clock was not set since."""
        age = now - self.at
        ran = timedelta(seconds=ticks.seconds - self.ticks.seconds)
        same_boot = ticks.boot == self.ticks.boot
        return same_boot and ZERO <= age <= SERVES and abs(age - ran) <= TOLERANCE

    def to_fields(self) -> dict[str, Any]:
        return {
            "offset_us": self.offset // MICROSECOND,
            "at": to_text(self.at),
            "boot": self.ticks.boot,
            "ticks_us": round(self.ticks.seconds * 1_000_000),
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "Confirmation":
        return cls(
            offset=fields["offset_us"] * MICROSECOND,
            at=from_text(fields["at"]),
            ticks=Ticks(fields["boot"], fields["ticks_us"] / 1_000_000),
        )


class ClockRule:
    """Asks the authorities and judges our clock by what they said. Not safe for threads."""

    def __init__(
        self,
        clock: Clock,
        sources: Sequence[TimeSource] = (),
        ticks: Callable[[], Ticks] = boot_ticks,
    ) -> None:
        self.now = clock
        self.sources = tuple(sources)
        self._ticks = ticks
        self.confirmed: dict[str, Confirmation] = {}
        """By source: its last good answer."""
        self.problems: dict[str, str] = {}
        """By source: why the last question got no usable answer."""

    def remember(self, confirmed: Mapping[str, Mapping[str, Any]]) -> None:
        """Takes up what a journal says of earlier answers."""
        for name, fields in confirmed.items():
            self.confirmed[name] = Confirmation.from_fields(fields)

    def ask(self) -> dict[str, "Confirmation | SourceProblem"]:
        """Questions all authorities at once; changes nothing, so that no lock need be held."""
        if not self.sources:
            return {}
        with ThreadPoolExecutor(len(self.sources)) as pool:
            answers = pool.map(self._ask, self.sources)
            return dict(zip([source.name for source in self.sources], answers, strict=True))

    def _ask(self, source: TimeSource) -> "Confirmation | SourceProblem":
        try:
            offset = source.offset(self.now)
        except SourceProblem as problem:
            return problem
        return Confirmation(offset, self.now(), self._ticks())

    def take(self, answers: Mapping[str, "Confirmation | SourceProblem"]) -> dict[str, Any]:
        """Takes answers up; the fields to journal of those that are good."""
        fields: dict[str, Any] = {}
        for name, answer in answers.items():
            if isinstance(answer, SourceProblem):
                self.problems[name] = answer.reason
            else:
                self.problems.pop(name, None)
                self.confirmed[name] = answer
                fields[name] = answer.to_fields()
        return fields

    def correction(self, now: datetime) -> timedelta:
        """What to take from our clock, at most 0 (rules 3 to 5); TimekeeperRefused."""
        ticks = self._ticks()
        offsets = [ZERO]
        for source in self.sources:
            answer = self.confirmed.get(source.name)
            if answer is None or not answer.serves(now, ticks):
                raise TimekeeperRefused(
                    "clock_unconfirmed",
                    source=source.name,
                    hours=SERVES // timedelta(hours=1),
                    problem=self.problems.get(source.name, "not asked"),
                )
            if abs(answer.offset) > TOLERANCE:
                raise TimekeeperRefused(
                    "clock_disagrees",
                    source=source.name,
                    offset_seconds=seconds_text(answer.offset),
                    tolerance_seconds=seconds_text(TOLERANCE),
                )
            offsets.append(answer.offset)
        return min(offsets)


def check_forwards(now: datetime, latest: datetime) -> None:
    """Rule 1; TimekeeperRefused."""
    if now < latest:
        raise TimekeeperRefused(
            "clock_backwards",
            now=to_text(now),
            latest=to_text(latest),
            seconds=seconds_text(latest - now),
        )
