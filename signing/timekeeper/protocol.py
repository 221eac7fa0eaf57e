"""What a timekeeper does for others; the client and the double both satisfy it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signing.seal.envelope import ReleaseRequest
from signing.timekeeper.certificate import CertificateInvalid, OpeningCertificate
from signing.timekeeper.refusals import REFUSALS, Refusal, TimekeeperRefused

__all__ = [
    "ERASE_REASONS",
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


ERASE_REASONS = frozenset({"failed", "cancelled"})
"""Why an opening key may be destroyed: the tender failed (流标、废标), or was cancelled (终止)."""


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
        """After T: for each request `st_T`, 32 bytes, or why not (withheld, broken_wrap)."""
        ...

    def withhold(self, wrap_digest: bytes, requested_by: str) -> None:
        """Refuses one wrap (ReleaseRequest.digest) for ever: its bid was withdrawn.

        Names no opening, so that the timekeeper cannot count an opening's bids before T.
        """
        ...

    def erase(self, opening: str, reason: str, requested_by: str, confirmed_by: str) -> datetime:
        """Destroys the opening key and its escrow copies, for good; answers when.

        reason: of ERASE_REASONS. Two people, else same_person. It takes effect ERASE_DELAY
        (72 h) later by the timekeeper's clock; until then releases are refused with "erasing",
        and the opening does not move.
        """
        ...

    def keep(self, opening: str, requested_by: str) -> None:
        """Takes an erasure back that has not taken effect.

        Refused with "archived" once `archive` has answered with a share before T.
        """
        ...

    def archive(self, opening: str, requests: Sequence[ReleaseRequest]) -> list[bytes | Refusal]:
        """For each request `st_T` wrapped to the pinned recovery key, 80 bytes, or why not.

        While an erasure is pending: every wrap, and before T that makes the erasure final. After
        T: withheld wraps only (else not_withheld). Otherwise "early". The recovery key takes
        it out by seal.unwrap_st from the same request with these bytes as enc_and_ct.
        """
        ...

    def status(self) -> ClockStatus: ...

    def public(self) -> Mapping[str, bytes]:
        """Key id → Ed25519 public key, 32 bytes, for OpeningCertificate.verify."""
        ...
