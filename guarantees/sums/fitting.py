"""Which products fit a lot (SX-2.3: the supplier sees every one that does, and why not others)."""

from dataclasses import dataclass

from guarantees.errors import N_
from guarantees.values.money import Money

NO_DEPOSIT = N_("本标段不收取投标保证金，不需要办理保函。")


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as far as fitting goes."""

    kind: str
    ceiling: Money
    regions: tuple[str, ...]
    """Prefixes of region names; empty: everywhere."""
    consortium: bool
    published: bool
    institution_active: bool


@dataclass(frozen=True, slots=True)
class Need:
    """What a lot asks for."""

    kind: str
    amount: Money
    region: str
    members: int = 0
    """Members of a consortium besides the lead."""


def why_not(offer: Offer, need: Need) -> tuple[str, ...]:
    """Reasons, as sentences, why the product cannot be chosen; none: it fits."""
    reasons = (
        (offer.published, N_("产品已停售。")),
        (offer.institution_active, N_("机构目前不受理新业务。")),
        (offer.kind == need.kind, N_("保函种类不同。")),
        (need.amount.fen > 0, NO_DEPOSIT),
        (need.amount <= offer.ceiling, N_("担保金额超过产品单笔上限。")),
        (
            not offer.regions or any(need.region.startswith(one) for one in offer.regions),
            N_("机构不在项目所在地区办理。"),
        ),
        (offer.consortium or not need.members, N_("产品不支持联合体。")),
    )
    return tuple(text for holds, text in reasons if not holds)
