"""signing/timekeeper: one contract for the process and its double; then what the rules refuse."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from signing import wire
from signing.timekeeper import client as client_module
from signing.timekeeper.certificate import CertificateInvalid
from signing.timekeeper.client import TimekeeperClient
from signing.timekeeper.double import DoubleTimekeeper, SettableClock
from signing.timekeeper.ending import ERASE_DELAY
from signing.timekeeper.protocol import (
    REFUSALS,
    OpeningCertificate,
    Refusal,
    Timekeeper,
    TimekeeperRefused,
)
from tests.signing.timekeeper_process import LETTER, Sealed

SOON = timedelta(seconds=0.5)
FAR = timedelta(hours=1)


class InProcess:
    """The double, with its clock."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.timekeeper: Timekeeper = DoubleTimekeeper(self.clock)

    def now(self) -> datetime:
        return self.clock()

    def wait_until(self, moment: datetime) -> None:
        self.clock.now = moment


class AsProcess:
    """The real one, with the real clock."""

    def __init__(self, timekeeper: Timekeeper) -> None:
        self.timekeeper = timekeeper

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait_until(self, moment: datetime) -> None:
        time.sleep(max(0.0, (moment - self.now()).total_seconds()))


Setting = InProcess | AsProcess


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimekeeperClient]:
    folder = tmp_path_factory.mktemp("timekeeper")
    command = [sys.executable, "-m", "signing.timekeeper", "--store", str(folder / "store")]
    command += ["--socket", str(folder / "s"), "--allow-uid", str(os.geteuid())]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        said = [running.stderr.readline() for _ in range(4)]
        assert "listening" in said[-1], said
        yield TimekeeperClient(folder / "s")
        running.terminate()
        assert running.wait(10) == 0
    assert not (folder / "s").exists()


@pytest.fixture(params=["double", "process"])
def setting(request: pytest.FixtureRequest) -> Setting:
    if request.param == "double":
        return InProcess()
    return AsProcess(request.getfixturevalue("process"))


def registered(setting: Setting, ahead: timedelta) -> OpeningCertificate:
    moment = setting.now() + ahead
    return setting.timekeeper.register(os.urandom(8).hex(), moment, moment)


def refused(code: str) -> "pytest.RaisesExc[TimekeeperRefused]":
    assert code in REFUSALS
    return pytest.raises(TimekeeperRefused, match=rf"\({code}\)")


# --- the contract -----------------------------------------------------------------------------


def test_certificate_is_signed_and_says_what_was_registered(setting: Setting) -> None:
    deadline = setting.now().astimezone(timezone(timedelta(hours=8))) + FAR
    certificate = setting.timekeeper.register("第一标段", deadline + SOON, deadline)
    certificate.verify(setting.timekeeper.public())
    assert certificate.opening_time == deadline + SOON
    assert certificate.deadline == deadline
    assert certificate.opening_time.utcoffset() == timedelta()
    assert (certificate.lot, certificate.revision) == ("第一标段", 1)
    assert OpeningCertificate.from_bytes(certificate.to_bytes()) == certificate


def test_registering_twice_gives_the_same_certificate(setting: Setting) -> None:
    first = registered(setting, FAR)
    again = setting.timekeeper.register(first.lot, first.opening_time, first.deadline)
    assert again == first
    with refused("already_registered"):
        setting.timekeeper.register(first.lot, first.opening_time + SOON, first.deadline)
    with refused("already_registered"):
        setting.timekeeper.register(first.lot, first.opening_time, first.deadline - SOON)


def test_lots_have_keys_of_their_own(setting: Setting) -> None:
    first, second = registered(setting, FAR), registered(setting, FAR)
    assert first.opening != second.opening
    assert first.public_key != second.public_key


def test_nothing_before_t_everything_after(setting: Setting) -> None:
    certificate = registered(setting, SOON)
    letters = [Sealed(certificate, f"BH-{number}") for number in range(3)]
    requests = [letter.request for letter in letters]
    with refused("early"):
        setting.timekeeper.release(certificate.opening, requests)
    setting.wait_until(certificate.opening_time)
    shares = setting.timekeeper.release(certificate.opening, requests)
    assert [letter.opened(share) for letter, share in zip(letters, shares, strict=True)] == [
        LETTER
    ] * 3
    assert setting.timekeeper.release(certificate.opening, requests) == shares


