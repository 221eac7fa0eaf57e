"""What single requests are held against."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing.seal.broken import SealBroken
from signing.seal.envelope import ReleaseRequest
from signing.seal.shares import unwrap_st
from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.refusals import Refusal, TimekeeperRefused
from signing.timekeeper.state import Opening
from signing.timekeeper.times import to_text

MAX_BATCH = 1000
"""Release requests in one call; a client with more makes several."""

MAX_NAME = 200
"""Characters of a lot's id or of who asks."""


def share(request: ReleaseRequest, key: X25519PrivateKey) -> bytes | Refusal:
    """Each wrap stands for itself: one that does not open holds up no other."""
    try:
        return unwrap_st(request, key)
    except SealBroken:
        return Refusal("broken_wrap")


def batch(requests: Sequence[ReleaseRequest]) -> None:
    if len(requests) > MAX_BATCH:
        raise TimekeeperRefused("bad_request", reason=f"more than {MAX_BATCH} wraps at once")


def outcomes(
    requests: Sequence[ReleaseRequest], shares: Sequence[bytes | Refusal], done: str
) -> list[list[str]]:
    """For the journal: each wrap by its digest, with `done` or why not."""
    return [
        [request.digest.hex(), share.code if isinstance(share, Refusal) else done]
        for request, share in zip(requests, shares, strict=True)
    ]


def same_or_refused(
    known: Opening, opening_time: datetime, deadline: datetime
) -> OpeningCertificate:
    current = known.certificate
    if known.erased:
        raise TimekeeperRefused("erased", opening=current.opening)
    if (current.opening_time, current.deadline) != (opening_time, deadline):
        raise TimekeeperRefused(
            "already_registered",
            opening=current.opening,
            opening_time=to_text(current.opening_time),
        )
    return current


def moment(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise TimekeeperRefused("bad_request", reason="a moment without a time zone")
    return moment.astimezone(UTC)


def name(text: str, what: str) -> str:
    if not 1 <= len(text) <= MAX_NAME or not text.isprintable():
        raise TimekeeperRefused(
            "bad_request", reason=f"{what} has 1 to {MAX_NAME} printable characters"
        )
    return text
