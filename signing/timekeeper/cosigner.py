"""The timekeeper as a witness of the transparency log (C2SP tlog-cosignature).

It signs a checkpoint only if the one before is part of it, and remembers the latest in a file of
its store, since there is one every minute; the journal gets the first, one an hour, and every
refusal. So neither a stolen log key nor a restored backup takes an entry back unnoticed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signing import faults, log
from signing.log.heads import Heads, TooManyLogs
from signing.timekeeper.journal import BEGINNING, Event
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.store import StoreDamaged
from signing.wire import Fields, Handler, Peer, RemoteError

REMEMBERED = faults.declare("timekeeper.cosign.remembered")

MET, COSIGNED = "log_met", "log_cosigned"
"""Events of the journal."""

JOURNAL_EVERY = timedelta(hours=1)


class Book(Protocol):
    """What the timekeeper's desk does for this part of it."""

    def note(self, event: str, fields: dict[str, Any]) -> None:
        """Durable in the journal; TimekeeperRefused."""
        ...

    def note_refusal(
        self, operation: str, about: str, refused: TimekeeperRefused, peer: object
    ) -> None: ...

    def forwards(self) -> datetime:
        """Now, by the own clock; TimekeeperRefused if it ran backwards."""
        ...


class LogCosigner:
    """One call at a time: `lock` is the desk's."""

    def __init__(
        self, book: Book, lock: Any, key: Ed25519PrivateKey, heads: Heads, events: Sequence[Event]
    ) -> None:
        """key: the timekeeper's own; the cosigner's is derived from it, since no key signs two
        kinds of things. events: what the journal held at start.

        StoreDamaged if the heads are older than the journal.
        """
        self._book, self._lock, self._heads = book, lock, heads
        self._key = _derived(key)
        self._logs: dict[str, str] = {}
        """Origin → verifier key, as first met."""
        self._journaled: dict[str, datetime] = {}
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        origin = str(event.fields.get("origin"))
        if event.event == MET:
            self._logs[origin] = event.fields["key"]
        elif event.event == COSIGNED:
            self._journaled[origin] = event.at
            if self._heads.get(origin).size < event.fields["size"]:
                raise StoreDamaged(Path("log-heads.json"), "is older than the journal beside it")

    def key(self, origin: str) -> log.Verifier:
        """The cosigner's key for that log."""
        public = self._key.public_key().public_bytes_raw()
        return log.Verifier(f"{origin}/timekeeper", public, log.COSIGNER)

    def head(self, origin: str) -> log.Head:
        """The latest checkpoint that was cosigned; a restored platform is held against it."""
        with self._lock:
            return self._heads.get(origin)

    def cosign(
        self, note: bytes, key: str, old: int, proof: Sequence[bytes], *, peer: int | None = None
    ) -> log.Signature:
        """A signature with the present time. OldSize if `old` is not the size remembered here.

        TimekeeperRefused: log_note_invalid, log_key_changed, log_inconsistent.
        """
        with self._lock:
            try:
                return self._cosign(note, key, old, proof)
            except TimekeeperRefused as refused:
                about = str(refused.detail.get("origin", ""))
                self._book.note_refusal("cosign", about, refused, peer)
                raise

    def _cosign(self, note: bytes, key: str, old: int, proof: Sequence[bytes]) -> log.Signature:
        checkpoint = self._opened(note, key)
        origin, now = checkpoint.origin, self._book.forwards()
        try:
            head = log.accept(self._heads.get(origin), checkpoint, old, proof)
        except log.ProofInvalid as error:
            raise TimekeeperRefused("log_inconsistent", origin=origin, why=error.why) from None
        if origin not in self._logs:
            self._book.note(MET, {"origin": origin, "key": key})
            self._logs[origin] = key
        try:
            self._heads.put(origin, head)
        except (OSError, TooManyLogs) as error:
            raise TimekeeperRefused("store_unavailable", reason=type(error).__name__) from None
        faults.point(REMEMBERED)
        self._journal(origin, head, now)
        at = int(now.timestamp())
        return log.cosign(self.key(origin).name, self._key, checkpoint.text(), at)

    def _opened(self, note: bytes, key: str) -> log.Checkpoint:
        try:
            checkpoint = log.open_checkpoint(note, log.Verifier.of_vkey(key)).checkpoint
        except log.NoteInvalid as error:
            raise TimekeeperRefused("log_note_invalid", why=error.why) from None
        known = self._logs.get(checkpoint.origin, key)
        if known != key:
            raise TimekeeperRefused("log_key_changed", origin=checkpoint.origin)
        return checkpoint

    def _journal(self, origin: str, head: log.Head, now: datetime) -> None:
        """After the file: what the journal says is remembered surely is."""
        if now - self._journaled.get(origin, BEGINNING) >= JOURNAL_EVERY:
            fields = {"origin": origin, "size": head.size, "root": head.root.hex()}
            self._book.note(COSIGNED, fields)
            self._journaled[origin] = now


def _derived(key: Ed25519PrivateKey) -> Ed25519PrivateKey:
    derive = HKDF(SHA256(), 32, salt=None, info=b"baohan/log-cosigner/v1")
    return Ed25519PrivateKey.from_private_bytes(derive.derive(key.private_bytes_raw()))


def handlers(cosigner: LogCosigner) -> Mapping[str, Handler]:
    """By operation, for wire.serve, beside the timekeeper's own."""

    def log_key(fields: Fields, peer: Peer) -> Fields:
        del peer
        return {"key": cosigner.key(str(fields["origin"])).vkey()}

    def log_head(fields: Fields, peer: Peer) -> Fields:
        del peer
        head = cosigner.head(str(fields["origin"]))
        return {"size": head.size, "root": head.root}

    def cosign(fields: Fields, peer: Peer) -> Fields:
        note, key, old, proof = (fields[name] for name in ("note", "key", "old", "proof"))
        kinds = (type(note), type(key), type(old), type(proof))
        if kinds != (bytes, str, int, list) or not all(type(step) is bytes for step in proof):
            raise RemoteError("bad_request", {"reason": "fields of the wrong type"})
        try:
            signature = cosigner.cosign(note, key, old, proof, peer=peer.uid)
        except log.OldSize as told:
            raise RemoteError("old_size", {"size": told.size}) from None
        except TimekeeperRefused as refused:
            raise RemoteError(refused.code, dict(refused.detail)) from None
        return {"line": signature.line()}

    def checked(handler: Handler) -> Handler:
        def handle(fields: Fields, peer: Peer) -> Fields:
            try:
                return handler(fields, peer)
            except (KeyError, ValueError) as error:
                raise RemoteError("bad_request", {"reason": type(error).__name__}) from None

        return handle

    return {one.__name__: checked(one) for one in (log_key, log_head, cosign)}
