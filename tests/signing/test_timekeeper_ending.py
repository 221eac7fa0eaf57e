"""signing/timekeeper/ending.py: withdrawn bids, failed tenders, what the recovery key gets."""

import errno
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import seal
from signing.timekeeper.double import DoubleTimekeeper, SettableClock
from signing.timekeeper.ending import ERASE_DELAY
from signing.timekeeper.journal import FIRST_PREV, Event
from signing.timekeeper.protocol import REFUSALS, Refusal, TimekeeperRefused
from signing.timekeeper.state import State
from tests.signing.test_timekeeper_clock import Source
from tests.signing.timekeeper_process import LETTER, PROCURER, Sealed

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
RECOVERY = seal.make_key_pair()
TWO = ("procurer 1", "procurer 2")


class Bench:
    """A double with one lot, whose T is an hour ahead, and two letters."""

    def __init__(self, *sources: Source) -> None:
        self.clock = SettableClock()
        self.timekeeper = DoubleTimekeeper(self.clock, sources, recovery_key=RECOVERY.public_key)
        self.t = self.clock() + HOUR
        certificate = self.timekeeper.register("lot", self.t, self.t)
        self.opening = certificate.opening
        self.letters = [Sealed(certificate, number, RECOVERY) for number in ("1", "2")]
        self.requests = [letter.request for letter in self.letters]

    def archive(self) -> list[bytes | Refusal]:
        return self.timekeeper.archive(self.opening, self.requests)

    def erase(self) -> None:
        self.due = self.timekeeper.erase(self.opening, "failed", *TWO)

    def events(self) -> list[str]:
        return [event.event for event in self.timekeeper.journal.events]


def refused(code: str) -> "pytest.RaisesExc[TimekeeperRefused]":
    assert code in REFUSALS
    return pytest.raises(TimekeeperRefused, match=rf"\({code}\)")


def recovered(letter: Sealed, kept: bytes | Refusal) -> bytes:
    """The letter, by the recovery key alone from what was archived."""
    assert isinstance(kept, bytes)
    key = X25519PrivateKey.from_private_bytes(RECOVERY.private_key)
    st = seal.unwrap_st(replace(letter.request, enc_and_ct=kept), key)
    return seal.open_envelope(letter.envelope, letter.context, letter.sp(RECOVERY), st)


# --- erasing ----------------------------------------------------------------------------------


def test_the_key_is_gone_when_the_time_has_come_and_not_before() -> None:
    bench = Bench()
    bench.erase()
    assert bench.due == bench.clock() + ERASE_DELAY
    bench.clock.now = bench.due - TICK
    with refused("erasing"):
        bench.timekeeper.release(bench.opening, bench.requests)
    assert bench.timekeeper.store.opening_key(bench.opening) is not None
    bench.clock.now = bench.due
    with refused("erased"):
        bench.timekeeper.release(bench.opening, bench.requests)
    assert bench.timekeeper.store.opening_key(bench.opening) is None
    for call in (
        lambda: bench.timekeeper.keep(bench.opening, "x"),
        lambda: bench.timekeeper.postpone(bench.opening, bench.due + HOUR, "x"),
        lambda: bench.timekeeper.register("lot", bench.t, bench.t),
        bench.archive,
    ):
        with refused("erased"):
            call()
    assert bench.timekeeper.erase(bench.opening, "failed", *TWO) == bench.due


def test_nobody_need_call_for_it() -> None:
    bench = Bench()
    bench.erase()
    bench.clock.now = bench.due
    bench.timekeeper.tend()
    assert bench.events()[-1] == "erased"
    assert bench.timekeeper.store.opening_key(bench.opening) is None
    bench.timekeeper.tend()
    assert bench.events().count("erased") == 1


def test_the_journal_says_who_asked_and_why() -> None:
    bench = Bench()
    bench.timekeeper.erase(bench.opening, "cancelled", *TWO, peer=1234)
    fields = bench.timekeeper.journal.events[-1].fields
    assert (fields["reason"], fields["requested_by"], fields["confirmed_by"], fields["peer"]) == (
        "cancelled", *TWO, 1234,
    )  # fmt: skip


def test_taken_back_it_can_be_asked_for_again() -> None:
    bench = Bench()
    bench.erase()
    bench.timekeeper.keep(bench.opening, "procurer 1")
    bench.clock.now = bench.due + HOUR
    (first, _) = bench.timekeeper.release(bench.opening, bench.requests)
    assert bench.letters[0].opened(first) == LETTER
    bench.erase()
    assert bench.due == bench.clock() + ERASE_DELAY


def test_a_clock_that_is_not_confirmed_erases_nothing() -> None:
    """A clock set forward must not destroy what nothing can bring back."""
    source = Source()
    bench = Bench(source)
    bench.timekeeper.confirm_clock()
    bench.erase()
    bench.clock.now = bench.due + HOUR
    bench.timekeeper.tend()
    assert "erased" not in bench.events()
    source.ahead = -ERASE_DELAY  # the authority knows better
    bench.timekeeper.confirm_clock()
    bench.timekeeper.tend()
    assert "erased" not in bench.events()
    source.ahead = timedelta()
    bench.timekeeper.confirm_clock()
    bench.timekeeper.tend()
    assert bench.events()[-1] == "erased"


