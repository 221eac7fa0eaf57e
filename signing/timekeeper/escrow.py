"""Escrow of a key to an offline quorum: k of n members together recover it (sealing.md, step 1).

Shamir's secret sharing over GF(2^8), byte by byte, with the AES polynomial 0x11b; each share is
wrapped to its member's X25519 key by HPKE. Fewer than k members learn nothing at all.

    quorum file = {"schema", "threshold", "members": [{"name", "public_key"}, …]}
    copy        = {"schema", "scheme", "threshold", "opening", "public_key",
                   "shares": [{"index", "name", "member", "wrap"}, …]}, all bytes in hex

"opening" is the id of an opening, or "signing" for the key that signs opening certificates.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing.errors import SigningError
from signing.seal import hpke
from signing.seal.encoding import lp
from signing.seal.envelope import fingerprint_of
from signing.timekeeper import canonical

QUORUM_SCHEMA = "baohan/escrow-quorum/v1"
COPY_SCHEMA = "baohan/escrow/v1"
SCHEME = "shamir-gf256/hpke-x25519"
MAX_MEMBERS = 100
SIGNING = "signing"
"""In place of an opening's id."""

POLYNOMIAL = 0x11B


class EscrowError(SigningError):
    """A quorum cannot be used, or a copy does not give back its key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Quorum:
    """Who holds the escrow keys, offline."""

    threshold: int
    """k: how many must come together."""
    members: tuple[tuple[str, bytes], ...]
    """(name, X25519 public key), n of them."""

    def __post_init__(self) -> None:
        keys = {key for _, key in self.members}
        if not 1 <= self.threshold <= len(self.members) <= MAX_MEMBERS:
            raise EscrowError(f"a quorum has 1 to {MAX_MEMBERS} members, threshold among them")
        if len(keys) != len(self.members) or any(len(key) != hpke.KEY_BYTES for key in keys):
            raise EscrowError("a member's key is not 32 bytes, or two members share one")

    @classmethod
    def from_bytes(cls, data: bytes) -> "Quorum":
        """EscrowError for anything but a quorum file."""
        try:
            document = json.loads(data)
            if document["schema"] != QUORUM_SCHEMA:
                raise ValueError("another schema")
            members = tuple(
                (str(member["name"]), bytes.fromhex(member["public_key"]))
                for member in document["members"]
            )
            return cls(int(document["threshold"]), members)
        except (ValueError, KeyError, TypeError):
            pass
        raise EscrowError(f"not a quorum file of {QUORUM_SCHEMA}")

    def to_bytes(self) -> bytes:
        members = [{"name": name, "public_key": key.hex()} for name, key in self.members]
        return canonical.encode(
            {"schema": QUORUM_SCHEMA, "threshold": self.threshold, "members": members}
        )


def escrow(
    quorum: Quorum,
    opening: str,
    private_key: bytes,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """The copy of an opening key (X25519, 32 bytes) or signing key (Ed25519) for the quorum."""
    public_key = public_of(opening, private_key)
    shares = split(private_key, quorum.threshold, len(quorum.members), random)
    wrapped = []
    for index, (name, member) in enumerate(quorum.members, start=1):
        info = _info(opening, public_key, quorum.threshold, index)
        wrapped.append(
            {
                "index": index,
                "name": name,
                "member": fingerprint_of(member).hex(),
                "wrap": hpke.wrap(member, shares[index], info).hex(),
            }
        )
    return canonical.encode(
        {
            "schema": COPY_SCHEMA,
            "scheme": SCHEME,
            "threshold": quorum.threshold,
            "opening": opening,
            "public_key": public_key.hex(),
            "shares": wrapped,
        }
    )


def public_of(opening: str, private_key: bytes) -> bytes:
    """What a copy says of its key, so that a recovered one can be told from a wrong one."""
    if opening == SIGNING:
        key = Ed25519PrivateKey.from_private_bytes(private_key)
        return key.public_key().public_bytes_raw()
    return hpke.public_of(private_key)


def recover(copy: bytes, members: Sequence[bytes]) -> bytes:
    """The key, with the private keys of at least k members; EscrowError."""
    return join(copy, dict(open_share(copy, member) for member in members))


def open_share(copy: bytes, member: bytes) -> tuple[int, bytes]:
    """Index and share of one member, by its private key; EscrowError."""
    try:
        return _opened(_read(copy), member)
    except (ValueError, KeyError, TypeError, InvalidTag):
        pass
    raise EscrowError("a key of no member, or a damaged copy")


def join(copy: bytes, shares: Mapping[int, bytes]) -> bytes:
    """The key of at least k shares, by index; EscrowError."""
    try:
        document = _read(copy)
        if len(shares) >= document["threshold"]:
            private_key = combine(dict(sorted(shares.items())[: document["threshold"]]))
            if public_of(document["opening"], private_key).hex() == document["public_key"]:
                return private_key
    except (ValueError, KeyError, TypeError):
        pass
    raise EscrowError("too few members, a wrong share, or a damaged copy")


def _read(copy: bytes) -> dict[str, Any]:
    document = canonical.read(copy)
    if (document["schema"], document["scheme"]) != (COPY_SCHEMA, SCHEME):
        raise ValueError("another scheme")
    return document


def _opened(document: Mapping[str, Any], member: bytes) -> tuple[int, bytes]:
    private = X25519PrivateKey.from_private_bytes(member)
    held = fingerprint_of(private.public_key().public_bytes_raw()).hex()
    share = {share["member"]: share for share in document["shares"]}[held]
    public_key = bytes.fromhex(document["public_key"])
    info = _info(document["opening"], public_key, document["threshold"], share["index"])
    return share["index"], hpke.unwrap(private, bytes.fromhex(share["wrap"]), info)


def _info(opening: str, public_key: bytes, threshold: int, index: int) -> bytes:
    return lp("E", COPY_SCHEMA, opening, public_key, bytes([threshold, index]))


# --- Shamir, "How to share a secret" (1979) ------------------------------------------------


def split(
    secret: bytes, threshold: int, count: int, random: Callable[[int], bytes]
) -> dict[int, bytes]:
    """Index (1 … count) → share: values of random polynomials whose value at 0 is the secret."""
    higher = [random(len(secret)) for _ in range(threshold - 1)]
    coefficients = list(zip(secret, *higher, strict=True))
    return {
        x: bytes(_value(polynomial, x) for polynomial in coefficients) for x in range(1, count + 1)
    }


def combine(shares: Mapping[int, bytes]) -> bytes:
    """The secret by Lagrange's interpolation at 0, from exactly threshold shares."""
    weights = {x: _weight(x, shares.keys()) for x in shares}
    columns = zip(*shares.values(), strict=True)
    return bytes(
        _sum(_times(weight, y) for weight, y in zip(weights.values(), column, strict=True))
        for column in columns
    )


def _value(polynomial: Sequence[int], x: int) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = _times(value, x) ^ coefficient
    return value


def _weight(x: int, points: Any) -> int:
    weight = 1
    for other in points:
        if other != x:
            weight = _times(weight, _times(other, _inverse(other ^ x)))
    return weight


def _sum(values: Any) -> int:
    total = 0
    for value in values:
        total ^= value
    return total


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a * (b & 1)
        a = (a << 1) ^ (POLYNOMIAL * (a >> 7))
        b >>= 1
    return product


def _inverse(a: int) -> int:
    """a^254, since a^255 = 1."""
    result = 1
    for _ in range(254):
        result = _times(result, a)
    return result