def test_one_bad_wrap_holds_up_no_other(setting: Setting) -> None:
    certificate, other = registered(setting, SOON), registered(setting, FAR)
    good, gone, foreign = Sealed(certificate, "1"), Sealed(certificate, "2"), Sealed(other, "3")
    setting.timekeeper.withhold(gone.request.digest, "supplier withdrew")
    setting.wait_until(certificate.opening_time)
    flipped = replace(good.request, com=bytes(32))
    requests = [flipped, good.request, gone.request, foreign.request]
    shares = setting.timekeeper.release(certificate.opening, requests)
    assert [share.code if isinstance(share, Refusal) else "" for share in shares] == [
        "broken_wrap", "", "withheld", "broken_wrap",
    ]  # fmt: skip
    assert good.opened(shares[1]) == LETTER


def test_withheld_is_withheld_for_ever(setting: Setting) -> None:
    certificate = registered(setting, SOON)
    gone = Sealed(certificate)
    for _ in range(2):
        setting.timekeeper.withhold(gone.request.digest, "supplier")
    setting.wait_until(certificate.opening_time)
    for _ in range(2):
        (share,) = setting.timekeeper.release(certificate.opening, [gone.request])
        assert share == Refusal("withheld")


def test_t_moves_later_and_never_earlier(setting: Setting) -> None:
    first = registered(setting, SOON)
    letter = Sealed(first)
    later = setting.timekeeper.postpone(first.opening, first.opening_time + FAR, "procurer 1")
    later.verify(setting.timekeeper.public())
    assert later.revision == 2
    assert (later.opening, later.public_key, later.deadline) == (
        first.opening, first.public_key, first.deadline,
    )  # fmt: skip
    assert later == setting.timekeeper.postpone(first.opening, later.opening_time, "procurer 1")
    with refused("time_not_later"):
        setting.timekeeper.postpone(first.opening, first.opening_time, "procurer 1")
    setting.wait_until(first.opening_time + timedelta(milliseconds=50))
    with refused("early"):
        setting.timekeeper.release(first.opening, [letter.request])


def test_once_t_has_come_it_does_not_move(setting: Setting) -> None:
    certificate = registered(setting, SOON)
    setting.wait_until(certificate.opening_time)
    with refused("opening_passed"):
        setting.timekeeper.postpone(certificate.opening, setting.now() + FAR, "procurer 1")


def test_an_erasure_waits_and_can_be_taken_back(setting: Setting) -> None:
    certificate = registered(setting, SOON)
    opening, timekeeper, letter = certificate.opening, setting.timekeeper, Sealed(certificate)
    due = timekeeper.erase(opening, "failed", "procurer 1", "procurer 2")
    assert abs(due - setting.now() - ERASE_DELAY) < timedelta(seconds=5)
    assert timekeeper.erase(opening, "cancelled", "procurer 3", "procurer 4") == due
    setting.wait_until(certificate.opening_time)
    with refused("erasing"):
        timekeeper.release(opening, [letter.request])
    with refused("erasing"):
        timekeeper.postpone(opening, setting.now() + FAR, "procurer 1")
    for _ in range(2):
        timekeeper.keep(opening, "procurer 1")
    (share,) = timekeeper.release(opening, [letter.request])
    assert letter.opened(share) == LETTER


def test_an_erasure_needs_two_people_and_a_reason(setting: Setting) -> None:
    opening = registered(setting, FAR).opening
    with refused("same_person"):
        setting.timekeeper.erase(opening, "failed", "procurer 1", "procurer 1")
    for reason, first, second in (("tired", "a", "b"), ("failed", "", "b"), ("failed", "a", "")):
        with refused("bad_request"):
            setting.timekeeper.erase(opening, reason, first, second)
    with refused("early"):  # nothing is pending
        setting.timekeeper.release(opening, [])


def test_without_a_recovery_key_nothing_is_archived(setting: Setting) -> None:
    with refused("no_recovery_key"):
        setting.timekeeper.archive(registered(setting, FAR).opening, [])


def test_times_that_make_no_sense_are_refused(setting: Setting) -> None:
    now, timekeeper = setting.now(), setting.timekeeper
    with refused("time_before_deadline"):
        timekeeper.register("lot-x", now + SOON, now + FAR)
    with refused("time_past"):
        timekeeper.register("lot-x", now - SOON, now - FAR)
    with refused("bad_request"):
        timekeeper.register("lot-x", (now + SOON).replace(tzinfo=None), now)
    for lot in ("", "x" * 201, "a\nb"):
        with refused("bad_request"):
            timekeeper.register(lot, now + SOON, now)


