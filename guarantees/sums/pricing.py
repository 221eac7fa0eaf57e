"""What a guarantee costs (保费): premium = the larger of minimum and amount x rate (x periods).

Frozen inputs in, frozen result with its formula out, so that a receipt can be recomputed by hand.
Tiers and discounts come as formulas of their own, under other names.
"""

from dataclasses import dataclass

from guarantees.errors import N_, GuaranteeError
from guarantees.values.money import Money

FORMULA = "premium/v1"
"""Name and version of the formula; it stands on every quote and receipt."""

PPM = 1_000_000
_PPM_PER_PERCENT = 10_000
_HIGHEST_RATE = PPM // 5
"""Twenty per cent: above it a rate is a slip of the keyboard."""


class BadTariff(GuaranteeError):
    """A tariff that can't be published; `field` says which part."""

    code = "bad_tariff"
    text = N_("产品的“%(field)s”填写有误（%(value)s），请核对费率、最低保费和限额。")


class AmountNotCovered(GuaranteeError):
    """The product isn't offered for this amount or term."""

    code = "amount_not_covered"
    text = N_("担保金额 %(amount)s 元超过该产品单笔上限 %(ceiling)s 元，请选择其他产品。")


class TermMissing(GuaranteeError):
    """The tariff is by period, so the days are needed."""

    code = "premium_term_missing"
    text = N_("该产品按期限计费，请先确定保函期限（天数）。")


@dataclass(frozen=True, slots=True)
class Tariff:
    """How a product is priced."""

    rate_ppm: int
    """Parts per million of the amount: 5,000 is 0.50 %. 1 to 200,000."""

    minimum: Money
    """Least premium (最低保费), zero for none."""

    ceiling: Money | None = None
    """Largest amount of one letter; None for no limit."""

    period_days: int | None = None
    """None: the rate is for the whole term. Else the rate is for each period begun."""

    def __post_init__(self) -> None:
        if not 1 <= self.rate_ppm <= _HIGHEST_RATE:
            raise BadTariff(field=N_("费率"), value=self.rate_ppm)
        if self.minimum.fen < 0:
            raise BadTariff(field=N_("最低保费"), value=self.minimum.yuan)
        if self.ceiling is not None and self.ceiling.fen <= 0:
            raise BadTariff(field=N_("单笔上限"), value=self.ceiling.yuan)
        if self.period_days is not None and self.period_days <= 0:
            raise BadTariff(field=N_("计费周期"), value=self.period_days)


@dataclass(frozen=True, slots=True)
class Premium:
    """A premium with everything it was worked out from."""

    tariff: Tariff
    amount: Money
    """Amount guaranteed."""
    days: int | None
    """Length of the term where the tariff is by period."""
    periods: int
    """Periods begun; 1 where the rate is for the whole term."""
    by_rate: Money
    """Amount x rate x periods, rounded half up to the fen."""
    premium: Money
    """What is paid: `by_rate`, or the minimum if that is more."""
    formula: str = FORMULA

    @property
    def minimum_applied(self) -> bool:
        return self.premium > self.by_rate

    @property
    def explanation(self) -> str:
        """The sum in one line, for receipt and quote: figures only, signs as on paper."""
        periods = "" if self.tariff.period_days is None else f" × {self.periods}"
        line = f"{self.amount.yuan} × {rate_text(self.tariff.rate_ppm)}{periods}"
        line = f"{line} = {self.by_rate.yuan}"
        if self.minimum_applied:
            return f"{line} < {self.tariff.minimum.yuan} → {self.premium.yuan}"
        return line


def price(tariff: Tariff, amount: Money, days: int | None = None) -> Premium:
    """The premium for `amount` (above zero) under `tariff`, for `days` where it is by period.

    Raises AmountNotCovered above the product's ceiling and TermMissing without needed days.
    """
    if amount.fen <= 0:
        raise ValueError("the amount guaranteed is above zero")
    if tariff.ceiling is not None and amount > tariff.ceiling:
        raise AmountNotCovered(amount=amount.yuan, ceiling=tariff.ceiling.yuan)
    periods = _periods(tariff, days)
    by_rate = amount.portion(tariff.rate_ppm * periods, PPM)
    return Premium(tariff, amount, days, periods, by_rate, max(by_rate, tariff.minimum))


def rate_text(ppm: int) -> str:
    """A rate as a percentage with two decimals, or as many as it needs: "0.50%", "0.0125%"."""
    whole, rest = divmod(ppm, _PPM_PER_PERCENT)
    decimals = f"{rest:04d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals}%"


def _periods(tariff: Tariff, days: int | None) -> int:
    if tariff.period_days is None:
        return 1
    if days is None or days <= 0:
        raise TermMissing()
    return -(-days // tariff.period_days)
