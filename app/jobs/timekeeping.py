"""Asking the timekeeper for shares, in the business's own words where it refuses."""

from collections.abc import Sequence

from app.house import House
from guarantees.errors import TooEarly, Unavailable
from guarantees.values.moments import beijing_text
from signing import wire
from signing.seal import ReleaseRequest
from signing.timekeeper.protocol import Refusal, TimekeeperRefused
from signing.timekeeper.times import from_text


def released(
    house: House, opening: str, requests: Sequence[ReleaseRequest]
) -> list[bytes | Refusal]:
    """One share, or why there is none, for each request; none asks for T alone.

    TooEarly, Unavailable, and TimekeeperRefused for any other reason.
    """
    try:
        return house.timekeeper.release(opening, requests)
    except wire.Unavailable as error:
        raise Unavailable(service="timekeeper") from error
    except TimekeeperRefused as refused:
        raise _early(refused) or refused from None


def _early(refused: TimekeeperRefused) -> TooEarly | None:
    if refused.code != "early":
        return None
    return TooEarly(beijing_text(from_text(refused.detail["opening_time"])), noun="opening")