def test_unknown_openings_and_bad_values_are_refused(setting: Setting) -> None:
    certificate, timekeeper = registered(setting, FAR), setting.timekeeper
    for opening in ("0" * 32, "../signing", ""):
        with refused("unknown_opening"):
            timekeeper.release(opening, [])
        with refused("unknown_opening"):
            timekeeper.erase(opening, "failed", "x", "y")
        with refused("unknown_opening"):
            timekeeper.keep(opening, "x")
        with refused("unknown_opening"):
            timekeeper.postpone(opening, setting.now() + FAR, "x")
    with refused("bad_request"):
        timekeeper.withhold(bytes(31), "x")
    with refused("bad_request"):
        timekeeper.keep(certificate.opening, "")


def test_many_wraps_are_released_in_order(setting: Setting) -> None:
    certificate = registered(setting, SOON)
    good = Sealed(certificate).request
    bad = replace(good, ctx=bytes(32))
    setting.wait_until(certificate.opening_time)
    pattern = [bad if number % 7 == 3 else good for number in range(client_module.BATCH + 50)]
    shares = setting.timekeeper.release(certificate.opening, pattern)
    assert [isinstance(share, Refusal) for share in shares] == [
        request is bad for request in pattern
    ]


def test_status_is_well(setting: Setting) -> None:
    status = setting.timekeeper.status()
    assert (status.ok, status.refusal, status.sources) == (True, None, ())
    assert abs(status.now - setting.now()) < timedelta(seconds=5)


# --- certificates -----------------------------------------------------------------------------


def test_a_changed_certificate_is_not_the_timekeepers_word() -> None:
    setting = InProcess()
    certificate, public = registered(setting, FAR), setting.timekeeper.public()
    changes = {
        "opening": "0" * 32,
        "lot": "another",
        "opening_time": certificate.opening_time - FAR,
        "deadline": certificate.deadline - FAR,
        "revision": 2,
        "issued_at": certificate.issued_at + SOON,
        "public_key": bytes(32),
        "signature": bytes(64),
    }
    for name, value in changes.items():
        with pytest.raises(CertificateInvalid, match="signature"):
            replace(certificate, **{name: value}).verify(public)  # type: ignore[arg-type]
    with pytest.raises(CertificateInvalid, match="unknown_key"):
        certificate.verify(DoubleTimekeeper().public())


def test_only_one_spelling_of_a_certificate_is_read() -> None:
    data = registered(InProcess(), FAR).to_bytes()
    spellings = (
        data + b"\n",
        data.replace(b":", b": ", 1),
        data.replace(b"Z", b"+00:00", 1),
        data.replace(b'"revision":1', b'"revision":"1"'),
        data.replace(b'"lot"', b'"lott"'),
        data.replace(b"}", b',"more":1}'),
        data.replace(b"/v1", b"/v2"),
        b"[]",
        b"",
        b"\xff",
    )
    for spelling in spellings:
        with pytest.raises(CertificateInvalid, match="malformed"):
            OpeningCertificate.from_bytes(spelling)


# --- the process only -------------------------------------------------------------------------


def test_fields_that_do_not_fit_are_refused(process: TimekeeperClient) -> None:
    calls = (
        ("register", {"lot": 1, "opening_time": "", "deadline": ""}),
        ("register", {"lot": "x", "opening_time": "tomorrow", "deadline": "tomorrow"}),
        ("register", {"lot": "x"}),
        ("release", {"opening": "0" * 32, "requests": [1]}),
        ("release", {"opening": "0" * 32, "requests": [{"ctx": b""}]}),
        ("withhold", {"wrap_digest": "text", "requested_by": "x"}),
        ("withhold", {"opening": "0" * 32, "wrap_digest": bytes(32), "requested_by": "x"}),
        ("erase", {"opening": "0" * 32, "requested_by": "x"}),
        ("archive", {"opening": "0" * 32, "requests": [], "recovery_key": bytes(32)}),
        ("status", {"more": 1}),
    )
    for operation, fields in calls:
        with pytest.raises(wire.RemoteError, match="bad_request"):
            process._client.call(operation, **fields)


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(wire.Unavailable):
        TimekeeperClient(tmp_path / "s").status()