def test_a_slower_authority_delays_it() -> None:
    source = Source(ahead=-timedelta(seconds=1))
    bench = Bench(source)
    bench.erase()
    bench.clock.now = bench.due
    bench.timekeeper.confirm_clock()
    bench.timekeeper.tend()
    assert "erased" not in bench.events()
    bench.clock.advance(seconds=1)
    bench.timekeeper.tend()
    assert bench.events()[-1] == "erased"


def test_a_store_that_cannot_erase_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.erase()
    bench.clock.now = bench.due

    def broken(opening: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(bench.timekeeper.store, "erase", broken)
        bench.timekeeper.tend()
        with refused("erased"):
            bench.timekeeper.release(bench.opening, bench.requests)
    assert bench.timekeeper.store.opening_key(bench.opening) is not None
    bench.timekeeper.tend()
    assert bench.timekeeper.store.opening_key(bench.opening) is None


# --- archiving --------------------------------------------------------------------------------


def test_of_a_failed_tender_the_recovery_key_keeps_every_letter() -> None:
    bench = Bench()
    bench.timekeeper.withhold(bench.requests[1].digest, "supplier")
    bench.erase()
    kept = bench.archive()
    bench.clock.now = bench.due
    bench.timekeeper.tend()
    assert [recovered(*pair) for pair in zip(bench.letters, kept, strict=True)] == [LETTER] * 2


def test_once_archived_before_t_the_erasure_stands() -> None:
    """Else the recovery key could open letters of a tender that goes on, before its T."""
    bench = Bench()
    bench.erase()
    bench.archive()
    with refused("archived"):
        bench.timekeeper.keep(bench.opening, "procurer 1")
    bench.clock.now = bench.due
    with refused("erased"):
        bench.timekeeper.release(bench.opening, bench.requests)


def test_archiving_nothing_settles_nothing() -> None:
    bench = Bench()
    bench.erase()
    assert bench.timekeeper.archive(bench.opening, []) == []
    foreign = replace(bench.requests[0], ctx=bytes(32))
    assert bench.timekeeper.archive(bench.opening, [foreign]) == [Refusal("broken_wrap")]
    bench.timekeeper.keep(bench.opening, "procurer 1")


def test_after_t_archiving_leaves_the_erasure_open() -> None:
    bench = Bench()
    bench.erase()
    bench.clock.now = bench.t
    assert all(isinstance(kept, bytes) for kept in bench.archive())
    bench.timekeeper.keep(bench.opening, "procurer 1")
    shares = bench.timekeeper.release(bench.opening, bench.requests)
    assert bench.letters[0].opened(shares[0]) == LETTER


def test_before_t_nothing_is_archived_of_a_tender_that_goes_on() -> None:
    bench = Bench()
    bench.timekeeper.withhold(bench.requests[1].digest, "supplier")
    bench.clock.now = bench.t - TICK
    with refused("early"):
        bench.archive()
    assert bench.events()[-1] == "refused"


def test_after_t_a_withdrawn_letter_is_archived_and_no_other() -> None:
    bench = Bench()
    bench.timekeeper.withhold(bench.requests[1].digest, "supplier")
    bench.clock.now = bench.t
    first, second = bench.archive()
    assert first == Refusal("not_withheld")
    assert recovered(bench.letters[1], second) == LETTER


def test_an_unconfirmed_clock_archives_nothing_either() -> None:
    source = Source()
    bench = Bench(source)
    source.away = "unavailable"
    bench.clock.now = bench.t
    with refused("clock_unconfirmed"):
        bench.archive()


def test_the_recovery_key_is_the_timekeepers_own_and_no_callers() -> None:
    bench = Bench()
    bench.erase()
    kept = bench.archive()[0]
    assert isinstance(kept, bytes)
    other = X25519PrivateKey.from_private_bytes(PROCURER.private_key)
    with pytest.raises(seal.SealBroken):
        seal.unwrap_st(replace(bench.requests[0], enc_and_ct=kept), other)


def test_too_many_at_once_are_refused() -> None:
    bench = Bench()
    bench.erase()
    with refused("bad_request"):
        bench.timekeeper.archive(bench.opening, [bench.requests[0]] * 1001)


# --- journals of earlier versions -------------------------------------------------------------


def old(event: str, fields: dict[str, object]) -> Event:
    return Event(1, SettableClock()(), event, fields, FIRST_PREV)


def test_an_old_journal_is_read_still() -> None:
    bench = Bench()
    (registered,) = [e for e in bench.timekeeper.journal.events if e.event == "registered"]
    digest = bench.requests[0].digest.hex()
    state = State(
        [
            registered,
            old("withheld", {"opening": bench.opening, "digest": digest, "requested_by": "x"}),
            old("erased", {"opening": bench.opening, "requested_by": "x", "peer": None}),
        ]
    )
    assert state.withheld == {digest}
    assert state.openings[bench.opening].erased
    assert not state.openings[bench.opening].erasing
    with refused("erased"):
        state.standing(bench.opening)


def test_a_withheld_wrap_is_named_without_its_opening() -> None:
    """So that nobody, the timekeeper included, can count an opening's bids before T."""
    bench = Bench()
    bench.timekeeper.withhold(bench.requests[0].digest, "supplier")
    assert set(bench.timekeeper.journal.events[-1].fields) == {"digest", "requested_by", "peer"}
