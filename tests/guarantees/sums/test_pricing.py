from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.sums import pricing
from guarantees.sums.pricing import Tariff, price, rate_text
from guarantees.values.money import Money

amounts = st.integers(1, 10**13).map(Money)
rates = st.integers(1, 200_000)
minima = st.integers(0, 10**7).map(Money)


@given(amounts, rates, minima)
def test_the_premium_is_the_larger_of_rate_and_minimum(
    amount: Money, rate: int, minimum: Money
) -> None:
    premium = price(Tariff(rate, minimum), amount)
    exact = Fraction(amount.fen * rate, 10**6)
    assert Fraction(-1, 2) < premium.by_rate.fen - exact <= Fraction(1, 2)
    assert premium.premium == max(premium.by_rate, minimum)
    assert premium.minimum_applied == (minimum > premium.by_rate)


@given(amounts, amounts, rates, minima)
def test_more_never_costs_less(a: Money, b: Money, rate: int, minimum: Money) -> None:
    tariff = Tariff(rate, minimum)
    assert (price(tariff, min(a, b)).premium) <= (price(tariff, max(a, b)).premium)


@pytest.mark.parametrize(
    ("tariff", "amount", "days", "premium", "explanation"),
    [
        (Tariff(6_000, Money(0)), 7_000_000, None, "420.00", "70,000.00 × 0.60% = 420.00"),
        (
            Tariff(4_000, Money(30_000)),
            7_000_000,
            None,
            "300.00",
            "70,000.00 × 0.40% = 280.00 < 300.00 → 300.00",
        ),
        # 1.005 yuan lies half way and is rounded up.
        (Tariff(5_000, Money(0)), 20_100, None, "1.01", "201.00 × 0.50% = 1.01"),
        (
            Tariff(2_000, Money(0), period_days=90),
            7_000_000,
            91,
            "280.00",
            "70,000.00 × 0.20% × 2 = 280.00",
        ),
        (
            Tariff(2_000, Money(0), period_days=90),
            7_000_000,
            90,
            "140.00",
            "70,000.00 × 0.20% × 1 = 140.00",
        ),
    ],
)
def test_premiums_worked_by_hand(
    tariff: Tariff, amount: int, days: int | None, premium: str, explanation: str
) -> None:
    result = price(tariff, Money(amount), days)
    assert result.premium.yuan == premium
    assert result.explanation == explanation
    assert result.formula == "premium/v1"


def test_above_the_ceiling_is_refused_and_at_it_not() -> None:
    tariff = Tariff(5_000, Money(0), ceiling=Money(100_000))
    assert price(tariff, Money(100_000)).premium == Money(500)
    with pytest.raises(pricing.AmountNotCovered, match=r"1,000\.01 元超过该产品单笔上限"):
        price(tariff, Money(100_001))


@pytest.mark.parametrize("days", [None, 0, -3])
def test_a_tariff_by_period_needs_its_days(days: int | None) -> None:
    with pytest.raises(pricing.TermMissing):
        price(Tariff(5_000, Money(0), period_days=30), Money(100), days)


@pytest.mark.parametrize("amount", [0, -1])
def test_only_real_amounts_have_a_price(amount: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        price(Tariff(5_000, Money(0)), Money(amount))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rate_ppm": 0}, "费率"),
        ({"rate_ppm": 200_001}, "费率"),
        ({"minimum": Money(-1)}, "最低保费"),
        ({"ceiling": Money(0)}, "单笔上限"),
        ({"period_days": 0}, "计费周期"),
    ],
)
def test_tariffs_that_cannot_be_published(change: dict[str, object], says: str) -> None:
    fields: dict[str, object] = {"rate_ppm": 5_000, "minimum": Money(0)}
    with pytest.raises(pricing.BadTariff, match=says):
        Tariff(**(fields | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ppm", "text"), [(5_000, "0.50%"), (125, "0.0125%"), (10_000, "1.00%"), (12_345, "1.2345%")]
)
def test_rates_as_percentages(ppm: int, text: str) -> None:
    assert rate_text(ppm) == text


@given(rates)
def test_rates_are_read_back(ppm: int) -> None:
    assert Fraction(rate_text(ppm).removesuffix("%")) * 10_000 == ppm
