"""The log's own signing key, with the signer: the web process gets checkpoints signed, no key.

Two files in the key folder: `log.key` (Ed25519, 32 bytes, made when it is first needed) and
`log-heads.json`, the latest checkpoint signed for each log. A checkpoint that does not contain that
one is not signed (C2SP tlog-checkpoint: a log never signs two trees that do not fit).
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing import log, private_files
from signing.log.heads import FileHeads, Heads, TooManyLogs
from signing.wire import Fields, Handler, Peer, RemoteError

KEY_BYTES = 32


class LogSigner:
    """Satisfies signing.log.CheckpointSigner but for the wire's errors; for many threads."""

    def __init__(self, key: Ed25519PrivateKey, heads: Heads) -> None:
        self._key, self._heads = key, heads
        self._lock = threading.Lock()

    @classmethod
    def of_folder(cls, folder: Path) -> "LogSigner":
        """ExposedFile, HeadsDamaged; OSError if the key cannot be made."""
        path = folder / "log.key"
        if not path.exists():
            private_files.write_new(path, Ed25519PrivateKey.generate().private_bytes_raw())
        key = Ed25519PrivateKey.from_private_bytes(private_files.read(path, KEY_BYTES))
        return cls(key, FileHeads(folder / "log-heads.json"))

    def key(self, origin: str) -> log.Verifier:
        return log.Verifier(origin, self._key.public_key().public_bytes_raw())

    def sign(self, checkpoint: log.Checkpoint, old: int, proof: Sequence[bytes]) -> log.Signature:
        """OldSize, NotFollowed; OSError, TooManyLogs if what was signed cannot be remembered."""
        origin = checkpoint.origin
        with self._lock:
            try:
                head = log.accept(self._heads.get(origin), checkpoint, old, proof)
            except log.ProofInvalid as error:
                raise log.NotFollowed(origin, error.why) from None
            self._heads.put(origin, head)
            return log.sign(origin, self._key, checkpoint.text())

    def handlers(self) -> Mapping[str, Handler]:
        """By operation, for wire.serve."""

        def log_key(fields: Fields, peer: Peer) -> Fields:
            del peer
            return {"key": self.key(str(fields["origin"])).vkey()}

        def sign_checkpoint(fields: Fields, peer: Peer) -> Fields:
            del peer
            checkpoint = log.Checkpoint.of_text(str(fields["checkpoint"]))
            proof = [bytes(step) for step in fields["proof"]]
            return {"line": self.sign(checkpoint, int(fields["old"]), proof).line()}

        return {one.__name__: _handler(one) for one in (log_key, sign_checkpoint)}


def _handler(operation: Handler) -> Handler:
    def handle(fields: Fields, peer: Peer) -> Fields:
        try:
            return operation(fields, peer)
        except log.OldSize as told:
            raise RemoteError("old_size", {"size": told.size}) from None
        except log.NotFollowed as error:
            raise RemoteError("log_inconsistent", {"why": error.why}) from None
        except (OSError, TooManyLogs) as error:
            raise RemoteError("store_unavailable", {"why": type(error).__name__}) from None
        except (log.NoteInvalid, KeyError, TypeError, ValueError) as error:
            raise RemoteError("bad_request", {"reason": type(error).__name__}) from None

    return handle
