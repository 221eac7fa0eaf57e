"""What a timekeeper does for others; the client and the double both satisfy it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signing.seal.envelope import ReleaseRequest
from signing.timekeeper.certificate import CertificateInvalid, OpeningCertificate
from signing.timekeeper.refusals import REFUSALS, Refusal, TimekeeperRefused

__all__ = [
    "REFUSALS",
    "CertificateInvalid",
    "ClockStatus",
    "OpeningCertificate",
    "Refusal",
    "ReleaseRequest",
    "SourceStatus",
    "Timekeeper",
    "TimekeeperRefused",
]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What one time-stamping authority last said."""

    name: str
    """Its URL."""
    offset_seconds: float | None
    """Its time less ours, 0 within the token's precision; None: never confirmed."""
    confirmed_at: datetime | None
    """By our clock; it serves 24 h."""
    problem: str
    """Why the last question got no usable answer; "" if it did."""


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """Whether openings can take place now, as far as the clock and the journal go."""

    now: datetime
    offset_seconds: float
    """What a release would take from our clock, at most 0: it never opens ahead of an authority."""
    sources: tuple[SourceStatus, ...]
    """Empty: our own clock alone, which is not for production."""
    ok: bool
    refusal: Refusal | None = None
    """What a release would be refused with, if not ok."""


class Timekeeper(Protocol):
    """Every method raises TimekeeperRefused, with code and detail, and wire.Unavailable.

    All may be repeated: a repeated call changes nothing and answers the same.
    """

    def register(self, lot: str, opening_time: datetime, deadline: datetime) -> OpeningCertificate:
        """Makes the lot's opening key; opening_time is T, aware, not before the deadline."""
        ...

    def postpone(self, opening: str, new_time: datetime, requested_by: str) -> OpeningCertificate:
        """A certificate with a later T, before the present T has come; never an earlier one."""
        ...

    def release(self, opening: str, requests: Sequence[ReleaseRequest]) -> list[bytes | Refusal]:
        """After T: for each request `st`, 32 bytes, or why not (withheld, broken_wrap)."""
        ...

    def withhold(self, opening: str, wrap_digest: bytes, requested_by: str) -> None:
        """Refuses one wrap (ReleaseRequest.digest) for ever: its bid was withdrawn."""
        ...

    def erase(self, opening: str, requested_by: str) -> None:
        """Destroys the opening key and its escrow copy, for good: the tender failed."""
        ...

    def status(self) -> ClockStatus: ...

    def public(self) -> Mapping[str, bytes]:
        """Key id → Ed25519 public key, 32 bytes, for OpeningCertificate.verify."""
        ...
