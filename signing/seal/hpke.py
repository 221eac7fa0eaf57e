"""HPKE base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, no aad."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

KEY_BYTES = 32
"""Of a public or private X25519 key (RFC 7748)."""

OVERHEAD = 32 + 16
"""Encapsulated key and authentication tag: a wrap is this much longer than its secret."""


def wrap(public_key: bytes, secret: bytes, info: bytes) -> bytes:
    """enc ‖ ct of `secret` for the holder of `public_key`; ValueError for a key that is none."""
    return SUITE.encrypt(secret, X25519PublicKey.from_public_bytes(public_key), info=info)


def usable(public_key: bytes) -> bool:
    """Whether something can be wrapped to it: 32 bytes, and not of small order."""
    try:
        wrap(public_key, b"", b"")
    except ValueError:
        return False
    return True


def unwrap(private_key: X25519PrivateKey, wrapped: bytes, info: bytes) -> bytes:
    """The secret; InvalidTag or ValueError if anything differs from what was wrapped."""
    return SUITE.decrypt(wrapped, private_key, info=info)


def public_of(private_key: bytes) -> bytes:
    """The 32-byte public half of a 32-byte private key."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
