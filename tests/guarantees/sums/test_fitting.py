"""Which products fit a lot, and why others don't."""

from dataclasses import replace

import pytest

from guarantees.sums.fitting import NO_DEPOSIT, Need, Offer, why_not
from guarantees.values.money import Money

OFFER = Offer(
    kind="bid",
    ceiling=Money(100_000_00),
    regions=("山西省",),
    consortium=False,
    published=True,
    institution_active=True,
)
NEED = Need(kind="bid", amount=Money(100_000_00), region="山西省太原市")


def test_a_product_that_fits() -> None:
    assert why_not(OFFER, NEED) == ()


@pytest.mark.parametrize(
    "need",
    [
        replace(NEED, kind="performance"),
        replace(NEED, amount=Money(100_000_01)),
        replace(NEED, region="湖南省长沙市"),
        replace(NEED, members=1),
    ],
)
def test_one_reason_for_each_need_that_is_not_met(need: Need) -> None:
    assert len(why_not(OFFER, need)) == 1


def test_a_lot_without_a_deposit_needs_no_product() -> None:
    assert why_not(OFFER, replace(NEED, amount=Money(0))) == (NO_DEPOSIT,)
