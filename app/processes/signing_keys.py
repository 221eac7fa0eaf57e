"""The signer's key ring: institutions' keys by credit code, and a record of every use.

A folder of mode 0700 that only the signer's user can read:

    passphrase          of all key files here (0600)
    <code>.pem          an institution's certificate, then its issuers; and where its key is:
    <code>.key.pem      encrypted PKCS#8 (demonstration), or
    <code>.token.json   in a token, with <code>.pin (signing/keys/token.py), or
    <code>.remote.json  with the institution (signing/keys/remote.py)
    platform.*          what the platform signs its own documents with
    <code>.archive.pub  the institution's archive key, public half (signing/seal, wrap A); its
                        private half never lies here, but in the demonstration, as <code>.archive
    journal             one hash-chained line for every use of a key, never rewritten
    log.key             of the transparency log, with log-heads.json (log_signer.py)
    lock                held while a signer runs
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import x509

from app.processes.letter_refusals import LetterNotMade
from guarantees.values.codes import BadCode, parse_credit_code
from signing import private_files
from signing.certificates import credit_code_of, load_key
from signing.errors import KeyStoreError
from signing.keys import remote, token
from signing.keys.protocol import Algorithm, SigningKey, sign_with
from signing.timekeeper.journal import Event, FileJournal, Journal, JournalUnavailable

PLATFORM = "platform"
_LONGEST_PASSPHRASE = 4096


def _software(folder: Path, name: str, passphrase: bytes) -> SigningKey:
    return load_key(folder, name, passphrase=passphrase)


def _token(folder: Path, name: str, _passphrase: bytes) -> SigningKey:
    return token.load(folder, name)


def _remote(folder: Path, name: str, _passphrase: bytes) -> SigningKey:
    return remote.load(folder, name)


_HOLDERS = {".key.pem": _software, ".token.json": _token, ".remote.json": _remote}
"""Ending of the file that says who holds a key, and how the key is got."""

ARCHIVE_KEY_BYTES = 32
"""X25519."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a key is used for, as the journal tells it: no terms, no number, no lot."""

    institution: str
    """Credit code, or `platform`."""
    person: str
    """Id of the person on whose decision it is used; "" where a policy decided."""
    intent: str
    """Random id of the letter's intent, or of the opening."""
    purpose: str
    """letter or list."""


def archive_name(institution: str, half: str = "") -> str:
    """File of an archive key: of its public half ("pub"), or of the private one."""
    return f"{institution}.archive.{half}" if half else f"{institution}.archive"


class RecordedKey:
    """A SigningKey that writes each use down, durably, before it signs."""

    def __init__(
        self, key: SigningKey, use: Use, journal: Journal, clock: Callable[[], datetime]
    ) -> None:
        self._key, self._use, self._journal, self._clock = key, use, journal, clock

    @property
    def key_id(self) -> str:
        return self._key.key_id

    @property
    def certificate(self) -> x509.Certificate:
        return self._key.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self._key.chain

    @property
    def algorithm(self) -> Algorithm:
        return self._key.algorithm

    def sign(self, data: bytes) -> bytes:
        """LetterNotMade("journal") if the use can't be recorded: then nothing is signed."""
        self._record(data)
        return self._key.sign(data)

    def sign_seeing(self, data: bytes, document: bytes) -> bytes:
        """The same, for a holder who wants to see the document."""
        self._record(data)
        return sign_with(self._key, data, lambda: document)

    def _record(self, data: bytes) -> None:
        use = self._use
        fields = {
            "institution": use.institution,
            "person": use.person,
            "intent": use.intent,
            "purpose": use.purpose,
            "key": self._key.key_id,
            "data": hashlib.sha256(data).hexdigest(),
        }
        try:
            self._journal.append("key.used", self._clock(), fields)
        except JournalUnavailable as error:
            raise LetterNotMade("journal", error.reason) from None


