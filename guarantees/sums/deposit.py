"""Ceilings on deposits: a share of budget, estimate or contract sum (GPR-33, TBR-26)."""

from dataclasses import dataclass

from guarantees.values.money import Money

BID_DEPOSIT_PERCENT = 2
"""GPR-33 (of the budget) and TBR-26 (of the estimated price)."""


@dataclass(frozen=True, slots=True)
class DepositCheck:
    """A deposit beside the most that is allowed."""

    deposit: Money
    base: Money
    """Budget or estimated price the share is taken of."""
    ceiling: Money
    """Most that may be asked; rounded down, so that it never exceeds the share."""
    within: bool
    share: str
    """The deposit as a percentage of the base, rounded, but never across the limit."""


def bid_deposit_ceiling(base: Money) -> Money:
    """Two per cent of `base` (not negative), rounded down to the fen."""
    if base.fen < 0:
        raise ValueError("a budget is not negative")
    return Money(base.fen * BID_DEPOSIT_PERCENT // 100)


def check_bid_deposit(deposit: Money, base: Money) -> DepositCheck:
    """`deposit` beside two per cent of `base`, compared exactly; `base` must be above zero."""
    if deposit.fen < 0 or base.fen <= 0:
        raise ValueError("a deposit is not negative and its base is above zero")
    ceiling = bid_deposit_ceiling(base)
    return DepositCheck(deposit, base, ceiling, deposit <= ceiling, _share(deposit, base))


def _share(deposit: Money, base: Money) -> str:
    """Two decimals, or as many as it takes to see on which side of the limit the share lies."""
    above = deposit.fen * 100 > base.fen * BID_DEPOSIT_PERCENT
    decimals = 2
    while True:
        scale = 10**decimals
        rounded = (2 * deposit.fen * 100 * scale + base.fen) // (2 * base.fen)
        if (rounded > BID_DEPOSIT_PERCENT * scale) == above:
            return f"{rounded // scale}.{rounded % scale:0{decimals}d}%"
        decimals += 2
