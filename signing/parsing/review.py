"""What a review of later revisions works with, and what it finds."""

from dataclasses import dataclass, field

from signing.parsing.document import Document, View
from signing.parsing.syntax import Dictionary, Reference, Value, same


@dataclass(frozen=True, slots=True)
class Change:
    """One thing found in a later revision that the signature does not tolerate."""

    code: str
    number: int = 0
    """Object number, 0 where it is not about one object."""


@dataclass(frozen=True, slots=True)
class Lock:
    """FieldMDP (12.8.2.4): which fields a signature closes."""

    action: str = ""
    names: frozenset[str] = frozenset()

    def closes(self, path: tuple[str, ...]) -> bool:
        """Whether the field of that path may no longer be filled in."""
        named = any(".".join(path[:n]) in self.names for n in range(1, len(path) + 1))
        return self.action == "All" or (self.action != "" and named == (self.action == "Include"))


@dataclass(slots=True)
class Review:
    """One signature's revision against the newest."""

    document: Document
    old: View
    new: View
    permission: int | None
    locked: Lock
    revision: int
    found: list[Change] = field(default_factory=list)
    explained: set[int] = field(default_factory=set)
    """Objects that may have been redefined, because a role allows it and was checked."""
    widgets: set[int] = field(default_factory=set)
    """Object numbers of signature fields and widgets that later revisions added."""


def differing(old: Dictionary, new: Dictionary) -> set[str]:
    """Keys whose values are not the same in both."""
    return {key for key in old.keys() | new.keys() if not same(old.get(key), new.get(key))}


def explain(review: Review, value: Value) -> None:
    """Note that the object which `value` refers to may have been redefined."""
    if isinstance(value, Reference):
        review.explained.add(value.number)
