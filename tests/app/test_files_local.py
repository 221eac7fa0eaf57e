"""The write-once folder after a kill: what is half-written has no name; the next start ends it."""

import fcntl
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters import assemble, files_local
from app.adapters.files_local import LocalFiles
from app.cli import audit
from app.settings import read
from signing import faults

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import sys
from pathlib import Path
from app.adapters.files_local import LocalFiles
LocalFiles(Path(sys.argv[1])).put_once("sealed/one", b"x" * 300_000)
"""
WAITING = """
import sys
from pathlib import Path
from app.adapters import files_local
with files_local._part(Path(sys.argv[1]), b"half"):
    print("written", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    made = LocalFiles(tmp_path / "data" / "files")
    (made.folder / "sealed").mkdir()
    return made


def killed(files: LocalFiles, fault: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(files.folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "BAOHAN_FAULT": fault},
        timeout=60,
        check=False,
    )
    assert done.returncode == faults.EXIT_CODE


def parts(files: LocalFiles) -> list[Path]:
    return [one for one in files.folder.rglob("*") if one.name.endswith(".part")]


def test_what_a_kill_left_is_removed_at_the_next_start(files: LocalFiles) -> None:
    killed(files, "files.before_put")
    assert files.leftovers() == parts(files)
    assert len(parts(files)) == 1
    assert files.get("sealed/one") is None
    started = assemble._files(files.folder)
    assert (parts(files), started.leftovers()) == ([], [])
    assert started.put_once("sealed/one", b"whole") == b"whole"


def test_a_kill_after_the_name_was_given_keeps_the_file(files: LocalFiles) -> None:
    killed(files, "files.after_put")
    assert (parts(files), files.remove_leftovers()) == ([], 0)
    assert files.get("sealed/one") == b"x" * 300_000


def test_a_kill_between_name_and_clearing_up_loses_nothing(files: LocalFiles) -> None:
    files.put_once("sealed/one", b"whole")
    (files.folder / "sealed" / ".0011223344556677.part").hardlink_to(files.folder / "sealed/one")
    assert files.remove_leftovers() == 1
    assert files.get("sealed/one") == b"whole"


def test_what_a_living_process_writes_is_left_alone(files: LocalFiles) -> None:
    """However old it is: a slow disk, a stopped process."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, str(files.folder / "sealed")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdin is not None and writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        [part] = parts(files)
        os.utime(part, (0, 0))
        assert (files.leftovers(), files.remove_leftovers()) == ([], 0)
        assert part.read_bytes() == b"half"
        writer.kill()
        writer.wait(30)
        assert files.leftovers() == [part]
    assert files.remove_leftovers() == 1


def test_a_start_in_the_moment_before_the_lock_makes_the_writer_begin_again(
    files: LocalFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, removed = fcntl.flock, list[int]()

    def late(handle: int, operation: int) -> None:
        if not removed and operation == fcntl.LOCK_EX:
            removed.append(0)
            removed[0] = files.remove_leftovers()
        real(handle, operation)

    monkeypatch.setattr(files_local.fcntl, "flock", late)
    assert files.put_once("sealed/one", b"whole") == b"whole"
    assert removed == [1]
    assert (files.get("sealed/one"), parts(files)) == (b"whole", [])


def test_a_full_disk_leaves_nothing_behind(
    files: LocalFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files_local.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.put_once("sealed/one", b"whole")
    assert (files.get("sealed/one"), parts(files)) == (None, [])


def test_audit_tells_of_unfinished_files_and_calls_nothing_broken(
    files: LocalFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = {"BAOHAN_DATA": str(tmp_path / "data"), "BAOHAN_KEYS": str(tmp_path / "keys")}
    for name in [
        name for name in os.environ if name.startswith("BAOHAN_D") or name == "DATABASE_URL"
    ]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assemble.open_database(read(), datetime.now(UTC)).engine.dispose()
    assert audit.main([]) == 0
    assert capsys.readouterr().err == "0 broken invariants\n"
    killed(files, "files.before_put")
    assert audit.main([]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "unfinished files of killed processes: 1 (the next start removes them)",
        "0 broken invariants",
    ]
    assert len(parts(files)) == 1  # the audit only reads
