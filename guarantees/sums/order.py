"""The order in which products are shown (中性排序): a lottery anybody can draw again (SX-2.3).

place = SHA-256("baohan/order/v1" NL day NL seed NL lot NL product), in hexadecimal, smallest first.
Day, seed, lot and product ids are public; nothing else, such as price, payment, institution or the
viewer, goes in. With a shell: printf '%s\\n%s\\n%s\\n%s\\n%s' baohan/order/v1 DAY SEED LOT PRODUCT
| sha256sum.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

DOMAIN = "baohan/order/v1"

_SEED = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Place:
    """A product's place and the number it was drawn by."""

    position: int
    """From 1."""
    product: str
    draw: str
    """64 hexadecimal digits; the smallest comes first."""


def draw(product: str, *, lot: str, day: date, seed: str) -> str:
    """The number of one product for one lot on one day. `seed`: 64 lower-case hex digits."""
    if not _SEED.fullmatch(seed):
        raise ValueError("the seed of the day has 64 lower-case hexadecimal digits")
    parts = (DOMAIN, day.isoformat(), seed, lot, product)
    # A line break inside an id would let two different inputs draw the same number.
    if any("\n" in part for part in parts):
        raise ValueError("ids hold no line breaks")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def neutral_order(products: Iterable[str], *, lot: str, day: date, seed: str) -> tuple[Place, ...]:
    """All `products` (ids; give the id that stays the same over versions) in the day's order.

    The order given has no influence; an id that stands twice counts once.
    """
    drawn = sorted((draw(p, lot=lot, day=day, seed=seed), p) for p in set(products))
    return tuple(Place(i, product, number) for i, (number, product) in enumerate(drawn, 1))
