"""The latest checkpoint that was signed, by log: what a signer or cosigner remembers for ever.

One private file, replaced at once and durable before the signature goes out.
"""

import json
from pathlib import Path
from typing import Protocol

from signing import private_files
from signing.errors import SigningError
from signing.log.follower import Head
from signing.log.hashing import HASH

MOST_LOGS = 64
"""Names; whoever may call cannot fill the disk with them."""

LONGEST = 64 * 1024


class HeadsDamaged(SigningError):
    """The file is not what was written: what was signed is no longer known."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} is damaged: restore it from the newest backup of its folder"


class TooManyLogs(SigningError):
    """More logs than one signer follows."""


class Heads(Protocol):
    def get(self, origin: str) -> Head: ...

    def put(self, origin: str, head: Head) -> None:
        """Durable when it returns; OSError, TooManyLogs."""
        ...


class MemoryHeads:
    """For tests."""

    def __init__(self) -> None:
        self.held: dict[str, Head] = {}

    def get(self, origin: str) -> Head:
        return self.held.get(origin, Head())

    def put(self, origin: str, head: Head) -> None:
        self.held[origin] = head


class FileHeads:
    """The file; one process at a time, one thread at a time."""

    def __init__(self, path: Path) -> None:
        """HeadsDamaged, ExposedFile."""
        self._path = path
        self._held = _read(path)

    def get(self, origin: str) -> Head:
        return self._held.get(origin, Head())

    def put(self, origin: str, head: Head) -> None:
        if origin not in self._held and len(self._held) >= MOST_LOGS:
            raise TooManyLogs(origin)
        if self._held.get(origin) == head:
            return
        held = {**self._held, origin: head}
        document = {name: [one.size, one.root.hex()] for name, one in sorted(held.items())}
        private_files.replace(self._path, json.dumps(document, indent=1).encode())
        self._held = held


def _read(path: Path) -> dict[str, Head]:
    try:
        content = private_files.read(path, LONGEST)
    except FileNotFoundError:
        return {}
    try:
        found = {
            str(name): Head(int(size), bytes.fromhex(root))
            for name, (size, root) in json.loads(content).items()
        }
    except (ValueError, TypeError, AttributeError):
        raise HeadsDamaged(path) from None
    if any(head.size < 0 or len(head.root) != HASH for head in found.values()):
        raise HeadsDamaged(path)
    return found
