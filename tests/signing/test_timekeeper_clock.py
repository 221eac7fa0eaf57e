"""The clock rule, with a clock to set and authorities that answer as told."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest

from signing.timekeeper.authorities import gap
from signing.timekeeper.clock import SERVES, TOLERANCE, Clock, SourceProblem, Ticks
from signing.timekeeper.double import DoubleTimekeeper, SettableClock
from signing.timekeeper.protocol import OpeningCertificate, TimekeeperRefused
from signing.timekeeper.times import from_text, to_text
from tests.signing.timekeeper_process import Sealed

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@dataclass
class Source:
    """An authority whose true time differs from our clock by `ahead`, or that is away."""

    name: str = "https://tsa.example"
    ahead: timedelta = timedelta()
    away: str = ""
    asked: int = field(default=0)

    def offset(self, clock: Clock) -> timedelta:
        self.asked += 1
        if self.away:
            raise SourceProblem(self.away)
        return self.ahead


class Bench:
    """A double with one lot and one letter; T is an hour ahead."""

    def __init__(self, *sources: Source) -> None:
        self.clock = SettableClock()
        self.even = timedelta()  # what the boot clock ran less than ours
        self.timekeeper = DoubleTimekeeper(self.clock, sources, ticks=self.ticks)
        moment = self.clock() + HOUR
        self.certificate: OpeningCertificate = self.timekeeper.register("lot", moment, moment)
        self.letter = Sealed(self.certificate)
        self.t = moment

    def ticks(self) -> Ticks:
        return Ticks("boot", (self.clock() - self.even).timestamp())

    def opens(self) -> bool:
        (share,) = self.timekeeper.release(self.certificate.opening, [self.letter.request])
        return bool(self.letter.opened(share))

    def refusal(self) -> str:
        before = len(self.timekeeper.journal.events)
        with pytest.raises(TimekeeperRefused) as caught:
            self.opens()
        noted = self.timekeeper.journal.events[before:]
        assert [(event.event, event.fields["code"]) for event in noted] == [
            ("refused", caught.value.code)
        ]
        return caught.value.code


@pytest.mark.parametrize(
    ("before", "code"), [(SECOND, "early"), (timedelta(microseconds=1), "early")]
)
def test_before_t_refused_at_t_allowed(before: timedelta, code: str) -> None:
    bench = Bench(Source())
    bench.clock.now = bench.t - before
    assert bench.refusal() == code
    bench.clock.now = bench.t
    assert bench.opens()


def test_time_zone_changes_nothing() -> None:
    bench = Bench()
    east = timezone(timedelta(hours=8))
    bench.clock.now = (bench.t - SECOND).astimezone(east)
    assert bench.refusal() == "early"
    bench.clock.now = bench.t.astimezone(timezone(timedelta(hours=-8)))
    assert bench.opens()


def test_an_early_request_troubles_no_authority() -> None:
    source = Source()
    bench = Bench(source)
    assert bench.refusal() == "early"
    assert source.asked == 0


def test_the_early_request_is_written_down_with_who_asked() -> None:
    bench = Bench()
    with pytest.raises(TimekeeperRefused):
        bench.timekeeper.release(bench.certificate.opening, [bench.letter.request], peer=1234)
    fields = bench.timekeeper.journal.events[-1].fields
    assert (fields["operation"], fields["peer"]) == ("release", 1234)
    assert fields["about"] == bench.certificate.opening


@pytest.mark.parametrize("back", [timedelta(microseconds=1), HOUR, timedelta(days=400)])
def test_a_clock_run_backwards_is_refused_until_it_has_caught_up(back: timedelta) -> None:
    bench = Bench()
    bench.clock.now = bench.t + HOUR
    assert bench.opens()
    bench.clock.now = bench.t + HOUR - back
    assert bench.refusal() == "clock_backwards"
    assert bench.timekeeper.status().refusal is not None
    for operation in (
        lambda: bench.timekeeper.register("lot-2", bench.t + 9 * HOUR, bench.t),
        lambda: bench.timekeeper.postpone(bench.certificate.opening, bench.t + 9 * HOUR, "x"),
    ):
        with pytest.raises(TimekeeperRefused, match="clock_backwards"):
            operation()
    bench.clock.now = bench.t + HOUR
    assert bench.opens()


@pytest.mark.parametrize("ahead", [TOLERANCE + SECOND, -TOLERANCE - SECOND])
def test_an_authority_that_disagrees_stops_openings(ahead: timedelta) -> None:
    lying = Source("https://other.example", ahead)
    bench = Bench(Source(), lying)
    bench.clock.now = bench.t + HOUR
    assert bench.refusal() == "clock_disagrees"
    status = bench.timekeeper.status()
    assert not status.ok
    assert status.refusal is not None
    assert status.refusal.detail["source"] == lying.name
    lying.ahead = timedelta()
    assert bench.opens()


def test_within_tolerance_the_slower_clock_counts() -> None:
    bench = Bench(Source(ahead=-SECOND))  # our clock is a second fast
    bench.clock.now = bench.t + SECOND - timedelta(microseconds=1)
    assert bench.refusal() == "early"
    bench.clock.now = bench.t + SECOND
    assert bench.opens()
    assert bench.timekeeper.status().offset_seconds == -1.0


def test_an_authority_ahead_of_us_opens_nothing_early() -> None:
    bench = Bench(Source(ahead=SECOND))
    bench.clock.now = bench.t - timedelta(microseconds=1)
    assert bench.refusal() == "early"


def test_never_confirmed_is_refused_with_the_problem() -> None:
    bench = Bench(Source(away="unavailable ConnectionError"))
    bench.clock.now = bench.t
    assert bench.refusal() == "clock_unconfirmed"
    status = bench.timekeeper.status()
    assert status.sources[0].problem == "unavailable ConnectionError"
    assert status.sources[0].confirmed_at is None


def test_the_last_confirmation_serves_a_day() -> None:
    source = Source()
    bench = Bench(source)
    bench.timekeeper.confirm_clock()
    source.away = "unavailable"
    bench.clock.advance(hours=24)
    assert bench.opens()
    bench.clock.advance(microseconds=1)
    assert bench.refusal() == "clock_unconfirmed"
    source.away = ""
    assert bench.opens()


def test_both_authorities_must_have_confirmed() -> None:
    bench = Bench(Source(), Source("https://other.example", away="unavailable"))
    bench.clock.now = bench.t
    assert bench.refusal() == "clock_unconfirmed"


def test_a_clock_set_forward_while_authorities_are_away_is_found_out() -> None:
    source = Source()
    bench = Bench(source)
    bench.timekeeper.confirm_clock()
    source.away = "unavailable"
    bench.clock.advance(hours=1)
    bench.even = HOUR - TOLERANCE / 2  # the boot clock ran a second only
    assert bench.refusal() == "clock_unconfirmed"
    bench.even = TOLERANCE / 2
    assert bench.opens()


def test_a_restart_keeps_the_confirmation_and_forgets_nothing() -> None:
    source = Source()
    bench = Bench(source)
    bench.timekeeper.confirm_clock()
    events = bench.timekeeper.journal.events
    (confirmed,) = [event for event in events if event.event == "clock_confirmed"]
    assert confirmed.fields["clock"][source.name] == {
        "offset_us": 0,
        "at": to_text(bench.clock()),
        "boot": "boot",
        "ticks_us": round(bench.clock().timestamp() * 1_000_000),
    }


def test_serving_is_bounded_on_both_sides() -> None:
    bench = Bench(Source())
    bench.timekeeper.confirm_clock()
    (confirmation,) = bench.timekeeper._clock.confirmed.values()
    now, ticks = bench.clock(), bench.ticks()
    assert confirmation.serves(now, ticks)
    assert not confirmation.serves(now - timedelta(microseconds=1), ticks)
    assert not confirmation.serves(now, Ticks("another boot", ticks.seconds))
    ran = Ticks("boot", ticks.seconds + SERVES.total_seconds())
    assert confirmation.serves(now + SERVES, ran)
    assert not confirmation.serves(now + SERVES + SECOND, ran)


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((0, 1), (0, 1), 0),
        ((0, 1), (1, 2), 0),
        ((0, 1), (3, 4), 2),
        ((5, 6), (0, 1), -4),
        ((0, 9), (3, 4), 0),
        ((3, 4), (0, 9), 0),
    ],
)
def test_gap_between_spans(ours: tuple[int, int], theirs: tuple[int, int], expected: int) -> None:
    moments = [NOON + offset * SECOND for offset in (*ours, *theirs)]
    assert gap(*moments) == expected * SECOND


def test_a_moment_has_one_spelling() -> None:
    text = to_text(NOON.astimezone(timezone(timedelta(hours=8))))
    assert text == "2026-03-01T12:00:00.000000Z"
    assert from_text(text) == NOON
    for other in ("2026-03-01T12:00:00Z", "2026-03-01T20:00:00.000000+08:00", "", "now"):
        with pytest.raises(ValueError, match=r"isoformat|moment"):
            from_text(other)
