"""The timekeeper's key store: a folder (0700) that its own user alone can read.

signing.key          Ed25519, 32 bytes, signs opening certificates
openings/<id>.key    X25519, 32 bytes, one per lot
escrow/<id>.json     that key, shared out to an offline quorum (escrow.py)
journal.jsonl        journal.py
log-heads.json       the latest checkpoint of the log that was cosigned (cosigner.py)
lock                 held while a timekeeper runs on the store

The copies folder, on another disk, outlives the store: whoever has it and fewer than k members of
the quorum has nothing, and with k of them the store is made anew (recover.py). It holds

<id>.json            in place of escrow/<id>.json
signing.json         the same of signing.key
journal.jsonl        mirror.py
"""

import fcntl
import os
import re
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import private_files
from signing.errors import SigningError
from signing.timekeeper.escrow import SIGNING

KEY_BYTES = 32
MAX_ESCROW = 64 * 1024
"""Bytes of an escrow copy: a quorum of a hundred members takes less."""

OPENING_ID = re.compile(r"[0-9a-f]{32}")


class StoreDamaged(SigningError):
    """A part of the store is missing: starting without it would hide the loss."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class KeyStore(Protocol):
    signing_key: Ed25519PrivateKey

    def put(self, opening: str, private_key: bytes, escrow: bytes | None) -> None:
        """Durable when it returns; OSError."""
        ...

    def put_escrow(self, name: str, escrow: bytes) -> None:
        """A copy that is lacking, of an opening or of escrow.SIGNING; durable; OSError."""
        ...

    def opening_key(self, opening: str) -> X25519PrivateKey | None: ...

    def escrow(self, name: str) -> bytes | None: ...

    def erase(self, opening: str) -> None:
        """Key and escrow copy, for good; absent is fine; OSError."""
        ...


class MemoryStore:
    """For the in-process double."""

    def __init__(self) -> None:
        self.signing_key = Ed25519PrivateKey.generate()
        self._keys: dict[str, bytes] = {}
        self._escrow: dict[str, bytes] = {}

    def put(self, opening: str, private_key: bytes, escrow: bytes | None) -> None:
        self._keys[opening] = private_key
        if escrow is not None:
            self._escrow[opening] = escrow

    def put_escrow(self, name: str, escrow: bytes) -> None:
        self._escrow[name] = escrow

    def opening_key(self, opening: str) -> X25519PrivateKey | None:
        key = self._keys.get(opening)
        return None if key is None else X25519PrivateKey.from_private_bytes(key)

    def escrow(self, name: str) -> bytes | None:
        return self._escrow.get(name)

    def erase(self, opening: str) -> None:
        self._keys.pop(opening, None)
        self._escrow.pop(opening, None)


class FileStore:
    """The store on disk, locked for this process."""

    def __init__(self, folder: Path, copies: Path | None = None) -> None:
        """Opens the store, or makes it where the folder is absent or empty.

        copies: see above; None: escrow copies lie in the store and are lost with it.
        ExposedFile if others could read it, StoreDamaged if a part is missing, BlockingIOError if a
        timekeeper runs on it already.
        """
        self.folder = folder
        self._copies = copies or folder / "escrow"
        parts = [folder, folder / "openings", folder / "escrow", *([copies] if copies else ())]
        for part in parts:
            private_files.make_folder(part)
        self._lock = _lock(folder / "lock")
        for part in parts:
            private_files.remove_leftovers(part)
        private_files.check_tree(folder)
        private_files.check_tree(self._copies)
        self.journal_path = folder / "journal.jsonl"
        self.mirror_path = copies / "journal.jsonl" if copies else None
        self._check_whole()
        self.signing_key = Ed25519PrivateKey.from_private_bytes(self._signing_key())
        if copies:
            self._move_copies()

    def _move_copies(self) -> None:
        """Those that an earlier run left in the store itself."""
        for old in (self.folder / "escrow").glob("*.json"):
            if not (self._copies / old.name).exists():
                private_files.write_new(
                    self._copies / old.name, private_files.read(old, MAX_ESCROW)
                )
            private_files.erase(old)

    def _check_whole(self) -> None:
        used = self.journal_path.exists() and self.journal_path.stat().st_size > 0
        if used and not (self.folder / "signing.key").exists():
            raise StoreDamaged(
                self.folder / "signing.key", "is missing: restore it from its backup"
            )
        if not used and any((self.folder / "openings").iterdir()):
            raise StoreDamaged(self.journal_path, "is missing or empty, though there are openings")

    def _signing_key(self) -> bytes:
        path = self.folder / "signing.key"
        if not path.exists():
            private_files.write_new(path, Ed25519PrivateKey.generate().private_bytes_raw())
        return private_files.read(path, KEY_BYTES)

    def put(self, opening: str, private_key: bytes, escrow: bytes | None) -> None:
        private_files.write_new(self._key_path(opening), private_key)
        if escrow is not None:
            self.put_escrow(opening, escrow)

    def put_escrow(self, name: str, escrow: bytes) -> None:
        private_files.write_new(self._escrow_path(name), escrow)

    def opening_key(self, opening: str) -> X25519PrivateKey | None:
        try:
            key = private_files.read(self._key_path(opening), KEY_BYTES)
        except FileNotFoundError:
            return None
        return X25519PrivateKey.from_private_bytes(key)

    def escrow(self, name: str) -> bytes | None:
        try:
            return private_files.read(self._escrow_path(name), MAX_ESCROW)
        except FileNotFoundError:
            return None

    def erase(self, opening: str) -> None:
        private_files.erase(self._key_path(opening))
        private_files.erase(self._escrow_path(opening))

    def close(self) -> None:
        os.close(self._lock)

    def _key_path(self, opening: str) -> Path:
        return self.folder / "openings" / f"{_checked(opening)}.key"

    def _escrow_path(self, name: str) -> Path:
        return self._copies / f"{name if name == SIGNING else _checked(name)}.json"


def _checked(opening: str) -> str:
    """An id is part of a path: nothing but hex digits may be."""
    if not OPENING_ID.fullmatch(opening):
        raise ValueError("not an opening's id")
    return opening


def _lock(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor
