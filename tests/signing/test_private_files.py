"""signing/private_files.py: for one user, atomic, durable, erased."""

import os
from pathlib import Path

import pytest

from signing import private_files
from signing.private_files import ExposedFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    private_files.make_folder(tmp_path / "private")
    return tmp_path / "private"


def test_written_once_for_the_owner_alone(folder: Path) -> None:
    os.umask(old := os.umask(0))
    try:
        os.umask(0)
        private_files.write_new(folder / "key", b"secret")
    finally:
        os.umask(old)
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert private_files.read(folder / "key", 6) == b"secret"
    with pytest.raises(FileExistsError):
        private_files.write_new(folder / "key", b"other")
    assert private_files.read(folder / "key", 6) == b"secret"
    assert [file.name for file in folder.iterdir()] == ["key"]


def test_longer_than_it_can_be_is_refused(folder: Path) -> None:
    private_files.write_new(folder / "key", b"secret")
    with pytest.raises(ExposedFile, match="longer than 5 bytes"):
        private_files.read(folder / "key", 5)


def test_absent_is_said_as_absent(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        private_files.read(folder / "key", 6)
    with pytest.raises(ExposedFile, match="No such file"):
        private_files.check_file(folder / "key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_open_to_others_is_refused(folder: Path, mode: int) -> None:
    private_files.write_new(folder / "key", b"secret")
    (folder / "key").chmod(mode)
    with pytest.raises(ExposedFile, match=f"mode 0{mode:o} lets other users in"):
        private_files.read(folder / "key", 6)
    with pytest.raises(ExposedFile):
        private_files.check_tree(folder)


def test_another_users_file_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private_files.write_new(folder / "key", b"secret")
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ExposedFile, match=f"belongs to user {owner}, not to user {owner + 1}"):
        private_files.check_folder(folder)


def test_links_are_refused(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "key")
    with pytest.raises(OSError, match="symbolic links"):
        private_files.read(folder / "link", 6)
    with pytest.raises(ExposedFile, match="not a plain file"):
        private_files.check_tree(folder)
    (folder.parent / "link").symlink_to(folder)
    with pytest.raises(ExposedFile, match="not a folder"):
        private_files.make_folder(folder.parent / "link")


def test_erased_is_overwritten_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private_files.write_new(folder / "key", b"secret")
    with (folder / "key").open("rb") as still_open:
        private_files.erase(folder / "key")
        assert still_open.read() == bytes(6)
    assert list(folder.iterdir()) == []
    private_files.erase(folder / "key")


def test_a_leftover_that_is_the_file_itself_does_not_take_it_along(folder: Path) -> None:
    """Killed between link and unlink, the temporary name is a second name of the whole file."""
    private_files.write_new(folder / "key", b"secret")
    (folder / ".key.0123.part").hardlink_to(folder / "key")
    (folder / ".other.0123.part").write_bytes(b"half")
    private_files.remove_leftovers(folder)
    assert [file.name for file in folder.iterdir()] == ["key"]
    assert private_files.read(folder / "key", 6) == b"secret"


def test_a_failed_write_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            private_files.write_new(folder / "key", b"secret")
    assert list(folder.iterdir()) == []
