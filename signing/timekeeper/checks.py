"""What single requests are held against."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing.seal.broken import SealBroken
from signing.seal.construction import unwrap_st
from signing.seal.envelope import ReleaseRequest
from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.refusals import Refusal, TimekeeperRefused
from signing.timekeeper.state import Opening
from signing.timekeeper.times import to_text

MAX_NAME = 200
"""Characters of a lot's id or of who asks."""


def share(known: Opening, request: ReleaseRequest, key: X25519PrivateKey) -> bytes | Refusal:
    """Each wrap stands for itself: one that does not open holds up no other."""
    if request.digest.hex() in known.withheld:
        return Refusal("withheld")
    try:
        return unwrap_st(request, key)
    except SealBroken:
        return Refusal("broken_wrap")


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
