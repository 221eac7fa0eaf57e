"""What a signer or cosigner remembers of a log: on disk, private, whole."""

import stat
from pathlib import Path

import pytest

from signing import log, private_files
from signing.log.heads import MOST_LOGS, FileHeads, HeadsDamaged, TooManyLogs

HEAD = log.Head(640, bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    private_files.make_folder(tmp_path / "store")
    return tmp_path / "store" / "log-heads.json"


def test_an_unknown_log_stands_at_its_beginning(path: Path) -> None:
    assert FileHeads(path).get("log.example") == log.Head(0, log.EMPTY_ROOT)
    assert not path.exists()


def test_what_was_put_is_there_after_a_restart(path: Path) -> None:
    heads = FileHeads(path)
    heads.put("log.example", HEAD)
    heads.put("other.example", log.Head(1, bytes(32)))
    assert FileHeads(path).get("log.example") == heads.get("log.example") == HEAD
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_nobody_fills_the_disk_with_logs(path: Path) -> None:
    heads = FileHeads(path)
    for number in range(MOST_LOGS):
        heads.put(f"{number}.example", HEAD)
    with pytest.raises(TooManyLogs):
        heads.put("one-more.example", HEAD)
    heads.put("0.example", log.Head(641, bytes(32)))
    assert FileHeads(path).get("0.example").size == 641


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"null", b'{"a": 1}', b'{"a": [1]}', b'{"a": [-1, "00"]}',
        b'{"a": [1, "00"]}', b'{"a": [1, "zz"]}', b'{"a": ["x", "' + b"00" * 32 + b'"]}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_no_beginning(path: Path, content: bytes) -> None:
    private_files.write_new(path, content)
    with pytest.raises(HeadsDamaged, match="newest backup"):
        FileHeads(path)


def test_a_file_that_others_can_read_is_refused(path: Path) -> None:
    FileHeads(path).put("log.example", HEAD)
    path.chmod(0o644)
    with pytest.raises(private_files.ExposedFile):
        FileHeads(path)
