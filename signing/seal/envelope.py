"""An envelope, its parts, and how it is read (sealing.md, steps 2 and 7).

    inner = com (32) ‖ wraps area (8 KiB, wraps.py) ‖ ct

The letter's context (number, lot, opening) is not in it: whoever opens must know it.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from signing.seal import hpke
from signing.seal.broken import opaque
from signing.seal.encoding import lp
from signing.seal.wraps import (
    AREA_BYTES,
    CMS,
    EID_BYTES,
    HPKE,
    MAC_BYTES,
    RECIPIENT,
    TIMEKEEPER,
    TRUSTEE,
    Wrap,
    parse_area,
)

COM_BYTES = 32
GCM_TAG_BYTES = 16

BODY_STEP = 256 * 1024
"""A body has a multiple of this many bytes: all that a sealed letter's length says."""

MAX_BODY = 64 * BODY_STEP
"""16 MiB: a letter has two pages and some 100 KB, one with scanned attachments a few MB."""

HEAD_BYTES = COM_BYTES + AREA_BYTES


def fingerprint_of(public_key: bytes) -> bytes:
    """SHA-256 of the raw X25519 public key, or of a certificate's DER."""
    return hashlib.sha256(public_key).digest()


def fingerprint_of_private(private_key: bytes) -> bytes:
    """Of the public key that belongs to a raw X25519 private key."""
    return fingerprint_of(hpke.public_of(private_key))


@dataclass(frozen=True, slots=True)
class SealContext:
    """What a sealed letter is bound to: it opens in no other lot, opening or number."""

    eid: bytes
    """16 random bytes, an envelope's own; see `new`."""
    number: str
    """Of the letter."""
    lot: str
    """Id of the lot, as in the opening certificate."""
    opening: str
    """Id of the opening, as in the opening certificate."""

    @classmethod
    def new(
        cls, number: str, lot: str, opening: str, *, random: Callable[[int], bytes] = os.urandom
    ) -> "SealContext":
        """With a fresh eid; `random` is os.urandom but for known-answer vectors."""
        return cls(random(EID_BYTES), number, lot, opening)

    @property
    def ctx(self) -> bytes:
        """SHA256(lp("baohan/seal/v1", eid, number, lot, opening)), step 2."""
        encoded = lp("baohan/seal/v1", self.eid, self.number, self.lot, self.opening)
        return hashlib.sha256(encoded).digest()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom a share is wrapped."""

    label: str
    """For people, at most 64 bytes: "procurer", "agency", "recovery"; a trustee's role."""
    public_key: bytes
    """X25519, 32 bytes; for a token the DER of its certificate."""
    fingerprint: bytes
    """SHA-256 of public_key; `of` and `of_certificate` compute it."""
    kind: str = HPKE

    @classmethod
    def of(cls, label: str, public_key: bytes) -> "Recipient":
        return cls(label, public_key, fingerprint_of(public_key))

    @classmethod
    def of_certificate(cls, label: str, certificate: bytes) -> "Recipient":
        """The holder of a token; `certificate` is DER, see cms.certificate_fault."""
        return cls(label, certificate, fingerprint_of(certificate), CMS)

    @classmethod
    def read(cls, label: str, public_key: bytes) -> "Recipient":
        """Of either kind: an X25519 key has 32 bytes, which no certificate has."""
        token = len(public_key) > hpke.KEY_BYTES
        return cls.of_certificate(label, public_key) if token else cls.of(label, public_key)


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """All that the timekeeper needs to release `st`, and nothing that tells it whose bid it is."""

    ctx: bytes
    com: bytes
    enc_and_ct: bytes = field(repr=False)
    """The T wrap's data: enc ‖ ct, 80 bytes."""

    @property
    def digest(self) -> bytes:
        """The wrap's name for withholding it (step 11): it opens with these three values only."""
        return hashlib.sha256(lp("baohan/release/v1", self.ctx, self.com, self.enc_and_ct)).digest()


@dataclass(frozen=True, slots=True)
class TrusteeRequest:
    """All that a trustee needs to approve one letter's release, and nothing of whose it is."""

    ctx: bytes
    com: bytes
    subset: int
    """Of the profile, from 1."""
    trustee: str
    """The trustee's role, as in the profile."""
    fingerprint: bytes
    """Of the trustee's key."""
    enc_and_ct: bytes = field(repr=False)
    """The U wrap's data, 80 bytes."""

    @property
    def seat(self) -> tuple[int, str]:
        """Which part of `u` it is; see construction.combine_st."""
        return self.subset, self.trustee


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed letter as it leaves the sealer and as the vault gives it back."""

    inner: bytes = field(repr=False)
    eid: bytes
    com: bytes
    """Commits to the content key (step 3)."""
    profile: str
    """Who must agree to the release: a key of profiles.PROFILES."""
    wraps: tuple[Wrap, ...]

    @property
    def recipient_wraps(self) -> tuple[Wrap, ...]:
        """Whose key can unwrap `sp`, in order of fingerprint; without the recovery key."""
        return tuple(wrap for wrap in self.wraps if wrap.role == RECIPIENT)

    @property
    def opening_fingerprint(self) -> bytes:
        """SHA-256 of the opening key that `st` is wrapped to."""
        return self._release.fingerprint

    def release_request(self, context: SealContext) -> ReleaseRequest:
        """For the timekeeper, after T."""
        return ReleaseRequest(context.ctx, self.com, self._release.data)

    @property
    def trustee_fingerprints(self) -> frozenset[bytes]:
        """Of all keys that hold a part."""
        return frozenset(wrap.fingerprint for wrap in self.wraps if wrap.role == TRUSTEE)

    def trustee_requests(
        self, context: SealContext, fingerprint: bytes
    ) -> tuple[TrusteeRequest, ...]:
        """For the holder of that key, after T: one for each allowed subset it belongs to."""
        return tuple(
            TrusteeRequest(context.ctx, self.com, one.subset, one.label, fingerprint, one.data)
            for one in self.wraps
            if one.role == TRUSTEE and one.fingerprint == fingerprint
        )

    @property
    def area(self) -> bytes:
        """The wraps area less its mac."""
        return self.inner[COM_BYTES : HEAD_BYTES - MAC_BYTES]

    @property
    def mac(self) -> bytes:
        return self.inner[HEAD_BYTES - MAC_BYTES : HEAD_BYTES]

    @property
    def ct(self) -> bytes:
        return self.inner[HEAD_BYTES:]

    @property
    def _release(self) -> Wrap:
        return next(wrap for wrap in self.wraps if wrap.role == TIMEKEEPER)


@opaque
def parse(inner: bytes) -> Envelope:
    """The envelope, its form checked in full; SealBroken for anything but the one encoding.

    What it says is not authentic yet: the vault vouches for the bytes, open_envelope for the rest.
    """
    body = len(inner) - HEAD_BYTES - GCM_TAG_BYTES
    if not BODY_STEP <= body <= MAX_BODY or body % BODY_STEP:
        raise ValueError("an inner of a length that is never made")
    eid, profile, wraps = parse_area(inner[COM_BYTES : HEAD_BYTES - MAC_BYTES])
    return Envelope(inner, eid, inner[:COM_BYTES], profile, wraps)
