"""PDF object syntax (ISO 32000-2, 7.2 and 7.3): bytes in, Python values out.

Only what judging a signature needs is read, and it is read strictly: whatever two viewers might
read in two ways is a `Malformed`, never a guess. Positions are byte offsets into the file.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from signing.errors import Malformed

MAX_DEPTH: Final = 64
"""Nesting of arrays and dictionaries; real files stay below 20, a bomb does not."""

WHITE: Final = b"\0\t\n\f\r "
_GAP: Final = rb"(?:[\0\t\n\f\r ]++|%[^\r\n]*+)*+"
_REGULAR: Final = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
_GAP_RE: Final = re.compile(_GAP)
_TOKEN_RE: Final = re.compile(
    _GAP + rb"(?:(?P<open><<|\[)|(?P<close>>>|\])|/(?P<name>" + _REGULAR + rb"*+)"
    rb"|(?P<text>\()|(?P<hex><)|(?P<word>" + _REGULAR + rb"++))"
)
_REFERENCE_RE: Final = re.compile(
    rb"(\d{1,10})[\0\t\n\f\r ]++(\d{1,5})[\0\t\n\f\r ]++R(?!" + _REGULAR + rb")"
)
_NUMBER_RE: Final = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)\Z")
_HEX_RE: Final = re.compile(rb"[0-9A-Fa-f\0\t\n\f\r ]*+")
_NAME_ESCAPE_RE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_ESCAPE_RE: Final = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
_ESCAPES: Final = {
    b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"",
}  # fmt: skip
_TEXT_STEP_RE: Final = re.compile(rb"[^()\\]*+")


class Name(str):
    """A PDF name without its slash, escapes (#xx) resolved, bytes as Latin-1."""

    __slots__ = ()


class Reference(NamedTuple):
    """An indirect reference `number generation R`."""

    number: int
    generation: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string object. `raw` is what stands in the file, delimiters included."""

    raw: bytes
    start: int
    """Offset of the opening delimiter."""

    @property
    def end(self) -> int:
        """Offset just after the closing delimiter."""
        return self.start + len(self.raw)

    @property
    def is_hex(self) -> bool:
        """Whether it is written as `<...>`."""
        return self.raw.startswith(b"<")

    @property
    def value(self) -> bytes:
        """The bytes it stands for (7.3.4); an odd hexadecimal digit counts as followed by 0."""
        if not self.is_hex:
            return _ESCAPE_RE.sub(_unescape, self.raw[1:-1])
        digits = self.raw[1:-1].translate(None, WHITE)
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))

    @property
    def text(self) -> str:
        """The value as text (7.9.2.2), anything that is not UTF-16 or UTF-8 as Latin-1."""
        value = self.value
        if value.startswith(b"\xfe\xff"):
            return value[2:].decode("utf-16-be", "replace")
        if value.startswith(b"\xef\xbb\xbf"):
            return value[3:].decode("utf-8", "replace")
        return value.decode("latin-1")


def _unescape(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes([int(found[1], 8) & 255])
    return _ESCAPES.get(found[2], b"" if found[2] in b"\r\n" else found[2])


class Dictionary(dict[str, "Value"]):
    """A dictionary; `duplicates` are the keys in it twice (viewers differ on which counts)."""

    __slots__ = ("duplicates",)

    def __init__(self) -> None:
        super().__init__()
        self.duplicates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream object: its dictionary and its bytes as stored (encoded, perhaps encrypted)."""

    dictionary: Dictionary
    data: bytes


Value: TypeAlias = (
    "bool | int | float | Name | Reference | Text | list[Value] | Dictionary | Stream | None"
)


def skip_gap(data: bytes, position: int) -> int:
    """Offset of the first byte at or after `position` that is neither white space nor comment."""
    found = _GAP_RE.match(data, position)
    return found.end() if found else position


def parse_value(data: bytes, position: int, depth: int = 0) -> tuple[Value, int]:
    """Read one direct object or reference. Returns it and the offset after it."""
    if depth > MAX_DEPTH:
        raise Malformed("nesting", position)
    token = _TOKEN_RE.match(data, position)
    if token is None:
        raise Malformed("token", position)
    kind = token.lastgroup
    if kind == "word":
        return _word(data, token)
    if kind == "name":
        return _name(token.group("name")), token.end()
    if kind == "open":
        read = _dictionary if token.group("open") == b"<<" else _array
        return read(data, token.end(), depth)
    if kind == "hex":
        return _hex(data, token.end() - 1)
    if kind == "text":
        return _text(data, token.end() - 1)
    raise Malformed("token", position)


def _name(raw: bytes) -> Name:
    if b"#" in raw:
        raw = _NAME_ESCAPE_RE.sub(lambda found: bytes([int(found.group(1), 16)]), raw)
    return Name(raw.decode("latin-1"))


def _word(data: bytes, token: re.Match[bytes]) -> tuple[Value, int]:
    word = token.group("word")
    if word.isdigit():
        reference = _REFERENCE_RE.match(data, token.start("word"))
        if reference:
            return Reference(int(reference[1]), int(reference[2])), reference.end()
    if word in _KEYWORDS:
        return _KEYWORDS[word], token.end()
    if not _NUMBER_RE.match(word) or len(word) > 40:
        raise Malformed("token", token.start("word"))
    return (float(word) if b"." in word else int(word)), token.end()


_KEYWORDS: Final[dict[bytes, Value]] = {b"true": True, b"false": False, b"null": None}


def _array(data: bytes, position: int, depth: int) -> tuple[list[Value], int]:
    items: list[Value] = []
    while True:
        position = skip_gap(data, position)
        if data[position : position + 1] == b"]":
            return items, position + 1
        item, position = parse_value(data, position, depth + 1)
        items.append(item)


def _dictionary(data: bytes, position: int, depth: int) -> tuple[Dictionary, int]:
    result = Dictionary()
    twice: set[str] = set()
    while True:
        position = skip_gap(data, position)
        if data[position : position + 2] == b">>":
            result.duplicates = frozenset(twice)
            return result, position + 2
        key, position = parse_value(data, position, depth + 1)
        if not isinstance(key, Name):
            raise Malformed("dictionary key", position)
        if key in result:
            twice.add(str(key))
        result[key], position = parse_value(data, position, depth + 1)


def _hex(data: bytes, start: int) -> tuple[Text, int]:
    digits = _HEX_RE.match(data, start + 1)
    end = digits.end() if digits else start + 1
    if data[end : end + 1] != b">":
        raise Malformed("hex string", end)
    return Text(data[start : end + 1], start), end + 1


def _text(data: bytes, start: int) -> tuple[Text, int]:
    position, level = start + 1, 1
    while level:
        step = _TEXT_STEP_RE.match(data, position)
        position = step.end() if step else position
        mark = data[position : position + 1]
        if not mark:
            raise Malformed("string", start)
        level += {b"(": 1, b")": -1}.get(mark, 0)
        position += 2 if mark == b"\\" else 1
    return Text(data[start:position], start), position


def same(left: Value, right: Value) -> bool:
    """Whether two values are the same PDF object, wherever in the file each stands."""
    if isinstance(left, Text) and isinstance(right, Text):
        return left.raw == right.raw
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Dictionary) and isinstance(right, Dictionary):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, Stream) and isinstance(right, Stream):
        return left.data == right.data and same(left.dictionary, right.dictionary)
    return type(left) is type(right) and left == right
