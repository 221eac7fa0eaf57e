from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guarantees.sums.deposit import bid_deposit_ceiling, check_bid_deposit
from guarantees.values.money import Money

bases = st.integers(1, 10**15)


@given(bases)
def test_the_ceiling_is_the_largest_deposit_within(base: int) -> None:
    ceiling = bid_deposit_ceiling(Money(base))
    assert check_bid_deposit(ceiling, Money(base)).within
    assert not check_bid_deposit(ceiling + Money(1), Money(base)).within


@given(bases, st.integers(0, 10**15))
@example(10**15, 2 * 10**13 + 1)
@example(3, 0)
def test_the_share_shown_is_on_the_right_side_of_the_limit(base: int, deposit: int) -> None:
    check = check_bid_deposit(Money(deposit), Money(base))
    shown = Fraction(check.share.removesuffix("%"))
    assert check.within == (Fraction(deposit, base) <= Fraction(2, 100))
    assert check.within == (shown <= 2)
    assert abs(shown - Fraction(deposit * 100, base)) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("deposit", "base", "share", "within"),
    [
        ("70,000.00", "3,860,000.00", "1.81%", True),
        ("147,000.00", "7,357,228.00", "2.00%", True),
        ("77,200.00", "3,860,000.00", "2.00%", True),
        ("77,200.01", "3,860,000.00", "2.00000026%", False),
        ("100,000.00", "3,860,000.00", "2.59%", False),
    ],
)
def test_figures_of_notices(deposit: str, base: str, share: str, within: bool) -> None:
    check = check_bid_deposit(Money.parse(deposit), Money.parse(base))
    assert (check.share, check.within) == (share, within)


@pytest.mark.parametrize(("deposit", "base"), [(-1, 100), (1, 0), (1, -5)])
def test_impossible_figures_are_refused(deposit: int, base: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        check_bid_deposit(Money(deposit), Money(base))
