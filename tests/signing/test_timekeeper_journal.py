"""signing/timekeeper/journal.py, store.py and what a restart makes of them."""

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from signing.private_files import ExposedFile
from signing.timekeeper import canonical
from signing.timekeeper.clock import ClockRule
from signing.timekeeper.double import SettableClock
from signing.timekeeper.escrow import Quorum
from signing.timekeeper.journal import FileJournal, JournalBroken, JournalUnavailable
from signing.timekeeper.protocol import Refusal, TimekeeperRefused
from signing.timekeeper.service import TimekeeperService
from signing.timekeeper.store import FileStore, StoreDamaged
from tests.signing.timekeeper_process import LETTER, PROCURER, Sealed

HOUR = timedelta(hours=1)
CLOCK = SettableClock()
NOW = CLOCK()


class OnDisk:
    """A timekeeper on files but in this process, so that its clock can be set."""

    def __init__(
        self, folder: Path, quorum: Quorum | None = None, copies: Path | None = None
    ) -> None:
        self.folder, self.clock, self.quorum = folder, SettableClock(), quorum
        self.copies = copies
        self.open()

    def open(self) -> None:
        self.store = FileStore(self.folder, self.copies)
        try:
            self.journal = FileJournal(self.store.journal_path, self.store.mirror_path)
            rule = ClockRule(self.clock, (), self.clock.ticks)
            events = self.journal.events
            self.service = TimekeeperService(self.store, self.journal, events, rule, self.quorum)
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        self.journal.close()
        self.store.close()

    def restart(self) -> None:
        self.close()
        self.open()


@pytest.fixture
def on_disk(tmp_path: Path) -> OnDisk:
    return OnDisk(tmp_path / "store")


def chain(path: Path, count: int = 3) -> FileJournal:
    journal = FileJournal(path)
    for number in range(count):
        journal.append("event", NOW + number * HOUR, {"number": number, "text": "保函\n"})
    return journal


def test_a_journal_is_read_as_written(tmp_path: Path) -> None:
    chain(tmp_path / "j").close()
    journal = FileJournal(tmp_path / "j")
    assert [event.fields["number"] for event in journal.events] == [0, 1, 2]
    assert journal.latest == NOW + 2 * HOUR
    assert journal.torn == 0
    lines = (tmp_path / "j").read_bytes().splitlines()
    hashes = [canonical.read(line)["hash"] for line in lines]
    assert [canonical.read(line)["prev"] for line in lines] == ["0" * 64, *hashes[:-1]]
    journal.append("event", NOW, {})
    journal.close()
    assert FileJournal(tmp_path / "j").latest == NOW + 2 * HOUR


def test_every_torn_end_is_recovered(tmp_path: Path) -> None:
    chain(tmp_path / "whole").close()
    whole = (tmp_path / "whole").read_bytes()
    last = whole.rstrip(b"\n").rindex(b"\n") + 1
    for cut in range(last, len(whole)):
        (tmp_path / "j").unlink(missing_ok=True)
        (tmp_path / "j").touch(mode=0o600)
        (tmp_path / "j").write_bytes(whole[:cut])
        journal = FileJournal(tmp_path / "j")
        assert (len(journal.events), journal.torn) == (2, cut - last)
        journal.append("event", NOW, {"number": 9})
        journal.close()
        again = FileJournal(tmp_path / "j")
        assert [event.fields["number"] for event in again.events] == [0, 1, 9]
        again.close()


def removed(lines: list[bytes]) -> None:
    del lines[1]


def repeated(lines: list[bytes]) -> None:
    lines.insert(1, lines[0])


def exchanged(lines: list[bytes]) -> None:
    lines[1], lines[2] = lines[2], lines[1]


def beheaded(lines: list[bytes]) -> None:
    del lines[0]


def rewritten(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b'"number":1', b'"number":7')


def spaced(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b":", b": ", 1)


def damaged_end(lines: list[bytes]) -> None:
    lines[-1] = lines[-1][:-3] + b"!" + lines[-1][-2:]


def empty_line(lines: list[bytes]) -> None:
    lines.append(b"\n")


