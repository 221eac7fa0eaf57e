"""A second journal outside the store: always the beginning of the first, nearly always all of it.

It follows after each event. While it cannot (its disk is full or away) the timekeeper goes on,
since openings must not wait for a copy; it catches up as soon as it can.
"""

import logging
import os
from pathlib import Path

from signing import private_files
from signing.errors import SigningError

CHUNK = 1 << 20
TAIL = 64 * 1024
"""Bytes compared at start: the last line among them commits, by its hash, to all before it."""

log = logging.getLogger("signing.timekeeper")


class MirrorDiffers(SigningError):
    """The copy holds what the journal does not: the store was set back, or is another's."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"{self.path} holds events that the store's journal lacks: the store was set back to an"
            " earlier day, or belongs to another timekeeper. Make it anew from these copies"
            " (python -m signing.timekeeper.recover)"
        )


class Mirror:
    """Of one journal; for the thread that writes it."""

    def __init__(self, path: Path, journal: Path) -> None:
        """Opens or makes it (0600); MirrorDiffers, ExposedFile, OSError."""
        self._path, self._journal = path, journal
        if not path.exists():
            private_files.write_new(path, b"")
        private_files.check_file(path)
        self._length = _whole_lines(path)
        self._behind = False
        self._check()

    def _check(self) -> None:
        start = max(0, self._length - TAIL)
        with self._path.open("rb") as mine, self._journal.open("rb") as theirs:
            mine.seek(start)
            theirs.seek(start)
            count = self._length - start
            if mine.read(count) != theirs.read(count):
                raise MirrorDiffers(self._path)

    def follow(self, end: int) -> None:
        """Takes over the journal's bytes up to `end`; one that cannot be written is caught up."""
        try:
            self._copy(end)
        except OSError as error:
            if not self._behind:
                log.warning("the copy of the journal is behind: %s", error.strerror)
            self._behind = True
        else:
            self._behind = False

    def _copy(self, end: int) -> None:
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._journal.open("rb") as source:
            descriptor = os.open(self._path, flags)
            try:
                while self._length < end:
                    source.seek(self._length)
                    chunk = source.read(min(CHUNK, end - self._length))
                    self._length += os.pwrite(descriptor, chunk, self._length)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _whole_lines(path: Path) -> int:
    """Its length, less what a kill left of a last line: that is written over."""
    length = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, length - TAIL))
        tail = file.read()
    return length - (len(tail) - tail.rfind(b"\n") - 1)
