"""Hashes of RFC 6962 section 2.1.

Three lines of hashlib: pymerkle keeps a tree as a list of leaves, knows no tiles, lays its proofs
of consistency out in another way than RFC 6962, which witnesses and Go's tools demand, and is under
the GPL. The tests hold our trees against its own.
"""

import hashlib
from collections.abc import Sequence

HASH = 32
"""Bytes of a SHA-256."""

EMPTY_ROOT = hashlib.sha256().digest()
"""Root of the tree without entries."""


def entry_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry): how an entry stands in the tree."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Root of a tree over 2^k hashes of one level."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]