@pytest.mark.parametrize(
    "change",
    [removed, repeated, exchanged, beheaded, rewritten, spaced, damaged_end, empty_line],
)
def test_a_broken_chain_stops_the_start(
    tmp_path: Path, change: Callable[[list[bytes]], None]
) -> None:
    chain(tmp_path / "j").close()
    lines = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    change(lines)
    (tmp_path / "j").write_bytes(b"".join(lines))
    with pytest.raises(JournalBroken, match=r"j, line \d: .*restore"):
        FileJournal(tmp_path / "j")


def test_every_flipped_byte_stops_the_start_or_is_a_torn_end(tmp_path: Path) -> None:
    chain(tmp_path / "whole").close()
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "j").touch(mode=0o600)
    for place in range(len(whole) - 1):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        (tmp_path / "j").write_bytes(flipped)
        with pytest.raises(JournalBroken):
            FileJournal(tmp_path / "j")


def full_disk(room: int) -> Callable[[int, bytes], int]:
    """os.write on a disk with room for so many bytes."""
    left = [room]
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(descriptor, data[: left[0]])
        left[0] -= written
        return written

    return write


@pytest.mark.parametrize("room", [0, 1, 100])
def test_on_a_full_disk_nothing_is_recorded_and_nothing_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    journal = chain(tmp_path / "j")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_disk(room))
        for _ in range(2):
            with pytest.raises(JournalUnavailable, match="No space left"):
                journal.append("event", NOW, {"number": 9})
    journal.append("event", NOW, {"number": 3})
    journal.close()
    again = FileJournal(tmp_path / "j")
    assert [event.fields["number"] for event in again.events] == [0, 1, 2, 3]
    assert again.torn == 0


def test_after_a_failed_fsync_nothing_more_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = chain(tmp_path / "j")

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(JournalUnavailable, match="restart"):
            journal.append("event", NOW, {})
    with pytest.raises(JournalUnavailable, match="restart"):
        journal.append("event", NOW, {})


# --- a restart --------------------------------------------------------------------------------


def test_a_restart_ends_where_the_last_run_was(on_disk: OnDisk) -> None:
    t = on_disk.clock() + HOUR
    kept = on_disk.service.register("kept", t, t)
    late = on_disk.service.register("late", t, t)
    gone = on_disk.service.register("gone", t, t)
    later = on_disk.service.postpone(late.opening, t + HOUR, "procurer")
    due = on_disk.service.erase(gone.opening, "failed", "procurer", "second")
    letters = [Sealed(kept, "1"), Sealed(kept, "2")]
    on_disk.service.withhold(letters[1].request.digest, "supplier")
    public = on_disk.service.public()
    on_disk.restart()
    service = on_disk.service
    assert service.public() == public
    assert service.register("kept", t, t) == kept
    assert service.register("late", t + HOUR, t) == later
    on_disk.clock.now = t
    shares = service.release(kept.opening, [letter.request for letter in letters])
    assert letters[0].opened(shares[0]) == LETTER
    assert shares[1] == Refusal("withheld")
    for opening, code in ((late.opening, "early"), (gone.opening, "erasing")):
        with pytest.raises(TimekeeperRefused, match=code):
            service.release(opening, [])
    assert service.erase(gone.opening, "failed", "procurer", "second") == due


def test_a_clock_behind_the_journal_is_refused_after_a_restart(on_disk: OnDisk) -> None:
    t = on_disk.clock() + HOUR
    certificate = on_disk.service.register("lot", t, t)
    on_disk.clock.now = t
    on_disk.service.release(certificate.opening, [])
    on_disk.clock.advance(seconds=-1)
    on_disk.restart()
    with pytest.raises(TimekeeperRefused, match="clock_backwards"):
        on_disk.service.release(certificate.opening, [])
    on_disk.clock.advance(seconds=1)
    assert on_disk.service.release(certificate.opening, []) == []


def test_erasing_is_finished_by_the_next_start(on_disk: OnDisk) -> None:
    t = on_disk.clock() + HOUR
    certificate = on_disk.service.register("lot", t, t)
    key = on_disk.folder / "openings" / f"{certificate.opening}.key"
    content = key.read_bytes()
    on_disk.clock.now = on_disk.service.erase(certificate.opening, "failed", "one", "two")
    on_disk.service.tend()
    assert not key.exists()
    key.touch(mode=0o600)
    key.write_bytes(content)  # as if killed between journal and erasing
    on_disk.restart()
    assert not key.exists()


