"""The opening certificate: the timekeeper's word on a lot's T and opening key (sealing.md, step 1).

bytes     = canonical JSON of the fields, moments as text, key in hex, signature in hex
signature = Ed25519 over lp("baohan/opening-certificate/v1", canonical JSON less signature)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from signing.errors import SigningError
from signing.seal.encoding import lp
from signing.seal.envelope import fingerprint_of
from signing.timekeeper import canonical
from signing.timekeeper.times import from_text, to_text

SCHEMA = "baohan/opening-certificate/v1"


class CertificateInvalid(SigningError):
    """An opening certificate is not the timekeeper's word: do not seal to its key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """malformed, unknown_key or signature."""


@dataclass(frozen=True, slots=True)
class OpeningCertificate:
    opening: str
    """Random id, 32 hex digits; the same through all revisions."""
    lot: str
    opening_time: datetime
    """T, UTC, microseconds: nothing is released before it."""
    deadline: datetime
    """Submission deadline as registered, not after the first T."""
    revision: int
    """1, and one more with every postponement: the highest counts."""
    issued_at: datetime
    public_key: bytes
    """X25519, 32 bytes: what `st` is wrapped to; the same through all revisions."""
    key_id: str
    """Of the timekeeper's signing key, 16 hex digits."""
    signature: bytes = b""
    """Ed25519, 64 bytes."""

    def to_bytes(self) -> bytes:
        return canonical.encode(self._fields() | {"signature": self.signature.hex()})

    @classmethod
    def from_bytes(cls, data: bytes) -> "OpeningCertificate":
        """CertificateInvalid("malformed") for anything that to_bytes does not write."""
        try:
            made = cls._read(canonical.read(data))
            if made.to_bytes() == data:
                return made
        except (ValueError, KeyError, TypeError):
            pass
        raise CertificateInvalid("malformed")

    def signed(self, key: Ed25519PrivateKey) -> "OpeningCertificate":
        return replace(self, signature=key.sign(self._to_be_signed()))

    def verify(self, timekeeper_public: Mapping[str, bytes]) -> None:
        """Checks the signature; CertificateInvalid.

        timekeeper_public: key id → Ed25519 public key, what Timekeeper.public() answers, but kept
        from an earlier day: a certificate proves nothing by a key that came along with it.
        """
        key = timekeeper_public.get(self.key_id)
        if key is None:
            raise CertificateInvalid("unknown_key")
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(self.signature, self._to_be_signed())
        except InvalidSignature:
            raise CertificateInvalid("signature") from None

    def _to_be_signed(self) -> bytes:
        return lp(SCHEMA, canonical.encode(self._fields()))

    def _fields(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "opening": self.opening,
            "lot": self.lot,
            "opening_time": to_text(self.opening_time),
            "deadline": to_text(self.deadline),
            "revision": self.revision,
            "issued_at": to_text(self.issued_at),
            "public_key": self.public_key.hex(),
            "key_id": self.key_id,
        }

    @classmethod
    def _read(cls, fields: dict[str, Any]) -> "OpeningCertificate":
        return cls(
            opening=str(fields["opening"]),
            lot=str(fields["lot"]),
            opening_time=from_text(fields["opening_time"]),
            deadline=from_text(fields["deadline"]),
            revision=int(fields["revision"]),
            issued_at=from_text(fields["issued_at"]),
            public_key=bytes.fromhex(fields["public_key"]),
            key_id=str(fields["key_id"]),
            signature=bytes.fromhex(fields["signature"]),
        )


def key_id_of(public_key: bytes) -> str:
    """16 hex digits naming an Ed25519 public key."""
    return fingerprint_of(public_key)[:8].hex()
