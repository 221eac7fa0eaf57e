"""Keyset pages: a cursor names the last row seen, so a page costs the same wherever it is."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

from flask import request

T = TypeVar("T")

LONGEST_CURSOR = 512
"""Characters; a key is a few short values, anything longer was not made here."""

LARGEST_PART = 2**63 - 1

PAGE_SIZE = 20
"""Rows of a list page unless the view says otherwise."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: the sort key of the row next to it, outside it."""

    direction: Literal["after", "before"]
    key: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list in display order."""

    items: Sequence[T]
    first: tuple[str | int, ...] | None = None
    """Sort key of the first row if rows come before it."""
    last: tuple[str | int, ...] | None = None
    """Sort key of the last row if rows come after it."""

    @property
    def previous_url(self) -> str | None:
        return _neighbour("before", self.first)

    @property
    def next_url(self) -> str | None:
        return _neighbour("after", self.last)


def write_key(key: tuple[str | int, ...]) -> str:
    """A sort key as one URL-safe word."""
    packed = json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(length: int) -> Cursor | None:
    """The cursor of this request with `length` values; None for the first page or a broken one.

    A reader can write any key: queries select by actor first, so it only moves the window.
    """
    for direction in ("after", "before"):
        word = request.args.get(direction, "")
        key = _read_key(word) if word and len(word) <= LONGEST_CURSOR else None
        if key is not None and len(key) == length:
            return Cursor("after" if direction == "after" else "before", key)
    return None


def _read_key(word: str) -> tuple[str | int, ...] | None:
    try:
        key = json.loads(base64.urlsafe_b64decode(word.encode() + b"=" * (-len(word) % 4)))
    except (ValueError, RecursionError):
        return None
    return tuple(key) if isinstance(key, list) and all(map(_storable, key)) else None


def _storable(part: object) -> bool:
    """What a database could be asked for: JSON can write more."""
    if type(part) is int:
        return abs(part) <= LARGEST_PART
    if type(part) is not str or "\0" in part:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in part)


def _neighbour(direction: str, key: tuple[str | int, ...] | None) -> str | None:
    """This page's address with its filters, moved to the neighbour."""
    if key is None:
        return None
    kept = [pair for pair in request.args.items(multi=True) if pair[0] not in _CURSORS]
    return f"{quote(request.path)}?{urlencode([*kept, (direction, write_key(key))])}"


_CURSORS = frozenset({"after", "before"})
