"""Hashes of RFC 6962 section 2.1, by pymerkle.

Of pymerkle no more than its hashing serves here: it keeps a tree as a list of leaves and knows no
tiles, and its proofs of consistency are laid out in another way than RFC 6962's, which witnesses
and Go's tools demand. The tests hold our trees against its own.
"""

from collections.abc import Sequence
from typing import cast

from pymerkle.hasher import MerkleHasher

HASH = 32
"""Bytes of a SHA-256."""

_SHA256 = MerkleHasher("sha256")

EMPTY_ROOT: bytes = _SHA256.hash_empty()
"""Root of the tree without entries."""


def entry_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry): how an entry stands in the tree."""
    return cast(bytes, _SHA256.hash_buff(entry))


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return cast(bytes, _SHA256.hash_pair(left, right))


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Root of a tree over 2^k hashes of one level."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]
