"""Finds a secret in what a running system writes, through the disguises that data wears.

A secret is a fact (a text, looked for in four encodings), raw bytes (a key), or a letter: every
window of 32 bytes of its file and of its inflated streams that a control letter lacks. Each is
looked for in every layer of the data (layers.py): inflated, from hex and base64, unescaped, as text
of PDFs, one disguise over the other.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from hashlib import blake2b
from pathlib import Path

from tests.secrecy import layers
from tests.secrecy.layers import Way

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")

WINDOW = 32
"""Bytes of a letter that must stand nowhere."""

CHUNK = 16
"""Every window, wherever it lies, covers a whole chunk at a multiple of this."""

HEAD = 8
"""Bytes of a chunk that are looked up first, as a number."""

DULLEST = 8
"""Different bytes that a window must have: rows of zeros stand everywhere."""

SHORTEST = 6
"""Bytes of a fact; shorter ones turn up by chance."""

STREAM_DEPTH = 1
"""A letter's streams: what its file says when it is inflated once."""


@dataclass(frozen=True)
class Finding:
    """A secret where it must not be."""

    secret: str
    """Its name; the secret itself stays out of reports."""
    place: str
    way: Way
    """How it was disguised there; (): not at all."""

    def __str__(self) -> str:
        return " in ".join([self.secret, *reversed(self.way), self.place])


class Windows:
    """Of letters, less those of their controls; finds each at any offset."""

    def __init__(self) -> None:
        self._windows: set[bytes] = set()
        self._heads: set[int] = set()

    def add(self, letter: bytes, controls: Iterable[bytes]) -> int:
        """Every window that no control has; answers how many there are."""
        everywhere = [stream for control in controls for stream in streams(control)]
        known = {one for stream in everywhere for _start, one in _windows(stream)}
        for stream in streams(letter):
            self._add_stream(stream, known)
        return len(self._windows)

    def _add_stream(self, stream: bytes, known: set[bytes]) -> None:
        covered = bytearray(len(stream))
        for start, one in _windows(stream):
            if one not in known and len({*one}) >= DULLEST:
                self._windows.add(one)
                covered[start : start + WINDOW - CHUNK + 1] = b"\x01" * (WINDOW - CHUNK + 1)
        self._heads |= {
            int.from_bytes(stream[place : place + HEAD], sys.byteorder)
            for place, is_covered in enumerate(covered)
            if is_covered
        }

    def found_in(self, data: bytes) -> bool:
        whole = len(data) // CHUNK * CHUNK
        numbers = memoryview(data)[:whole].cast("Q")[:: CHUNK // HEAD]
        if self._heads.isdisjoint(numbers.tolist()):
            return False
        return any(
            data[start : start + WINDOW] in self._windows
            for place, number in enumerate(numbers)
            if number in self._heads
            for start in range(max(0, place * CHUNK - CHUNK), place * CHUNK + 1)
        )


def _windows(stream: bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(len(stream) - WINDOW + 1):
        yield start, stream[start : start + WINDOW]


FONTS = (b"\x00\x01\x00\x00", b"true", b"OTTO")
"""How font programs begin (OpenType, "Organization of an OpenType font")."""


def streams(letter: bytes) -> Iterator[bytes]:
    """The file of a letter, and each of its streams inflated, but for fonts: their glyphs stand in
    font files that everybody has."""
    for way, layer in layers.layers(letter, STREAM_DEPTH):
        if way in ((), ("zlib",)) and not layer.startswith(FONTS):
            yield layer


@dataclass
class Scanner:
    """What must stand nowhere. Data that was found clean is not looked at again."""

    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Secret → patterns of places where it may stand, since it is known there anyway."""
    _bytes: dict[str, set[bytes]] = field(default_factory=dict)
    _letters: dict[str, Windows] = field(default_factory=dict)
    _clean: set[bytes] = field(default_factory=set)
    _public: set[bytes] = field(default_factory=set)

    def add_public(self, data: bytes) -> None:
        """Everybody has this, e.g. a font: copies of it are not looked into."""
        self._public.add(_digest(data))

    def add_fact(self, name: str, *texts: str) -> None:
        """A fact of the case, in each way that it is written; without white space."""
        encoded = {text.encode(encoding) for text in texts for encoding in ENCODINGS}
        self._add(name, encoded)

    def add_bytes(self, name: str, *values: bytes) -> None:
        """Keys and digests."""
        self._add(name, set(values))

    def _add(self, name: str, values: set[bytes]) -> None:
        if any(len(value) < SHORTEST for value in values) or not values:
            raise ValueError(f"{name} is too short to be told from chance")
        self._bytes.setdefault(name, set()).update(values)
        self._clean.clear()

    def add_letter(self, name: str, letter: bytes, *controls: bytes) -> int:
        """A letter; controls: others of the same template, key and lot. Answers its windows."""
        self._clean.clear()
        return self._letters.setdefault(name, Windows()).add(letter, controls)

    def forget(self, *names: str) -> None:
        """These are no longer secret."""
        for name in names:
            self._bytes.pop(name, None)
            self._letters.pop(name, None)

    @property
    def names(self) -> set[str]:
        return {*self._bytes, *self._letters}

    def scan(self, found: Iterable[tuple[str, bytes]]) -> list[Finding]:
        """Every secret in data with the names of their places; the names are looked at, too."""
        return [
            finding
            for place, data in found
            for finding in (*self._in_name(place), *self.in_data(place, data))
        ]

    def _in_name(self, place: str) -> Iterator[Finding]:
        yield from self.in_data(f"the name {place}", place.encode(errors="surrogateescape"))

    def in_data(self, place: str, data: bytes) -> list[Finding]:
        """In one piece of data."""
        digest = _digest(data)
        if digest in self._clean or digest in self._public:
            return []
        found = {
            (name, way): Finding(name, place, way)
            for way, layer in layers.layers(data)
            for name in self._in_layer(layer)
        }
        if not found:
            self._clean.add(digest)
        return [one for one in found.values() if not self._known(one)]

    def _in_layer(self, layer: bytes) -> Iterator[str]:
        for name, values in self._bytes.items():
            if any(value in layer for value in values):
                yield name
        for name, windows in self._letters.items():
            if windows.found_in(layer):
                yield name

    def _known(self, found: Finding) -> bool:
        return any(fnmatch(found.place, one) for one in self.places.get(found.secret, ()))


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Every plain file below, and every name: (path, content). Files may go while we look."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                yield str(path), b""
                continue
            try:
                yield str(path), path.read_bytes()
            except FileNotFoundError:
                continue
