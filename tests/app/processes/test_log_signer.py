"""The log's own key: it signs what only grows, and the key never leaves the signer."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.log_signers import SocketSigner
from app.processes.log_signer import LogSigner
from signing import log, private_files, wire
from tests.signing.logs import ORIGIN, MemoryLog, entry


@pytest.fixture(scope="module")
def filled() -> MemoryLog:
    one = MemoryLog()
    one.add([entry(number) for number in range(300)])
    return one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    private_files.make_folder(tmp_path / "signer")
    return tmp_path / "signer"


@pytest.fixture
def signer(folder: Path, tmp_path: Path) -> Iterator[SocketSigner]:
    """Over its socket, as the web process has it."""
    stop, ready = threading.Event(), threading.Event()
    handlers = LogSigner.of_folder(folder).handlers()
    users = frozenset({folder.stat().st_uid})
    socket = tmp_path / "s"
    thread = threading.Thread(
        target=wire.serve, args=(socket, handlers, users, stop), kwargs={"ready": ready.set}
    )
    thread.start()
    assert ready.wait(10)
    yield SocketSigner(socket)
    stop.set()
    thread.join()


def test_a_checkpoint_is_signed_under_the_logs_name(
    signer: SocketSigner, filled: MemoryLog
) -> None:
    head = filled.head(100)
    signature = signer.sign(head, 0, ())
    key = signer.key(ORIGIN)
    note = log.Note(head.text(), (signature,)).to_bytes()
    assert log.open_checkpoint(note, key).checkpoint == head
    assert signer.sign(head, 100, ()) == signature, "the same again, byte for byte"


def test_it_goes_forwards_only(signer: SocketSigner, filled: MemoryLog) -> None:
    signer.sign(filled.head(100), 0, ())
    with pytest.raises(log.OldSize) as told:
        signer.sign(filled.head(300), 0, ())
    assert told.value.size == 100
    forged = MemoryLog()
    forged.add([entry(number + 1) for number in range(300)])
    with pytest.raises(log.RolledBack):
        signer.sign(forged.head(300), 100, forged.tree.consistency(100))
    with pytest.raises(log.RolledBack):
        signer.sign(filled.head(64), 100, ())
    signer.sign(filled.head(300), 100, filled.tree.consistency(100))


def test_key_and_memory_outlive_a_restart(folder: Path, filled: MemoryLog) -> None:
    first = LogSigner.of_folder(folder)
    first.sign(filled.head(100), 0, ())
    second = LogSigner.of_folder(folder)
    assert second.key(ORIGIN) == first.key(ORIGIN)
    with pytest.raises(log.OldSize):
        second.sign(filled.head(300), 0, ())
    for name in ("log.key", "log-heads.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_an_exposed_key_is_not_used(folder: Path) -> None:
    LogSigner.of_folder(folder)
    (folder / "log.key").chmod(0o640)
    with pytest.raises(private_files.ExposedFile):
        LogSigner.of_folder(folder)


def test_nonsense_is_refused(signer: SocketSigner, filled: MemoryLog) -> None:
    client = signer._client
    for fields in (
        {}, {"checkpoint": "x", "old": 0, "proof": []},
        {"checkpoint": filled.head(1).text(), "old": "many", "proof": []},
        {"checkpoint": filled.head(1).text(), "old": 0, "proof": ["text"]},
    ):  # fmt: skip
        with pytest.raises(wire.RemoteError) as refused:
            client.call("sign_checkpoint", **fields)
        assert refused.value.code == "bad_request"
    with pytest.raises(wire.RemoteError):
        client.call("log_key")


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(log.FollowerAway):
        SocketSigner(tmp_path / "nobody").key(ORIGIN)