def test_full_disk_releases_nothing_and_loses_nothing(
    on_disk: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = on_disk.clock() + HOUR
    certificate = on_disk.service.register("lot", t, t)
    letter = Sealed(certificate)
    on_disk.clock.now = t
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_disk(0))
        with pytest.raises(TimekeeperRefused, match="journal_unavailable"):
            on_disk.service.release(certificate.opening, [letter.request])
        with pytest.raises(TimekeeperRefused, match="journal_unavailable"):
            on_disk.service.register("lot-2", t + HOUR, t + HOUR)
        with pytest.raises(TimekeeperRefused, match="journal_unavailable"):
            on_disk.service.withhold(letter.request.digest, "x")
        with pytest.raises(TimekeeperRefused, match="journal_unavailable"):
            on_disk.service.erase(certificate.opening, "failed", "x", "y")
    (share,) = on_disk.service.release(certificate.opening, [letter.request])
    assert letter.opened(share) == LETTER


def test_a_key_that_cannot_be_stored_is_not_certified(
    on_disk: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    t = on_disk.clock() + HOUR
    with monkeypatch.context() as patch:
        patch.setattr("signing.private_files.write_new", full)
        with pytest.raises(TimekeeperRefused, match=r"store_unavailable.*No space"):
            on_disk.service.register("lot", t, t)
    assert on_disk.service.register("lot", t, t).revision == 1


# --- the store --------------------------------------------------------------------------------


def test_the_store_is_for_its_user_alone(on_disk: OnDisk) -> None:
    t = on_disk.clock() + HOUR
    on_disk.service.register("lot", t, t)
    entries = list(on_disk.folder.rglob("*"))
    assert {entry.stat().st_mode & 0o777 for entry in entries if entry.is_dir()} == {0o700}
    assert {entry.stat().st_mode & 0o777 for entry in entries if entry.is_file()} == {0o600}
    assert on_disk.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("part", [".", "signing.key", "journal.jsonl", "openings", "lock"])
@pytest.mark.parametrize("mode", [0o040, 0o004, 0o010])
def test_a_store_open_to_others_is_not_used(on_disk: OnDisk, part: str, mode: int) -> None:
    on_disk.close()
    path = on_disk.folder / part
    path.chmod(path.stat().st_mode | mode)
    with pytest.raises(ExposedFile, match="lets other users in"):
        on_disk.open()


def test_one_timekeeper_at_a_time(on_disk: OnDisk) -> None:
    with pytest.raises(BlockingIOError):
        FileStore(on_disk.folder)


@pytest.mark.parametrize(
    ("missing", "reason"), [("signing.key", "restore"), ("journal.jsonl", "there are openings")]
)
def test_a_store_that_lacks_a_part_is_not_used(on_disk: OnDisk, missing: str, reason: str) -> None:
    t = on_disk.clock() + HOUR
    on_disk.service.register("lot", t, t)
    on_disk.close()
    (on_disk.folder / missing).unlink()
    with pytest.raises(StoreDamaged, match=reason):
        on_disk.open()


def test_another_stores_signing_key_is_found_out(on_disk: OnDisk) -> None:
    on_disk.close()
    (on_disk.folder / "signing.key").write_bytes(os.urandom(32))
    with pytest.raises(StoreDamaged, match="is not the key"):
        on_disk.open()


def test_a_missing_opening_key_is_said(on_disk: OnDisk) -> None:
    t = on_disk.clock() + HOUR
    certificate = on_disk.service.register("lot", t, t)
    (on_disk.folder / "openings" / f"{certificate.opening}.key").unlink()
    on_disk.clock.now = t
    with pytest.raises(TimekeeperRefused, match="key_missing"):
        on_disk.service.release(certificate.opening, [])


def test_with_a_quorum_every_key_has_an_escrow_copy_until_it_is_erased(tmp_path: Path) -> None:
    on_disk = OnDisk(tmp_path / "store", Quorum(1, (("one", PROCURER.public_key),)))
    t = on_disk.clock() + HOUR
    certificate = on_disk.service.register("lot", t, t)
    assert on_disk.store.escrow(certificate.opening) is not None
    on_disk.clock.now = on_disk.service.erase(certificate.opening, "failed", "one", "two")
    on_disk.service.tend()
    assert on_disk.store.escrow(certificate.opening) is None
    left = [path.name for path in (tmp_path / "store" / "escrow").iterdir()]
    assert left == ["signing.json"]
