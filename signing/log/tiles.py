"""C2SP tlog-tiles: where hashes and entries of a log lie, as files that never change.

A tile of level L holds up to 256 hashes of subtrees of 256^L entries each; an entry bundle holds
the entries themselves. The last one of a level is partial until it is full.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from signing.log.errors import TilesBroken
from signing.log.hashing import HASH, entry_hash, perfect_root

HEIGHT = 8
WIDTH = 1 << HEIGHT
"""Hashes of a full tile."""

ENTRIES = -1
"""`Tile.level` of entry bundles."""

TOP = 63
"""Highest level that a path may name."""

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    level: int
    """0 to 63, or ENTRIES."""
    index: int
    """From 0, within the level."""
    width: int = WIDTH
    """1 to 256; less than 256: a partial tile."""

    @property
    def full(self) -> bool:
        return self.width == WIDTH

    def path(self) -> str:
        """Below the log's prefix: tile/0/x001/234, tile/entries/000.p/64."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        digits = f"{self.index:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        place = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        return f"tile/{level}/{place}" + ("" if self.full else f".p/{self.width}")

    @classmethod
    def of_path(cls, path: str) -> "Tile":
        """ValueError unless the path is exactly how `path()` writes it."""
        found = _PATH.fullmatch(path)
        if found is None:
            raise ValueError("not the path of a tile")
        level, place, width = found.groups()
        tile = cls(
            ENTRIES if level == "entries" else int(level),
            int(place.replace("x", "").replace("/", "")),
            int(width) if width else WIDTH,
        )
        if tile.path() != path or tile.level > TOP or not 1 <= tile.width <= WIDTH:
            raise ValueError("not the path of a tile")
        return tile


Read = Callable[[Tile], bytes]
"""The content of a tile: `width` hashes, or for ENTRIES a bundle of `width` entries. A source may
cut what it needs from the full tile. TilesBroken if it has neither."""


def tile_of(level: int, index: int, size: int) -> Tile:
    """The tile with hash `index` of `level` (or entry `index`) in a tree of `size` entries."""
    hashes = size >> (HEIGHT * max(level, 0))
    number = index // WIDTH
    return Tile(level, number, min(WIDTH, hashes - number * WIDTH))


def hashes_of(read: Read, level: int, start: int, count: int, size: int) -> list[bytes]:
    """Hashes `start` to `start + count` of a level; they lie in one tile."""
    tile = tile_of(level, start, size)
    content = cut(tile, read(tile))
    first = start % WIDTH
    return [content[HASH * i : HASH * (i + 1)] for i in range(first, first + count)]


def cut(tile: Tile, content: bytes) -> bytes:
    """The first `width` hashes or entries of a tile that may hold more; TilesBroken for less."""
    if tile.level == ENTRIES:
        return bundle(unbundle(content, tile)[: tile.width])
    if len(content) < HASH * tile.width or len(content) % HASH:
        raise TilesBroken(tile.path(), f"has {len(content)} bytes")
    return content[: HASH * tile.width]


def bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry with its length before it, 16 bits, big-endian."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(content: bytes, tile: Tile) -> list[bytes]:
    """The entries; TilesBroken unless there are at least `tile.width`, and nothing half."""
    entries, place = [], 0
    while place < len(content):
        length = int.from_bytes(content[place : place + 2], "big")
        entry = content[place + 2 : place + 2 + length]
        if len(entry) != length or place + 2 > len(content):
            raise TilesBroken(tile.path(), "ends within an entry")
        entries.append(entry)
        place += 2 + length
    if len(entries) < tile.width:
        raise TilesBroken(tile.path(), f"has {len(entries)} entries")
    return entries


def grown(read: Read, size: int, entries: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Every tile that is new when `entries` come after the first `size` ones, with its content.

    Lower levels come first; within a level from the left.
    """
    new_size = size + len(entries)
    if not entries:
        return
    yield from _widened(read, ENTRIES, size, new_size, [bundle([entry]) for entry in entries])
    level, fresh = 0, [entry_hash(entry) for entry in entries]
    while fresh:
        old, new = size >> (HEIGHT * level), new_size >> (HEIGHT * level)
        above = []
        for tile, content in _widened(read, level, old, new, fresh):
            yield tile, content
            if tile.full:
                above.append(perfect_root(_split(content)))
        level, fresh = level + 1, above


def _widened(
    read: Read, level: int, old: int, new: int, fresh: list[bytes]
) -> Iterator[tuple[Tile, bytes]]:
    """The tiles of one level between `old` and `new` items, the first with what it held before."""
    held = b""
    if old % WIDTH:
        begun = Tile(level, old // WIDTH, old % WIDTH)
        held = cut(begun, read(begun))
    place = old
    while place < new:
        number = place // WIDTH
        end = min((number + 1) * WIDTH, new)
        content = held + b"".join(fresh[place - old : end - old])
        yield Tile(level, number, end - number * WIDTH), content
        place, held = end, b""


def _split(content: bytes) -> list[bytes]:
    return [content[i : i + HASH] for i in range(0, len(content), HASH)]
