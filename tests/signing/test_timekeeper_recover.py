"""signing/timekeeper/recover.py: the drill of a lost store, and what the copies outside it hold."""

import errno
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signing import private_files, seal
from signing.log import Head
from signing.log.heads import FileHeads
from signing.timekeeper import recover
from signing.timekeeper.cosigner import COSIGNED, LogCosigner
from signing.timekeeper.escrow import EscrowError, Quorum
from signing.timekeeper.journal import FileJournal
from signing.timekeeper.mirror import MirrorDiffers
from signing.timekeeper.protocol import OpeningCertificate, Refusal, TimekeeperRefused
from signing.timekeeper.store import FileStore
from tests.signing.test_timekeeper_journal import OnDisk
from tests.signing.timekeeper_process import LETTER, Running, Sealed

HOUR = timedelta(hours=1)
MEMBERS = [seal.make_key_pair() for _ in range(3)]
QUORUM = Quorum(2, tuple((f"member {n}", pair.public_key) for n, pair in enumerate(MEMBERS)))


class Ceremony:
    """Members with keys of their own, and a timekeeper whose store will be lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "quorum.json").write_bytes(QUORUM.to_bytes())
        self.copies = folder / "elsewhere"
        self.running = Running(
            folder, "--escrow-key", str(folder / "quorum.json"), "--copies", str(self.copies)
        )
        for number, pair in enumerate(MEMBERS):
            private_files.write_new(folder / f"member-{number}.key", pair.private_key)

    def command(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "signing.timekeeper.recover", *map(str, arguments)]
        return subprocess.run(line, check=False, capture_output=True, text=True, timeout=60)

    def share(self, member: int) -> subprocess.CompletedProcess[str]:
        key, to = self.folder / f"member-{member}.key", self.folder / "ceremony" / "transport.pub"
        out = self.folder / f"partial-{member}"
        return self.command(
            "share", "--copies", self.copies, "--key", key, "--to", to, "--out", out
        )

    def restore(self, *members: int, store: str = "store") -> subprocess.CompletedProcess[str]:
        partials = [word for n in members for word in ("--partial", self.folder / f"partial-{n}")]
        where = ("--store", self.folder / store, "--copies", self.copies)
        transport = self.folder / "ceremony" / "transport.key"
        return self.command("restore", *where, "--transport", transport, *partials)


@pytest.fixture
def ceremony(tmp_path: Path) -> Ceremony:
    return Ceremony(tmp_path)


def test_drill_a_lost_store_is_made_anew_and_opens_its_letters(ceremony: Ceremony) -> None:
    running = ceremony.running
    assert running.start()
    t = datetime.now(UTC) + HOUR
    certificate = running.client.register("lot", t, t)
    later = running.client.register("later", t, t)
    later = running.client.postpone(later.opening, t + HOUR, "procurer")
    letter, withdrawn = Sealed(certificate, "1"), Sealed(certificate, "2")
    running.client.withhold(withdrawn.request.digest, "supplier")
    public = running.client.public()
    running.kill()
    shutil.rmtree(running.store)

    assert ceremony.command("begin", "--out", ceremony.folder / "ceremony").returncode == 0
    for member in (0, 2):
        assert ceremony.share(member).returncode == 0
    done = ceremony.restore(0, 2)
    assert (done.returncode, "2 opening keys put back" in done.stderr) == (0, True)
    assert not (ceremony.folder / "ceremony" / "transport.key").exists()

    assert running.start()
    assert running.client.public() == public
    assert running.client.register("later", t + HOUR, t) == later
    requests = [letter.request, withdrawn.request]
    with pytest.raises(TimekeeperRefused, match="early"):
        running.client.release(certificate.opening, requests)
    running.move_clock(HOUR)
    first, second = running.client.release(certificate.opening, requests)
    assert letter.opened(first) == LETTER
    assert second == Refusal("withheld")
    assert running.stop() == 0


def test_too_few_members_and_other_ceremonies_get_nothing(ceremony: Ceremony) -> None:
    running, folder = ceremony.running, ceremony.folder
    assert running.start()
    t = datetime.now(UTC) + HOUR
    running.client.register("lot", t, t)
    running.kill()
    ceremony.command("begin", "--out", folder / "ceremony")
    assert [ceremony.share(member).returncode for member in (0, 1)] == [0, 0]
    for members in ((0,), (0, 0)):
        done = ceremony.restore(*members, store="new")
        assert done.returncode == 1
        assert "too few members" in done.stderr
        assert not (folder / "new").exists()
    (folder / "partial-1").write_bytes(
        recover.share(ceremony.copies, MEMBERS[1].private_key, MEMBERS[1].public_key)
    )
    done = ceremony.restore(0, 1, store="new")
    assert (done.returncode, "another ceremony" in done.stderr) == (1, True)


def test_nothing_is_overwritten(ceremony: Ceremony) -> None:
    assert ceremony.running.start()
    ceremony.running.kill()
    begin = ("begin", "--out", ceremony.folder / "ceremony")
    assert ceremony.command(*begin).returncode == 0
    for done in (ceremony.command(*begin), ceremony.restore(0)):
        assert done.returncode == 1
        assert "exists already" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_partial_file_holds_no_share_in_the_clear(ceremony: Ceremony) -> None:
    assert ceremony.running.start()
    ceremony.running.kill()
    transport = seal.make_key_pair()
    partial = recover.share(ceremony.copies, MEMBERS[0].private_key, transport.public_key)
    (copy,) = ceremony.copies.glob("*.json")
    from signing.timekeeper.escrow import open_share

    _, share = open_share(copy.read_bytes(), MEMBERS[0].private_key)
    assert share.hex() not in partial.decode()
    assert share not in partial


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"schema":"other","shares":[]}'])
def test_what_is_no_partial_file_is_refused(ceremony: Ceremony, content: bytes) -> None:
    assert ceremony.running.start()
    ceremony.running.kill()
    with pytest.raises(EscrowError, match="not a partial file"):
        recover.restore(
            ceremony.copies,
            ceremony.copies / "journal.jsonl",
            MEMBERS[0].private_key,
            [content],
            ceremony.folder / "new",
        )


# --- without processes --------------------------------------------------------------------------


class Kept(OnDisk):
    """On disk with copies elsewhere, and two of three members to make it anew."""

    def __init__(self, folder: Path) -> None:
        self.elsewhere = folder / "elsewhere"
        super().__init__(folder / "store", QUORUM, self.elsewhere)

    def register(self, lot: str = "lot") -> OpeningCertificate:
        t = self.clock() + HOUR
        return self.service.register(lot, t, t)

    def recovered(self, history: Path | None = None) -> recover.Restored:
        transport = seal.make_key_pair()
        partials = [
            recover.share(self.elsewhere, pair.private_key, transport.public_key)
            for pair in MEMBERS[1:]
        ]
        history = history or self.elsewhere / "journal.jsonl"
        new = self.folder.with_name("new")
        made = recover.restore(self.elsewhere, history, transport.private_key, partials, new)
        self.folder = new
        return made


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_the_copies_lie_outside_the_store_and_are_for_its_user_alone(kept: Kept) -> None:
    certificate = kept.register()
    names = {path.name for path in kept.elsewhere.iterdir()}
    assert names == {"signing.json", "journal.jsonl", f"{certificate.opening}.json"}
    assert list((kept.folder / "escrow").iterdir()) == []
    modes = {path.stat().st_mode & 0o777 for path in kept.elsewhere.iterdir()}
    assert (modes, kept.elsewhere.stat().st_mode & 0o777) == ({0o600}, 0o700)
    journal = kept.folder / "journal.jsonl"
    assert (kept.elsewhere / "journal.jsonl").read_bytes() == journal.read_bytes()


def test_copies_of_an_earlier_version_move_out_of_the_store(tmp_path: Path) -> None:
    old = OnDisk(tmp_path / "store", QUORUM)
    t = old.clock() + HOUR
    certificate = old.service.register("lot", t, t)
    old.close()
    kept = Kept(tmp_path)
    assert kept.store.escrow(certificate.opening) is not None
    assert list((tmp_path / "store" / "escrow").iterdir()) == []
    kept.close()
    assert kept.recovered() == recover.Restored(1, ())


def test_keys_made_before_there_was_a_quorum_get_their_copies(tmp_path: Path) -> None:
    old = OnDisk(tmp_path / "store")
    t = old.clock() + HOUR
    old.service.register("lot", t, t)
    old.close()
    kept = Kept(tmp_path)
    kept.close()
    assert kept.recovered() == recover.Restored(1, ())


def test_an_erased_opening_is_erased_among_the_copies_and_not_put_back(kept: Kept) -> None:
    certificate, other = kept.register(), kept.register("other")
    copy = kept.elsewhere / f"{certificate.opening}.json"
    content = copy.read_bytes()
    kept.clock.now = kept.service.erase(certificate.opening, "failed", "one", "two")
    kept.service.tend()
    assert not copy.exists()
    private_files.write_new(copy, content)  # from some backup
    kept.close()
    assert kept.recovered() == recover.Restored(1, ())
    assert [path.stem for path in (kept.folder / "openings").iterdir()] == [other.opening]


def test_a_lacking_copy_is_said_and_holds_up_no_other(kept: Kept) -> None:
    lost, found = kept.register(), kept.register("found")
    kept.close()
    (kept.elsewhere / f"{lost.opening}.json").unlink()
    assert kept.recovered() == recover.Restored(1, (lost.opening,))
    kept.elsewhere = kept.folder.with_name("fresh")
    kept.copies = kept.elsewhere
    kept.open()
    kept.clock.now = found.opening_time
    letter = Sealed(found)
    (share,) = kept.service.release(found.opening, [letter.request])
    assert letter.opened(share) == LETTER
    with pytest.raises(TimekeeperRefused, match="key_missing"):
        kept.service.release(lost.opening, [])


def test_what_was_cosigned_of_the_log_is_remembered(kept: Kept) -> None:
    """Else the witness would take a log that was set back, or refuse to start at all."""
    for size in (3, 7):
        fields = {"origin": "log.example", "size": size, "root": bytes([size] * 32).hex()}
        kept.service.note(COSIGNED, fields)
    kept.close()
    kept.recovered()
    kept.elsewhere = kept.copies = kept.folder.with_name("fresh")
    kept.open()
    heads = FileHeads(kept.folder / "log-heads.json")
    key, events = kept.store.signing_key, kept.journal.events
    cosigner = LogCosigner(kept.service, kept.service.lock, key, heads, events)
    assert cosigner.head("log.example") == Head(7, bytes([7] * 32))


def test_another_timekeepers_journal_is_refused(kept: Kept, tmp_path: Path) -> None:
    kept.register()
    kept.close()
    (tmp_path / "b").mkdir()
    other = Kept(tmp_path / "b")
    other.close()
    with pytest.raises(EscrowError, match="not the one that this journal began with"):
        kept.recovered(other.elsewhere / "journal.jsonl")


def test_half_a_recovery_starts_no_timekeeper(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.register()
    kept.close()
    real = private_files.write_new

    def until_journal(path: Path, content: bytes) -> None:
        if path.name == "journal.jsonl":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr("signing.private_files.write_new", until_journal)
        with pytest.raises(OSError, match="No space"):
            kept.recovered()
    with pytest.raises(Exception, match="there are openings"):
        FileStore(kept.folder.with_name("new"))


# --- the journal's copy -------------------------------------------------------------------------


def test_a_store_set_back_is_noticed(kept: Kept, tmp_path: Path) -> None:
    """Its journal lacks what the copy has: perhaps a withheld bid."""
    certificate = kept.register()
    kept.close()
    shutil.copytree(kept.folder, tmp_path / "backup")
    kept.open()
    kept.service.withhold(Sealed(certificate).request.digest, "supplier")
    kept.close()
    shutil.rmtree(kept.folder)
    shutil.copytree(tmp_path / "backup", kept.folder)
    with pytest.raises(MirrorDiffers, match="set back to an earlier day"):
        kept.open()


def test_while_its_disk_is_full_openings_go_on_and_it_catches_up(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = kept.register()
    letter = Sealed(certificate)
    kept.clock.now = certificate.opening_time
    copy, journal = kept.elsewhere / "journal.jsonl", kept.folder / "journal.jsonl"

    def full(descriptor: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        (share,) = kept.service.release(certificate.opening, [letter.request])
        assert letter.opened(share) == LETTER
        assert len(copy.read_bytes()) < len(journal.read_bytes())
    kept.service.withhold(bytes(32), "supplier")
    assert copy.read_bytes() == journal.read_bytes()


@pytest.mark.parametrize("cut", [1, 20, 200, 10_000])
def test_a_copy_that_is_behind_or_torn_is_completed_at_start(kept: Kept, cut: int) -> None:
    for number in range(3):
        kept.register(f"lot {number}")
    kept.close()
    copy = kept.elsewhere / "journal.jsonl"
    whole = copy.read_bytes()
    copy.write_bytes(whole[: max(0, len(whole) - cut)])
    kept.open()
    assert copy.read_bytes() == whole


def test_a_changed_copy_stops_the_start(kept: Kept) -> None:
    kept.register()
    kept.close()
    copy = kept.elsewhere / "journal.jsonl"
    copy.write_bytes(copy.read_bytes().replace(b"registered", b"registeree"))
    with pytest.raises(MirrorDiffers):
        kept.open()


def test_the_journal_is_read_as_before_beside_its_copy(kept: Kept) -> None:
    kept.register()
    kept.close()
    lines = (kept.elsewhere / "journal.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["store_made", "registered"]
    journal = FileJournal(kept.elsewhere / "journal.jsonl")
    assert len(journal.events) == 2
    journal.close()
