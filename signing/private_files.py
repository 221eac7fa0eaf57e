"""Folders and files that one user alone may read: the timekeeper's store, the vault's keys.

Every write is atomic and durable: temporary file in the same folder, fsync, rename, fsync of the
folder. A folder or file that another user could read or write is refused, never repaired: its
secret may be known already.
"""

import os
import stat
from pathlib import Path

from signing import faults
from signing.errors import SigningError

WRITTEN = faults.declare("private_files.written")
LINKED = faults.declare("private_files.linked")
REPLACING = faults.declare("private_files.replacing")
REPLACED = faults.declare("private_files.replaced")


class ExposedFile(SigningError):
    """A private folder or file is open to others, of another owner, or of another kind."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason
        """Plain words: what is wrong and what to do."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def make_folder(path: Path) -> None:
    """Makes the folder with mode 0700 if it is absent (parents must exist), then checks it."""
    try:
        path.mkdir(mode=0o700)
        path.chmod(0o700)
        sync_folder(path.parent)
    except FileExistsError:
        pass
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raises ExposedFile unless `path` is a folder of this user with no rights for others."""
    found = _look(path)
    if not stat.S_ISDIR(found.st_mode):
        raise ExposedFile(path, "is not a folder")
    _check_rights(path, found)


def check_file(path: Path) -> None:
    """Raises ExposedFile unless `path` is a plain file of this user with no rights for others."""
    found = _look(path)
    if not stat.S_ISREG(found.st_mode):
        raise ExposedFile(path, "is not a plain file")
    _check_rights(path, found)


def check_tree(path: Path) -> None:
    """check_folder and check_file on everything under `path`; symbolic links are refused."""
    check_folder(path)
    for entry in sorted(path.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            check_tree(entry)
        else:
            check_file(entry)


def _look(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except OSError as error:
        raise ExposedFile(path, f"cannot be read ({error.strerror})") from None


def _check_rights(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise ExposedFile(path, f"belongs to user {found.st_uid}, not to user {os.geteuid()}")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise ExposedFile(
            path,
            f"mode {mode:04o} lets other users in: treat what it holds as known to them, "
            f"replace it, then take their rights away (chmod go-rwx)",
        )


def read(path: Path, limit: int) -> bytes:
    """Reads a private file of at most `limit` bytes; FileNotFoundError if absent."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        _check_rights(path, os.fstat(descriptor))
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ExposedFile(path, f"is longer than {limit} bytes, which no file of this kind is")
    return content


def write_new(path: Path, content: bytes) -> None:
    """Writes a private file (0600) that must not exist yet; FileExistsError if it does."""
    temporary = _write_temporary(path, content)
    faults.point(WRITTEN)
    try:
        os.link(temporary, path, follow_symlinks=False)
        faults.point(LINKED)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write_temporary(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def replace(path: Path, content: bytes) -> None:
    """Writes a private file (0600) in the place of what was there: one or the other is found."""
    temporary = _write_temporary(path, content)
    faults.point(REPLACING)
    temporary.replace(path)
    faults.point(REPLACED)
    sync_folder(path.parent)


def erase(path: Path) -> None:
    """Overwrites with zeros, then removes, durably. Absent is fine.

    The overwriting is best effort: a copy-on-write file system or a flash disk may keep the old
    blocks; only the removal is certain.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        found = os.fstat(descriptor)
        if found.st_nlink == 1:  # else this name is the leftover of a finished write_new
            os.pwrite(descriptor, bytes(found.st_size), 0)
            os.fsync(descriptor)
    except OSError:  # a full disk must not keep the file alive
        pass
    finally:
        os.close(descriptor)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Erases temporary files that a killed write left behind; only at start, under a lock."""
    for leftover in folder.glob(".*.part"):
        erase(leftover)


def sync_folder(path: Path) -> None:
    """Makes a rename, link or removal in the folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
