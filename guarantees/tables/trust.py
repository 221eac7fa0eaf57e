"""Trustee profiles in words: what signing.seal.PROFILES asks for, as people choose it."""

from collections.abc import Mapping

from guarantees.errors import N_
from signing import seal

ALONE = "timekeeper"

PROFILES: Mapping[str, str] = {
    ALONE: N_("仅守时服务"),
    "timekeeper+regulator": N_("守时服务与财政监管部门"),
    "timekeeper+2of3": N_("守时服务与三方受托人中的任意两方"),
}
"""Profile → what it is called; the same as in the envelopes."""

TRUSTEES: Mapping[str, str] = {
    "regulator": N_("财政监管部门"),
    "trading_centre": N_("公共资源交易中心"),
    "association": N_("行业协会"),
}
"""Role of an organisation that can be a trustee → what it is called."""


def trustees_of(profile: str) -> tuple[str, ...]:
    """Roles whose organisations hold parts; KeyError for a profile that there is not."""
    return seal.PROFILES[profile].trustees


def enough(profile: str, present: frozenset[str]) -> bool:
    """Whether these trustees together suffice for a release."""
    return seal.PROFILES[profile].complete(present)
