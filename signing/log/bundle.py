"""C2SP tlog-proof: index, inclusion proof and checkpoint in one text, checked without a network."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from signing.log.checkpoint import Opened, number, open_checkpoint
from signing.log.errors import NoteInvalid
from signing.log.hashing import HASH, entry_hash
from signing.log.note import LONGEST_NOTE, Verifier, unbase64
from signing.log.proofs import LONGEST, check_inclusion

HEAD = "c2sp.org/tlog-proof@v1"
EXTENSION = "tlog-proof"
"""Of a file's name."""


@dataclass(frozen=True, slots=True)
class Bundle:
    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    """A signed note."""

    def to_bytes(self) -> bytes:
        lines = [HEAD, f"index {self.index}", *(_text(step) for step in self.proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def read(cls, data: bytes) -> "Bundle":
        """The form alone. NoteInvalid; extra data is allowed and passed over."""
        if len(data) > 2 * LONGEST_NOTE:
            raise NoteInvalid("the proof is too long")
        head, split, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode().split("\n")
        except UnicodeDecodeError:
            lines = []
        if not split or lines[:1] != [HEAD]:
            raise NoteInvalid("not a proof of inclusion")
        del lines[0]
        if lines and lines[0].startswith("extra "):
            del lines[0]
        if not lines or not lines[0].startswith("index ") or len(lines) > 1 + LONGEST:
            raise NoteInvalid("the proof names no index")
        index = number(lines[0].removeprefix("index "))
        return cls(index, tuple(_hash(line) for line in lines[1:]), checkpoint)

    def check(self, entry: bytes, log: Verifier, cosigners: Iterable[Verifier] = ()) -> Opened:
        """NoteInvalid or ProofInvalid unless this entry is in the log as the checkpoint says."""
        opened = open_checkpoint(self.checkpoint, log, cosigners)
        head = opened.checkpoint
        check_inclusion(entry_hash(entry), self.index, head.size, self.proof, head.root)
        return opened


def _text(step: bytes) -> str:
    return base64.b64encode(step).decode()


def _hash(line: str) -> bytes:
    found = unbase64(line)
    if len(found) != HASH:
        raise NoteInvalid("a line of the proof is no hash")
    return found