class KeyRing:
    """The folder's keys, loaded when first needed and after a rotation; for many threads."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        """ExposedFile, KeyStoreError, JournalBroken; BlockingIOError if another signer runs."""
        private_files.check_folder(folder)
        self._folder, self._clock = folder, clock
        self._lock_file = _hold(folder / "lock")
        self._passphrase = _passphrase(folder / "passphrase")
        self._journal = _LockedJournal(FileJournal(folder / "journal"))
        self._keys: dict[str, tuple[tuple[tuple[str, int], ...], SigningKey]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Credit codes of institutions that have a key here, and `platform`."""
        return sorted(
            path.name.removesuffix(ending)
            for ending in _HOLDERS
            for path in self._folder.glob(f"*{ending}")
        )

    def key(self, name: str) -> SigningKey:
        """The key of an institution or the platform; LetterNotMade("no_signing_key")."""
        if name != PLATFORM:
            try:
                parse_credit_code(name)
            except BadCode:
                raise LetterNotMade("no_signing_key", "credit_code") from None
        with self._lock:
            found, seen = self._keys.get(name), self._look(name)
            if found is None or found[0] != seen:
                key = self._load(name)
                if found is not None:
                    self._changed(name, found[1], key)
                self._keys[name] = seen, key
                return key
            return found[1]

    def _look(self, name: str) -> tuple[tuple[str, int], ...]:
        """Which files say what a key is, and their times: a successor shows in them."""
        paths = [self._folder / f"{name}{ending}" for ending in (*_HOLDERS, ".pem")]
        return tuple((path.name, path.stat().st_mtime_ns) for path in paths if path.exists())

    def _changed(self, name: str, former: SigningKey, key: SigningKey) -> None:
        fields = {"institution": name, "former": former.key_id, "key": key.key_id}
        try:
            self._journal.append("key.changed", self._clock(), fields)
        except JournalUnavailable as error:
            raise LetterNotMade("journal", error.reason) from None

    def archive_key(self, name: str) -> bytes | None:
        """Public half of the institution's archive key; None: it has none, and keeps no copy."""
        try:
            held = private_files.read(self._folder / archive_name(name, "pub"), ARCHIVE_KEY_BYTES)
        except FileNotFoundError:
            return None
        if len(held) != ARCHIVE_KEY_BYTES:
            raise LetterNotMade("no_signing_key", "archive key")
        return held

    def use(self, use: Use) -> RecordedKey:
        """The key for one use, in force now."""
        key, now = self.key(use.institution), self._clock()
        if not key.certificate.not_valid_before <= now <= key.certificate.not_valid_after:
            raise LetterNotMade("no_signing_key", "certificate not in force")
        return RecordedKey(key, use, self._journal, self._clock)

    def _load(self, name: str) -> SigningKey:
        held = [load for end, load in _HOLDERS.items() if (self._folder / f"{name}{end}").exists()]
        if len(held) != 1:
            raise LetterNotMade("no_signing_key", "none" if not held else "held in several places")
        try:
            key = held[0](self._folder, name, self._passphrase)
        except KeyStoreError as error:
            raise LetterNotMade("no_signing_key", error.why) from None
        if name != PLATFORM and credit_code_of(key.certificate) != name:
            raise LetterNotMade("no_signing_key", "certificate of another institution")
        return key


class _LockedJournal:
    """A journal that several threads may write to."""

    def __init__(self, journal: FileJournal) -> None:
        journal.events.clear()  # the chain was checked; the lines themselves are not needed
        self._journal, self._lock = journal, threading.Lock()

    @property
    def latest(self) -> datetime:
        return self._journal.latest

    def append(self, event: str, at: datetime, fields: dict[str, Any]) -> Event:
        with self._lock:
            return self._journal.append(event, at, fields)


def _passphrase(path: Path) -> bytes:
    try:
        return private_files.read(path, _LONGEST_PASSPHRASE).strip()
    except FileNotFoundError:
        raise KeyStoreError(str(path), "is missing: it holds the passphrase of the keys") from None


def _hold(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor
