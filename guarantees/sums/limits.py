"""An institution's exposure (敞口) against its limits: arithmetic over a book of sums.

A book is a mapping from key to fen in force: "total", "supplier:<id>", "policy:<id>". It is sealed
as a whole where it is stored (sealing.md), so everything here takes and returns plain mappings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guarantees.values.money import Money

TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an institution, or a policy of it, allows; None where it sets no limit."""

    letter: Money | None = None
    """Largest amount of one letter."""
    supplier: Money | None = None
    """Sum in force for any one supplier, whichever members it bids with."""
    policy: Money | None = None
    """Sum in force under one automatic underwriting policy."""
    total: Money | None = None
    """Sum in force of the institution."""


@dataclass(frozen=True, slots=True)
class Excess:
    """One limit that a letter would break."""

    limit: str
    """ "letter", "supplier", "policy" or "total"."""
    key: str
    """Key of the book, "letter" for a limit on the single letter."""
    allowed: Money
    used: Money
    asked: Money

    @property
    def room(self) -> Money:
        """What could still be taken, never below zero."""
        return max(self.allowed - self.used, Money(0))


def supplier_key(supplier_id: str) -> str:
    return f"supplier:{supplier_id}"


def policy_key(policy_id: str) -> str:
    return f"policy:{policy_id}"


def keys(suppliers: Iterable[str], policy: str | None = None) -> tuple[str, ...]:
    """The keys a letter counts against: every member of a consortium answers for all of it."""
    under = () if policy is None else (policy_key(policy),)
    return (TOTAL, *(supplier_key(supplier) for supplier in suppliers), *under)


def excesses(
    limits: Limits, book: Mapping[str, int], counted: Iterable[str], amount: Money
) -> tuple[Excess, ...]:
    """Every limit that `amount` more under the keys `counted` would break; none: it fits."""
    broken: list[Excess] = []
    if limits.letter is not None and amount > limits.letter:
        broken.append(Excess("letter", "letter", limits.letter, Money(0), amount))
    for key in counted:
        kind = key.partition(":")[0]
        allowed = {"total": limits.total, "supplier": limits.supplier, "policy": limits.policy}[
            kind
        ]
        used = Money(book.get(key, 0))
        if allowed is not None and used + amount > allowed:
            broken.append(Excess(kind, key, allowed, used, amount))
    return tuple(broken)


def taken(book: Mapping[str, int], counted: Iterable[str], amount: Money) -> dict[str, int]:
    """The book with `amount` more under each key."""
    _check(amount)
    after = dict(book)
    for key in counted:
        after[key] = after.get(key, 0) + amount.fen
    return after


def released(book: Mapping[str, int], counted: Iterable[str], amount: Money) -> dict[str, int]:
    """The book with `amount` less; a key that falls to zero goes, below zero is a ValueError."""
    _check(amount)
    after = dict(book)
    for key in counted:
        rest = after.get(key, 0) - amount.fen
        if rest < 0:
            raise ValueError(f"exposure under {key} would fall below zero")
        after[key] = rest
        if not rest:
            del after[key]
    return after


def _check(amount: Money) -> None:
    if amount.fen <= 0:
        raise ValueError("exposure changes by an amount above zero")
