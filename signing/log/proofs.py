"""Checking Merkle proofs: RFC 9162 sections 2.1.3.2 and 2.1.4.2 (proofs as in RFC 6962)."""

from collections.abc import Sequence

from signing.log.errors import ProofInvalid
from signing.log.hashing import EMPTY_ROOT, HASH, node_hash

LONGEST = 63
"""Hashes of a proof: a tree has fewer than 2^63 entries."""


def check_inclusion(
    hashed: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """ProofInvalid unless the entry of this hash stands at `index` of the tree."""
    if not 0 <= index < size:
        raise ProofInvalid("the index lies outside the tree")
    _check_form(proof)
    first, last, found = index, size - 1, hashed
    for step in proof:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if first & 1 or first == last:
            found = node_hash(step, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, step)
        first, last = first >> 1, last >> 1
    if last != 0 or found != root:
        raise ProofInvalid("the proof does not lead to the root")


def check_consistency(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """ProofInvalid unless the tree of `size` entries begins with the one of `old` entries."""
    _check_form(proof)
    if not 0 <= old <= size:
        raise ProofInvalid("the tree has become smaller")
    if old in (0, size):
        same = old_root == (EMPTY_ROOT if old == 0 else root)
        if proof or not same:
            raise ProofInvalid("two trees of one size differ, or a proof was not needed")
        return
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        raise ProofInvalid("the proof is empty")
    _climb(old, old_root, size, root, steps)


def _climb(old: int, old_root: bytes, size: int, root: bytes, steps: Sequence[bytes]) -> None:
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if first & 1 or first == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, step)
        first, last = first >> 1, last >> 1
    if last != 0 or before != old_root or after != root:
        raise ProofInvalid("the proof does not lead from one root to the other")


def _check_form(proof: Sequence[bytes]) -> None:
    if len(proof) > LONGEST or any(len(step) != HASH for step in proof):
        raise ProofInvalid("the proof is not a row of hashes")
