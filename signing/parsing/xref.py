"""Cross-reference sections (ISO 32000-2, 7.5.4 to 7.5.8): the revisions of a file, oldest first.

A reader that repairs what is broken shows something other than what was signed; so nothing is
repaired. Every section must be reached by /Prev, be followed by its own `startxref` and `%%EOF`,
and lie where it says.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from signing.errors import LimitExceeded, Malformed
from signing.parsing.filters import decode
from signing.parsing.syntax import Dictionary, Name, Stream, Value, parse_value, skip_gap

MAX_SECTIONS: Final = 256
"""Revisions that a file may have; a case of ours has one or two."""
MAX_OBJECTS: Final = 500_000
"""Objects that a file may list in all."""

FREE: Final = 0
IN_FILE: Final = 1
IN_STREAM: Final = 2

_EOL: Final = (b"\r\n", b"\n", b"\r", b"")
_TAIL_RE: Final = re.compile(rb"startxref[\0\t\n\f\r ]+(\d{1,10})[\0\t\n\f\r ]+%%EOF")
_SUBSECTION_RE: Final = re.compile(rb"[\0\t\n\f\r ]*(\d{1,10}) +(\d{1,7})[\t ]*[\r\n]+")
_ENTRY_RE: Final = re.compile(rb"[\0\t\n\f\r ]*(\d{10}) (\d{5}) ([nf])")
_OBJECT_RE: Final = re.compile(rb"[\0\t\n\f\r ]*(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+obj")
_STREAM_RE: Final = re.compile(rb"stream(?:\r\n|\n|\r)")
_ENDSTREAM_RE: Final = re.compile(rb"[\0\t\n\f\r ]*endstream")


class Entry(NamedTuple):
    """Where an object is. FREE; IN_FILE: offset, generation; IN_STREAM: object stream, index."""

    kind: int
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Section:
    """One cross-reference table or stream with its trailer."""

    offset: int
    entries: dict[int, Entry]
    trailer: Dictionary
    hybrid: bool
    """Whether it hides entries in an /XRefStm beside a table (viewers differ in reading those)."""
    end: int
    """Offset just after the `%%EOF` that closes this section."""
    startxref: int
    """What stands between the section and that `%%EOF`: its own offset, or 0 when linearized."""


@dataclass(frozen=True, slots=True)
class Revisions:
    """All sections of a file, oldest first."""

    sections: tuple[Section, ...]
    tail: bytes
    """What follows the last `%%EOF`, its end-of-line left out."""


def read_revisions(data: bytes) -> Revisions:
    """Follow the chain of /Prev from the last startxref. Raises Malformed or LimitExceeded."""
    marker = data.rfind(b"startxref")
    found = _TAIL_RE.match(data, marker) if marker >= 0 else None
    if found is None:
        raise Malformed("startxref", max(marker, 0))
    chain, offset, total = [], int(found[1]), 0
    seen: set[int] = set()
    while True:
        if offset in seen:
            raise Malformed("/Prev loop", offset)
        seen.add(offset)
        section = read_section(data, offset)
        chain.append(section)
        total += len(section.entries)
        if len(chain) > MAX_SECTIONS or total > MAX_OBJECTS:
            raise LimitExceeded("cross-reference sections or objects", MAX_OBJECTS)
        previous = section.trailer.get("Prev")
        if previous is None:
            break
        if not isinstance(previous, int):
            raise Malformed("/Prev", offset)
        offset = previous
    chain = _join_linearized(chain)
    _check_order(chain, found.end())
    tail = data[found.end() :]
    return Revisions(tuple(reversed(chain)), tail[len(end_of_line(tail)) :])


def end_of_line(data: bytes) -> bytes:
    """The end-of-line marker that `data` begins with, or nothing."""
    return next(mark for mark in _EOL if data.startswith(mark))


def _join_linearized(newest_first: list[Section]) -> list[Section]:
    """Make one section of the two that a linearized file begins with (Annex F).

    Its first-page section stands at the front, is closed by `startxref 0`, and points with /Prev to
    the main section behind it; both belong to the same revision.
    """
    if len(newest_first) < 2:
        return newest_first
    *later, front, main = newest_first
    if front.startxref != 0 or front.offset > main.offset or main.startxref != front.offset:
        return newest_first
    entries, hybrid = main.entries | front.entries, main.hybrid or front.hybrid
    joined = Section(front.offset, entries, front.trailer, hybrid, main.end, main.startxref)
    return [*later, joined]


def _check_order(newest_first: list[Section], end: int) -> None:
    """Sections must stand in the file in the order of their chain, each closed by its own mark."""
    if newest_first[0].end != end:
        raise Malformed("startxref", newest_first[0].offset)
    for newer, older in itertools.pairwise(newest_first):
        if older.end > newer.offset:
            raise Malformed("order of cross-reference sections", older.offset)
    for section in newest_first:
        if section.startxref != section.offset:
            raise Malformed("startxref", section.offset)


def read_section(data: bytes, offset: int) -> Section:
    """Read the table or stream at `offset` and the marks that close it."""
    if not 0 < offset < len(data):
        raise Malformed("cross-reference offset", offset)
    start = skip_gap(data, offset)
    if data.startswith(b"xref", start):
        entries, trailer, end, hybrid = _table(data, start + 4)
    else:
        entries, trailer, end = _stream(data, offset)
        hybrid = False
    mark = data.find(b"startxref", end)
    closed = _TAIL_RE.match(data, mark) if mark >= 0 else None
    if closed is None:
        raise Malformed("startxref", end)
    return Section(offset, entries, trailer, hybrid, closed.end(), int(closed[1]))


def _table(data: bytes, position: int) -> tuple[dict[int, Entry], Dictionary, int, bool]:
    entries: dict[int, Entry] = {}
    while subsection := _SUBSECTION_RE.match(data, position):
        first, count, position = int(subsection[1]), int(subsection[2]), subsection.end()
        if len(entries) + count > MAX_OBJECTS:
            raise LimitExceeded("objects", MAX_OBJECTS)
        for number in range(first, first + count):
            line = _ENTRY_RE.match(data, position)
            if line is None:
                raise Malformed("cross-reference entry", position)
            kind = IN_FILE if line[3] == b"n" else FREE
            entries[number] = Entry(kind, int(line[1]), int(line[2]))
            position = line.end()
    position = skip_gap(data, position)
    if not data.startswith(b"trailer", position):
        raise Malformed("trailer", position)
    trailer, position = parse_value(data, position + 7)
    if not isinstance(trailer, Dictionary):
        raise Malformed("trailer", position)
    hidden = trailer.get("XRefStm")
    if isinstance(hidden, int):
        entries = _stream(data, hidden)[0] | entries
    return entries, trailer, position, hidden is not None


def _stream(data: bytes, offset: int) -> tuple[dict[int, Entry], Dictionary, int]:
    _, value, end = read_object(data, offset)
    if not isinstance(value, Stream) or value.dictionary.get("Type") != "XRef":
        raise Malformed("cross-reference stream", offset)
    trailer = value.dictionary
    widths, size = _numbers(trailer.get("W")), trailer.get("Size")
    if len(widths) != 3 or max(widths) > 8 or not isinstance(size, int):
        raise Malformed("cross-reference stream /W", offset)
    index = _numbers(trailer["Index"]) if "Index" in trailer else [0, size]
    return _stream_entries(decode(value), widths, index, offset), trailer, end


def _stream_entries(
    rows: bytes, widths: list[int], index: list[int], offset: int
) -> dict[int, Entry]:
    entries: dict[int, Entry] = {}
    first, second, width = widths[0], widths[0] + widths[1], sum(widths)
    position = 0
    if width == 0 or len(index) % 2 or sum(index[1::2]) > min(MAX_OBJECTS, len(rows) // width):
        raise Malformed("cross-reference stream /Index", offset)
    for start, count in zip(index[::2], index[1::2], strict=True):
        for number in range(start, start + count):
            row = rows[position : position + width]
            position += width
            kind = int.from_bytes(row[:first], "big") if first else IN_FILE
            entries[number] = Entry(
                kind, int.from_bytes(row[first:second], "big"), int.from_bytes(row[second:], "big")
            )
    return entries


def _numbers(value: Value) -> list[int]:
    if not isinstance(value, list):
        raise Malformed("array of numbers")
    numbers = [item for item in value if isinstance(item, int) and item >= 0]
    if len(numbers) != len(value):
        raise Malformed("array of numbers")
    return numbers


def read_object(
    data: bytes, offset: int, resolve: Callable[[Value], Value] = lambda value: value
) -> tuple[int, Value, int]:
    """Read `n g obj … endobj` at `offset`. Returns number, value, offset after the value.

    `resolve` follows a /Length that is a reference.
    """
    head = _OBJECT_RE.match(data, offset)
    if head is None:
        raise Malformed("obj", offset)
    value, end = parse_value(data, head.end())
    if isinstance(value, Dictionary):
        begin = _STREAM_RE.match(data, skip_gap(data, end))
        if begin:
            length = resolve(value.get("Length"))
            return int(head[1]), *_stream_body(data, value, begin.end(), length)
    return int(head[1]), value, end


def _stream_body(
    data: bytes, dictionary: Dictionary, start: int, length: Value
) -> tuple[Stream, int]:
    if not isinstance(length, int) or not 0 <= length <= len(data) - start:
        raise Malformed("stream /Length", start)
    close = _ENDSTREAM_RE.match(data, start + length)
    if close is None:
        raise Malformed("endstream", start + length)
    return Stream(dictionary, data[start : start + length]), close.end()


def is_name(value: Value, text: str) -> bool:
    """Whether `value` is the name `/text`."""
    return isinstance(value, Name) and value == text
