"""Write-once local folder: the embedded side of the Files port.

A file is written under a hidden name, `.<random>.part`, and gets its own name when it is whole. Its
writer holds a lock on it meanwhile, which the kernel takes back from a process that ends: a part
that nobody has locked was left by a kill, however young it is and whatever the clocks say, and one
that a living process writes is never taken for a leftover.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from signing import faults

BEFORE_PUT = faults.declare("files.before_put")
AFTER_PUT = faults.declare("files.after_put")

PARTS = ".*.part"
"""Files that are not whole yet. No name of the store begins with a dot."""


class LocalFiles:
    """Names may contain one slash; data never changes once it is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put_once(self, name: str, data: bytes) -> bytes:
        """Store and sync `data`; if the name exists already, answer what it holds."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with _part(path.parent, data) as part:
            faults.point(BEFORE_PUT)
            try:
                os.link(part, path)  # fails if the name exists: two writers cannot both win
            except FileExistsError:
                return path.read_bytes()
        self._sync(path.parent)
        faults.point(AFTER_PUT)
        return data

    def get(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def leftovers(self) -> list[Path]:
        """Parts whose writer has ended."""
        return [part for part in self._parts() if _abandoned(part)]

    def remove_leftovers(self) -> int:
        """At the start of a process, whichever others are at work; answers how many there were."""
        return sum(_abandoned(part, remove=True) for part in self._parts())

    def _parts(self) -> list[Path]:
        return sorted(self.folder.rglob(PARTS))

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if len(parts) > 2 or not all(part.replace("-", "").isalnum() for part in parts):
            raise ValueError(f"not a name of this store: {name!r}")
        return self.folder.joinpath(*parts)

    @staticmethod
    def _sync(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _part(folder: Path, data: bytes) -> Iterator[Path]:
    """A whole and synced file under a hidden name, locked and gone with the block."""
    path, handle = _locked_part(folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            yield path
    finally:
        path.unlink(missing_ok=True)


def _locked_part(folder: Path) -> tuple[Path, int]:
    while True:
        path = folder / f".{secrets.token_hex(8)}.part"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)  # a process that started just then was faster, and removed it


def _abandoned(part: Path, *, remove: bool = False) -> bool:
    """Whether nobody writes it; it may be gone by now."""
    with suppress(FileNotFoundError, BlockingIOError):
        handle = os.open(part, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if remove:
                part.unlink()
            return True
        finally:
            os.close(handle)
    return False
