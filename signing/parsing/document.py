"""A file as it stood at one of its revisions: objects by number, references followed."""

import re
from collections.abc import Callable
from typing import Final

from signing.errors import LimitExceeded, Malformed, Unreadable
from signing.parsing.filters import decode
from signing.parsing.syntax import Dictionary, Reference, Stream, Value, parse_value
from signing.parsing.xref import FREE, IN_FILE, IN_STREAM, Entry, Revisions, read_object

MAX_DECODED: Final = 128 * 1024 * 1024
"""Bytes that all object streams of a file may have together when decoded."""
_MAX_CHAIN: Final = 16
"""References to references to …; PDF knows no use for more than one."""
_HEAD_RE: Final = re.compile(rb"[\0\t\n\f\r ]*(\d{1,10})[\0\t\n\f\r ]+(\d{1,10})")

OpenStream = Callable[[int], bytes]
"""Gives the decoded bytes of an object stream by number; for encrypted files only."""


class Document:
    """A file with its revisions; objects are read once and kept by where they stand."""

    def __init__(
        self, data: bytes, revisions: Revisions, open_stream: OpenStream | None = None
    ) -> None:
        self.data = data
        self.sections = revisions.sections
        self.tail = revisions.tail
        self._open_stream = open_stream
        self._values: dict[int, tuple[int, Value, int]] = {}
        self._streams: dict[int, _Packed] = {}
        self._budget = MAX_DECODED
        self._views: dict[int, View] = {}

    @property
    def encrypted(self) -> bool:
        """Whether streams and strings are encrypted."""
        return "Encrypt" in self.sections[-1].trailer

    def view(self, revision: int) -> "View":
        """The file as of `revision` (index into sections)."""
        if revision not in self._views:
            entries: dict[int, Entry] = {}
            for section in self.sections[: revision + 1]:
                entries |= section.entries
            self._views[revision] = View(self, entries, self.sections[revision].trailer)
        return self._views[revision]

    def read(self, offset: int, view: "View") -> tuple[int, Value, int]:
        """Number, value and end of the object at `offset`."""
        if offset not in self._values:
            self._values[offset] = read_object(self.data, offset, view.follow)
        return self._values[offset]

    def read_compressed(self, number: int, index: int, wanted: int, view: "View") -> Value:
        """Object `wanted`, the one at `index` of object stream `number` (7.5.7)."""
        entry = view.entries.get(number)
        if entry is None or entry.kind != IN_FILE:
            raise Malformed("object stream")
        if entry.first not in self._streams:
            self._streams[entry.first] = self._unpack(number, entry.first, view)
        return self._streams[entry.first].value(index, wanted)

    def _unpack(self, number: int, offset: int, view: "View") -> "_Packed":
        """The object stream at `offset`."""
        found, stream, _ = self.read(offset, view)
        if found != number or not isinstance(stream, Stream):
            raise Malformed("object stream", offset)
        if not self.encrypted:
            data = decode(stream)
        elif self._open_stream:
            data = self._open_stream(number)
        else:
            raise Unreadable("encrypted object stream")
        self._budget -= len(data)
        if self._budget < 0:
            raise LimitExceeded("object streams", MAX_DECODED)
        return _Packed(data, _heads(data, stream.dictionary, offset), offset)


class _Packed:
    """An object stream, decoded; its objects are read when they are asked for."""

    def __init__(self, data: bytes, heads: list[tuple[int, int]], offset: int) -> None:
        self._data = data
        self._heads = heads
        self._offset = offset
        self._values: dict[int, Value] = {}

    def value(self, index: int, wanted: int) -> Value:
        """The object at `index`, whose number must be `wanted`. Raises Malformed."""
        if not index < len(self._heads) or self._heads[index][0] != wanted:
            raise Malformed("object stream index", self._offset)
        if index not in self._values:
            self._values[index] = parse_value(self._data, self._heads[index][1])[0]
        return self._values[index]


def _heads(data: bytes, dictionary: Dictionary, offset: int) -> list[tuple[int, int]]:
    """Number and place of each object in an object stream."""
    count, first = dictionary.get("N"), dictionary.get("First")
    if not isinstance(count, int) or not isinstance(first, int) or not 0 <= count <= len(data):
        raise Malformed("object stream /N", offset)
    heads, position = [], 0
    for _ in range(count):
        found = _HEAD_RE.match(data, position)
        if found is None:
            raise Malformed("object stream head", offset)
        heads.append((int(found[1]), first + int(found[2])))
        position = found.end()
    return heads


class View:
    """The objects that are in force at one revision."""

    def __init__(self, document: Document, entries: dict[int, Entry], trailer: Dictionary) -> None:
        self.document = document
        self.entries = entries
        self.trailer = trailer

    def object(self, number: int) -> Value:
        """The object of that number; a free or missing one is null (7.3.10). Raises Malformed."""
        entry = self.entries.get(number)
        if entry is None or entry.kind == FREE:
            return None
        if entry.kind == IN_STREAM:
            return self.document.read_compressed(entry.first, entry.second, number, self)
        if entry.kind != IN_FILE:
            return None
        found, value, _ = self.document.read(entry.first, self)
        if found != number:
            raise Malformed("object number", entry.first)
        return value

    def follow(self, value: Value) -> Value:
        """`value`, or what it refers to."""
        for _ in range(_MAX_CHAIN):
            if not isinstance(value, Reference):
                return value
            value = self.object(value.number)
        raise Malformed("chain of references")

    def dictionary(self, value: Value) -> Dictionary:
        """The dictionary that `value` is or refers to (an empty one if it is something else)."""
        value = self.follow(value)
        if isinstance(value, Stream):
            return value.dictionary
        return value if isinstance(value, Dictionary) else Dictionary()

    def array(self, value: Value) -> list[Value]:
        """The array that `value` is or refers to (an empty one if it is something else)."""
        value = self.follow(value)
        return value if isinstance(value, list) else []

    @property
    def catalog(self) -> Dictionary:
        """The document catalog. Raises Malformed without one."""
        root = self.follow(self.trailer.get("Root"))
        if not isinstance(root, Dictionary):
            raise Malformed("/Root")
        return root
