"""A sealed letter at rest and in the log (sealing.md, steps 7 and 8)."""

import hashlib
from collections.abc import Callable

from signing.seal.encoding import lp

VaultCall = Callable[[bytes, bytes], bytes]
"""(data, aad) → data: the vault's lock or unlock, of any length, without padding."""


def vault_wrap(inner: bytes, eid: bytes, vault_seal: VaultCall) -> bytes:
    """Stored = key id ‖ nonce ‖ AES-GCM(vault key, inner, lp("vault", eid))."""
    return vault_seal(inner, lp("vault", eid))


def vault_unwrap(stored: bytes, eid: bytes, vault_open: VaultCall) -> bytes:
    """Inner; SealBroken from the vault if `stored` is damaged or another envelope's."""
    return vault_open(stored, lp("vault", eid))


def leaf_hash(salt: bytes, stored: bytes) -> bytes:
    """SHA256(0x01 ‖ salt ‖ SHA256(stored)): the log learns nothing of which letter it is.

    salt: 32 random bytes, kept for the receipts of supplier and institution.
    """
    return leaf_of(salt, hashlib.sha256(stored).digest())


def leaf_of(salt: bytes, digest: bytes) -> bytes:
    """The same of a digest (SHA-256) of whatever is logged."""
    if len(salt) != 32:
        raise ValueError("the salt of a leaf has 32 bytes")
    if len(digest) != 32:
        raise ValueError("a digest has 32 bytes")
    return hashlib.sha256(b"\x01" + salt + digest).digest()
