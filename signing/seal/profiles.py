"""Who must agree to a release besides the timekeeper (sealing.md, step 6).

    st = st_T ⊕ u;  for each allowed subset k = 1, 2, …:  u = ⊕ of one part per member

`st_T` is wrapped to the opening key, each part to its trustee; without trustees st = st_T. All
parts but the last of a subset are random, so whoever lacks one of them knows nothing of `u`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

REGULATOR, TRADING_CENTRE, ASSOCIATION = "regulator", "trading_centre", "association"

TIMEKEEPER_ALONE = "timekeeper"
WITH_REGULATOR = "timekeeper+regulator"
WITH_TWO_OF_THREE = "timekeeper+2of3"


@dataclass(frozen=True, slots=True)
class Profile:
    """What an envelope says of its release."""

    name: str
    """As in the envelope."""
    subsets: tuple[tuple[str, ...], ...]
    """Each suffices, together with the timekeeper; the first is subset 1. Empty: none needed."""

    @property
    def trustees(self) -> tuple[str, ...]:
        """All that hold parts, each once, in order of first appearance."""
        return tuple(dict.fromkeys(member for subset in self.subsets for member in subset))

    @property
    def seats(self) -> frozenset[tuple[int, str]]:
        """(subset, trustee) of every part that exists."""
        return frozenset(
            (number, member)
            for number, subset in enumerate(self.subsets, start=1)
            for member in subset
        )

    def complete(self, present: frozenset[str]) -> bool:
        """Whether these trustees together suffice."""
        return not self.subsets or any(present.issuperset(subset) for subset in self.subsets)


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(TIMEKEEPER_ALONE, ()),
        Profile(WITH_REGULATOR, ((REGULATOR,),)),
        Profile(
            WITH_TWO_OF_THREE,
            (
                (REGULATOR, TRADING_CENTRE),
                (REGULATOR, ASSOCIATION),
                (TRADING_CENTRE, ASSOCIATION),
            ),
        ),
    )
}


def xor(first: bytes, *others: bytes) -> bytes:
    """Byte by byte; ValueError unless all have one length."""
    return reduce(_xor, others, first)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def split(
    profile: Profile, u: bytes, random: Callable[[int], bytes]
) -> dict[tuple[int, str], bytes]:
    """(subset, trustee) → part of `u`."""
    parts = {}
    for number, subset in enumerate(profile.subsets, start=1):
        drawn = [random(len(u)) for _ in subset[1:]]
        for member, part in zip(subset, [*drawn, xor(u, *drawn)], strict=True):
            parts[number, member] = part
    return parts
