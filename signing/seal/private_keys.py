"""Key pairs of procurers and agencies; the private half under the person's passphrase.

    blob = lp("baohan/private-key/v1", "x25519", "argon2id", iterations, memory, lanes, salt,
              public key, nonce, ct)
    ct   = AES-256-GCM(Argon2id(passphrase), private key, aad = all parts before it)

Parameters are 4-byte numbers and stored with each key, so that they can grow (RFC 9106).
"""

import os
import threading
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from signing.errors import SigningError
from signing.seal import hpke, passphrase
from signing.seal.broken import SealBroken, opaque
from signing.seal.encoding import lp, parts_of
from signing.seal.envelope import fingerprint_of, fingerprint_of_private

HEAD = (b"baohan/private-key/v1", b"x25519", b"argon2id")
SALT_BYTES = 16
_one_at_a_time = threading.Lock()
"""OpenSSL's lanes are threads of one pool: two derivations at once wait for each other for ever."""

NONCE_BYTES = 12
CT_BYTES = hpke.KEY_BYTES + 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs."""

    iterations: int
    memory: int
    """KiB."""
    lanes: int

    def encoded(self) -> tuple[bytes, bytes, bytes]:
        return (
            self.iterations.to_bytes(4, "big"),
            self.memory.to_bytes(4, "big"),
            self.lanes.to_bytes(4, "big"),
        )


COST = Cost(iterations=3, memory=64 * 1024, lanes=4)
"""RFC 9106, section 4, second recommended option: some 0.2 s on a slow core."""

HIGHEST = Cost(iterations=64, memory=1024 * 1024, lanes=64)
"""A blob that asks for more is refused: it would stop the process that unwraps it."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    private_key: bytes = field(repr=False)
    """X25519, 32 bytes. Wrap it at once; never store, log or send it."""
    public_key: bytes
    """X25519, 32 bytes."""


class WeakPassphrase(SigningError):
    """A key was not entrusted to this passphrase."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults
        """Keys of passphrase.FAULTS, which has a sentence for each."""


class KeyLocked(SigningError):
    """The passphrase is wrong, or the wrapped key is damaged: the two cannot be told apart."""

    def __init__(self) -> None:
        super().__init__("the key does not open with this passphrase")


def make_key_pair() -> KeyPair:
    private = X25519PrivateKey.generate()
    return KeyPair(private.private_bytes_raw(), private.public_key().public_bytes_raw())


def wrap_private(private_key: bytes, secret: str, cost: Cost = COST) -> bytes:
    """The private key under the passphrase `secret`, 200 bytes or so; WeakPassphrase."""
    faults = passphrase.faults(secret)
    if faults:
        raise WeakPassphrase(faults)
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    head = (*HEAD, *cost.encoded(), salt, hpke.public_of(private_key), nonce)
    cipher = AESGCM(_stretched(secret, salt, cost))
    return lp(*head, cipher.encrypt(nonce, private_key, lp(*head)))


def unwrap_private(blob: bytes, secret: str) -> bytes:
    """The private key, 32 bytes; KeyLocked if passphrase or blob is wrong."""
    try:
        return _unwrapped(blob, secret)
    except SealBroken:
        pass
    raise KeyLocked  # outside the handler: no cause, no context


def bequeath(private_key: bytes, heir: bytes) -> bytes:
    """A key for its heir (X25519 public key): HPKE, info = lp("K", both fingerprints)."""
    return hpke.wrap(heir, private_key, _bequest(private_key, heir))


@opaque
def inherit(bequest: bytes, heir: bytes, fingerprint: bytes) -> bytes:
    """The key with that fingerprint, by the heir's private key; SealBroken."""
    info = lp("K", fingerprint, fingerprint_of_private(heir))
    private_key = hpke.unwrap(X25519PrivateKey.from_private_bytes(heir), bequest, info)
    if fingerprint_of_private(private_key) != fingerprint:
        raise ValueError("another key")
    return private_key


def _bequest(private_key: bytes, heir: bytes) -> bytes:
    return lp("K", fingerprint_of_private(private_key), fingerprint_of(heir))


@opaque
def _unwrapped(blob: bytes, secret: str) -> bytes:
    *head, ct = parts_of(blob)
    cost, salt, public_key, nonce = _read_head(head)
    if len(ct) != CT_BYTES:
        raise ValueError("the ciphertext has a wrong length")
    private_key = AESGCM(_stretched(secret, salt, cost)).decrypt(nonce, ct, lp(*head))
    if hpke.public_of(private_key) != public_key:
        raise ValueError("another key's public half")
    return private_key


def _read_head(head: list[bytes]) -> tuple[Cost, bytes, bytes, bytes]:
    version, curve, kdf, iterations, memory, lanes, salt, public_key, nonce = head
    if (version, curve, kdf) != HEAD:
        raise ValueError("another version")
    lengths = [len(part) for part in head[3:]]
    if lengths != [4, 4, 4, SALT_BYTES, hpke.KEY_BYTES, NONCE_BYTES]:
        raise ValueError("a part has a wrong length")
    numbers = [int.from_bytes(number, "big") for number in (iterations, memory, lanes)]
    highest = (HIGHEST.iterations, HIGHEST.memory, HIGHEST.lanes)
    if any(number > most for number, most in zip(numbers, highest, strict=True)):
        raise ValueError("more work than we do")
    return Cost(*numbers), salt, public_key, nonce


def _stretched(secret: str, salt: bytes, cost: Cost) -> bytes:
    text = passphrase.normalised(secret).encode()
    made = Argon2id(
        salt=salt, length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory
    )
    with _one_at_a_time:
        return made.derive(text)
