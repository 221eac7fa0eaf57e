"""What is due back of a premium by the rule that the product published: a share in per cent."""

from guarantees.values.money import Money

MOST = 100
"""Per cent."""


def due_back(premium: Money, percent: int | None) -> Money | None:
    """`percent` of the premium, a broken fen rounded up for the payer; None without a rule."""
    if percent is None:
        return None
    if not 0 <= percent <= MOST:
        raise ValueError("a share lies between 0 and 100 per cent")
    return Money(-(-premium.fen * percent // MOST))
