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


class Follower(Protocol):
    """Whoever signs checkpoints: the log's signer, or a cosigner.

    Every method raises FollowerAway and NotFollowed.
    """

    @property
    def name(self) -> str: ...

    def follow(self, note: bytes, old: int, proof: Sequence[bytes]) -> tuple[Signature, ...]:
        """Signatures on a checkpoint; `proof` leads there from its `old` entries.

        OldSize, with the right size, if the follower stands elsewhere. The note carries the log's
        signature, except for the log's own signer, who is asked for it.
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


def signatures_in(body: bytes, text: str, by: Verifier) -> tuple[Signature, ...]:
    """Those lines of an answer that this key made, verified; NotFollowed if there are none."""
    try:
        lines = body.decode().splitlines()
        found = tuple(one for line in lines if by.made(one := Signature.of_line(line)))
        for one in found:
            by.check(text, one)
    except (NoteInvalid, UnicodeDecodeError):
        found = ()
    if not found:
        raise NotFollowed(by.name, "its answer carries no signature that holds")
    return found[:1]
