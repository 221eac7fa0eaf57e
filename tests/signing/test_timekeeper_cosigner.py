"""The timekeeper cosigns what only grows, remembers it, and refuses all else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from signing import log, wire
from signing.log.heads import MemoryHeads
from signing.timekeeper.cosigner import LogCosigner
from signing.timekeeper.double import DoubleTimekeeper, SettableClock
from signing.timekeeper.journal import FileJournal
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.store import StoreDamaged
from tests.signing.logs import ORIGIN, MemoryLog, entry
from tests.signing.timekeeper_process import Running


@pytest.fixture(scope="module")
def filled() -> MemoryLog:
    one = MemoryLog()
    one.add([entry(number) for number in range(300)])
    return one


@pytest.fixture
def keeper() -> DoubleTimekeeper:
    return DoubleTimekeeper()


@pytest.fixture
def heads() -> MemoryHeads:
    return MemoryHeads()


@pytest.fixture
def cosigner(keeper: DoubleTimekeeper, heads: MemoryHeads) -> LogCosigner:
    return made(keeper, heads)


def made(keeper: DoubleTimekeeper, heads: MemoryHeads) -> LogCosigner:
    key = keeper.store.signing_key
    return LogCosigner(keeper, keeper.lock, key, heads, keeper.journal.events)


def ask(cosigner: LogCosigner, filled: MemoryLog, size: int, old: int) -> log.Signature:
    proof = filled.tree.consistency(old, size)
    return cosigner.cosign(filled.note(size), filled.verifier.vkey(), old, proof)


def events(keeper: DoubleTimekeeper) -> list[str]:
    return [one.event for one in keeper.journal.events]


def test_a_cosignature_carries_the_timekeepers_time(
    cosigner: LogCosigner, keeper: DoubleTimekeeper, filled: MemoryLog
) -> None:
    signature = ask(cosigner, filled, 100, 0)
    by = cosigner.key(ORIGIN)
    assert by.name == f"{ORIGIN}/timekeeper"
    assert by.kind == log.COSIGNER
    assert by.check(filled.head(100).text(), signature) == int(keeper.clock().timestamp())
    with pytest.raises(log.NoteInvalid):
        by.check(filled.head(101).text(), signature)


def test_no_key_signs_two_kinds_of_things(cosigner: LogCosigner, keeper: DoubleTimekeeper) -> None:
    public = keeper.store.signing_key.public_key().public_bytes_raw()
    assert cosigner.key(ORIGIN).public_key != public
    assert cosigner.key(ORIGIN) == made(keeper, MemoryHeads()).key(ORIGIN)


def test_the_same_again_is_signed_again(cosigner: LogCosigner, filled: MemoryLog) -> None:
    """The answer may have been lost."""
    ask(cosigner, filled, 100, 0)
    ask(cosigner, filled, 100, 100)
    ask(cosigner, filled, 300, 100)


def test_who_stands_elsewhere_is_told_where(cosigner: LogCosigner, filled: MemoryLog) -> None:
    ask(cosigner, filled, 100, 0)
    with pytest.raises(log.OldSize) as told:
        ask(cosigner, filled, 300, 64)
    assert told.value.size == 100
    assert cosigner.head(ORIGIN).size == 100


def test_nothing_smaller_and_no_other_tree(
    cosigner: LogCosigner, keeper: DoubleTimekeeper, filled: MemoryLog
) -> None:
    ask(cosigner, filled, 200, 0)
    forged = MemoryLog(key=filled.key)
    forged.add([entry(number + 1) for number in range(300)])
    for note, proof in (
        (filled.note(100), ()),
        (forged.note(300), forged.tree.consistency(200)),
        (forged.note(200), ()),
        (filled.note(300), ()),
    ):
        with pytest.raises(TimekeeperRefused) as refused:
            cosigner.cosign(note, filled.verifier.vkey(), 200, proof)
        assert refused.value.code == "log_inconsistent"
    assert cosigner.head(ORIGIN) == log.Head(200, filled.tree.root(200))
    refusals = [one for one in keeper.journal.events if one.event == "refused"]
    assert len(refusals) == 4
    assert {one.fields["code"] for one in refusals} == {"log_inconsistent"}


def test_another_key_for_the_same_log_is_refused(cosigner: LogCosigner, filled: MemoryLog) -> None:
    ask(cosigner, filled, 100, 0)
    other = MemoryLog()
    other.add([entry(number) for number in range(300)])
    with pytest.raises(TimekeeperRefused) as refused:
        cosigner.cosign(other.note(300), other.verifier.vkey(), 100, other.tree.consistency(100))
    assert refused.value.code == "log_key_changed"


def test_what_the_log_did_not_sign_is_refused(cosigner: LogCosigner, filled: MemoryLog) -> None:
    note = log.Note(filled.head(100).text(), (log.Signature(ORIGIN, bytes(4), bytes(64)),))
    for data, key in (
        (note.to_bytes(), filled.verifier.vkey()),
        (filled.note(100), MemoryLog().verifier.vkey()),
        (b"", filled.verifier.vkey()),
        (filled.note(100), "no key"),
    ):
        with pytest.raises(TimekeeperRefused) as refused:
            cosigner.cosign(data, key, 0, ())
        assert refused.value.code == "log_note_invalid"
    assert cosigner.head(ORIGIN).size == 0


def test_the_journal_has_the_first_and_one_an_hour(
    cosigner: LogCosigner, keeper: DoubleTimekeeper, filled: MemoryLog
) -> None:
    assert isinstance(keeper.clock, SettableClock)
    for size in range(130):
        ask(cosigner, filled, size + 1, size)
        keeper.clock.advance(seconds=60)
    assert events(keeper).count("log_met") == 1
    assert events(keeper).count("log_cosigned") == 3


def test_after_a_restart_it_goes_on_where_it_was(
    cosigner: LogCosigner, keeper: DoubleTimekeeper, heads: MemoryHeads, filled: MemoryLog
) -> None:
    ask(cosigner, filled, 100, 0)
    again = made(keeper, heads)
    with pytest.raises(log.OldSize):
        ask(again, filled, 300, 0)
    with pytest.raises(TimekeeperRefused):
        again.cosign(MemoryLog().note(0), MemoryLog().verifier.vkey(), 0, ())
    ask(again, filled, 300, 100)
    assert events(keeper).count("log_met") == 1


def test_heads_older_than_the_journal_do_not_start(
    cosigner: LogCosigner, keeper: DoubleTimekeeper, filled: MemoryLog
) -> None:
    ask(cosigner, filled, 100, 0)
    with pytest.raises(StoreDamaged, match="older than the journal"):
        made(keeper, MemoryHeads())


def test_a_clock_that_runs_backwards_cosigns_nothing(
    cosigner: LogCosigner, keeper: DoubleTimekeeper, filled: MemoryLog
) -> None:
    assert isinstance(keeper.clock, SettableClock)
    ask(cosigner, filled, 100, 0)
    keeper.clock.advance(hours=-2)
    with pytest.raises(TimekeeperRefused) as refused:
        ask(cosigner, filled, 300, 100)
    assert refused.value.code == "clock_backwards"


def test_a_store_that_cannot_be_written_signs_nothing(
    keeper: DoubleTimekeeper, filled: MemoryLog
) -> None:
    class Full(MemoryHeads):
        def put(self, origin: str, head: log.Head) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(TimekeeperRefused) as refused:
        ask(made(keeper, Full()), filled, 100, 0)
    assert refused.value.code == "store_unavailable"


# --- as a process


POINTS = (
    "private_files.replacing",
    "private_files.replaced",
    "timekeeper.cosign.remembered",
    "timekeeper.journal.writing",
    "timekeeper.journal.written",
    "timekeeper.journal.synced",
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    yield one
    if one.process.is_alive():
        one.kill()


def call(running: Running, filled: MemoryLog, size: int, old: int) -> log.Signature:
    answer = wire.Client(running.socket, 20).call(
        "cosign",
        note=filled.note(size),
        key=filled.verifier.vkey(),
        old=old,
        proof=list(filled.tree.consistency(old, size)),
    )
    return log.Signature.of_line(answer["line"].rstrip("\n"))


def follow(running: Running, filled: MemoryLog) -> log.Signature:
    """To 128 entries, from wherever it stands."""
    size, _ = head(running)
    return call(running, filled, 128, size)


def head(running: Running) -> tuple[int, bytes]:
    answer = wire.Client(running.socket, 20).call("log_head", origin=ORIGIN)
    return answer["size"], answer["root"]


def test_over_the_socket(running: Running, filled: MemoryLog) -> None:
    assert running.start()
    signature = call(running, filled, 100, 0)
    key = wire.Client(running.socket).call("log_key", origin=ORIGIN)["key"]
    log.Verifier.of_vkey(key).check(filled.head(100).text(), signature)
    assert head(running) == (100, filled.tree.root(100))
    with pytest.raises(wire.RemoteError) as told:
        call(running, filled, 300, 64)
    assert (told.value.code, told.value.detail) == ("old_size", {"size": 100})
    for fields in (
        {}, {"note": "text", "key": "k", "old": 0, "proof": []}, {"origin": ORIGIN},
        {"note": b"", "key": "k", "old": True, "proof": []},
        {"note": b"", "key": "k", "old": 0, "proof": ["text"]},
    ):  # fmt: skip
        with pytest.raises(wire.RemoteError) as refused:
            wire.Client(running.socket).call("cosign", **fields)
        assert refused.value.code == "bad_request"


def test_killed_anywhere_it_forgets_nothing_that_it_signed(
    tmp_path: Path, filled: MemoryLog
) -> None:
    """Asked again it signs; and it never stands behind a signature that it gave."""
    for number, point in enumerate(POINTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        running = Running(folder)
        assert running.start()
        call(running, filled, 64, 0)
        running.move_clock(timedelta(hours=2))  # so that the journal gets a line, too
        running.stop()
        assert running.start(point)
        signature = running.persist(lambda one=running: follow(one, filled))
        assert running.starts == 3, point
        key = wire.Client(running.socket).call("log_key", origin=ORIGIN)["key"]
        log.Verifier.of_vkey(key).check(filled.head(128).text(), signature)
        assert head(running) == (128, filled.tree.root(128)), point
        running.stop()
        FileJournal(running.store / "journal.jsonl").close()
