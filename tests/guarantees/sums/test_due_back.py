"""sums/due_back.py: a share of the premium, to the fen, for the payer."""

import pytest

from guarantees.sums.due_back import due_back
from guarantees.values.money import Money


@pytest.mark.parametrize(
    ("premium", "percent", "due"),
    [("315.00", 100, "315.00"), ("315.00", 0, "0"), ("0.01", 50, "0.01"), ("100.01", 33, "33.01")],
)
def test_a_broken_fen_goes_to_the_payer(premium: str, percent: int, due: str) -> None:
    assert due_back(Money.parse(premium), percent) == Money.parse(due)


def test_no_rule_no_amount() -> None:
    assert due_back(Money.parse("315"), None) is None


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_lies_between_nothing_and_all(percent: int) -> None:
    with pytest.raises(ValueError, match="per cent"):
        due_back(Money.parse("315"), percent)
