"""Following a log: what its own signer, the timekeeper and outside witnesses have in common.

Each remembers the latest checkpoint that it accepted and accepts only what that one is a part of
(C2SP tlog-witness). So nobody can take an entry back, not even with the log's key or a backup.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from signing.log.checkpoint import MOST, Checkpoint, number
from signing.log.errors import NoteInvalid, NotFollowed, OldSize, ProofInvalid
from signing.log.hashing import EMPTY_ROOT, HASH
from signing.log.note import Signature, Verifier, unbase64
from signing.log.proofs import LONGEST, check_consistency


class CheckpointSigner(Protocol):
    """The log's own key. Every method raises FollowerAway and NotFollowed."""

    def key(self, origin: str) -> Verifier:
        """Of the log of this name; made when it is first asked for."""
        ...

    def sign(self, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> Signature:
        """`proof` leads to the checkpoint from its first `old` entries; OldSize, with the right
        size, if the latest checkpoint that was signed has another one."""
        ...


class Cosigner(Protocol):
    """Whoever remembers the log: the timekeeper, an outside witness. The same errors."""

    def verifier(self, origin: str) -> Verifier:
        """Its key for logs of this name."""
        ...

    def cosign(self, note: bytes, key: Verifier, old: int, proof: Sequence[bytes]) -> Signature:
        """Its signature on a checkpoint that the log signed with `key`; OldSize as above."""
        ...

    def latest(self, head: Checkpoint, note: bytes | None) -> int:
        """Size of the latest checkpoint that it signed of this log.

        head: where the log is by our records. note: the checkpoint of that size with the log's
        signature, if there is one; a witness that cannot be asked without says 0. NotFollowed if
        its tree is not the beginning of ours.
        """
        ...


@dataclass(frozen=True, slots=True)
class Head:
    """The latest tree that was accepted."""

    size: int = 0
    root: bytes = EMPTY_ROOT


def accept(head: Head, wanted: Checkpoint, old: int, proof: Sequence[bytes]) -> Head:
    """The new head. OldSize if `old` is not the head's size, ProofInvalid if the trees do not fit.

    The same checkpoint again is accepted: the answer may have been lost.
    """
    if old > wanted.size or wanted.size > MOST:
        raise ProofInvalid("the tree has become smaller")
    if old != head.size:
        raise OldSize(head.size)
    check_consistency(head.size, head.root, wanted.size, wanted.root, proof)
    return Head(wanted.size, wanted.root)


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The body of tlog-witness's add-checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def to_bytes(self) -> bytes:
        steps = (base64.b64encode(step).decode() for step in self.proof)
        return "\n".join([f"old {self.old}", *steps, "", ""]).encode() + self.note

    @classmethod
    def read(cls, data: bytes) -> "AddCheckpoint":
        """NoteInvalid."""
        head, split, note = data.partition(b"\n\n")
        lines = head.decode(errors="replace").split("\n")
        if not split or not lines[0].startswith("old ") or len(lines) > 1 + LONGEST:
            raise NoteInvalid("not a request to add a checkpoint")
        proof = tuple(unbase64(line) for line in lines[1:])
        if any(len(step) != HASH for step in proof):
            raise NoteInvalid("a line of the proof is no hash")
        return cls(number(lines[0].removeprefix("old ")), proof, note)


def signature_in(body: bytes, text: str, by: Verifier) -> Signature:
    """The line of an answer that this key made, verified; NotFollowed if there is none."""
    try:
        lines = body.decode().splitlines()
        found = next(one for line in lines if by.made(one := Signature.of_line(line)))
        by.check(text, found)
    except (NoteInvalid, UnicodeDecodeError, StopIteration):
        raise NotFollowed(by.name, "its answer carries no signature that holds") from None
    return found
