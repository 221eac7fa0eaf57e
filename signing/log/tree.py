"""The tree over the tiles: roots and proofs, of the present size and of every earlier one."""

from dataclasses import dataclass

from signing.log.hashing import EMPTY_ROOT, node_hash, perfect_root
from signing.log.tiles import HEIGHT, Read, hashes_of


def _split_at(width: int) -> int:
    """The largest power of two below `width` (RFC 6962 section 2.1)."""
    return 1 << ((width - 1).bit_length() - 1)


@dataclass(frozen=True)
class Tree:
    """The first `size` entries of the log whose tiles `read` answers."""

    size: int
    read: Read

    def root(self, size: int | None = None) -> bytes:
        """Merkle tree hash of the first `size` entries, by default all; TilesBroken."""
        wanted = self.size if size is None else self._inside(size)
        return self._range(0, wanted) if wanted else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """PATH(index, D[size]) of RFC 6962 section 2.1.1: from the leaf's sibling upwards."""
        size = self.size if size is None else self._inside(size)
        if not 0 <= index < size:
            raise ValueError("no such entry")
        start, end = 0, size
        path: list[bytes] = []
        while end - start > 1:
            middle = start + _split_at(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """PROOF(old, D[size]) of RFC 6962 section 2.1.2; empty if old is 0 or the size itself."""
        size = self.size if size is None else self._inside(size)
        if not 0 <= old <= size:
            raise ValueError("no such tree")
        if old in (0, size):
            return ()
        start, end, whole = 0, size, True
        path: list[bytes] = []
        while old != end:
            middle = start + _split_at(end - start)
            if old <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._range(start, end))
        return tuple(reversed(path))

    def _inside(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ValueError("no such tree")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """Root over entries `start` to `end`, where `start` is a multiple of a power of two that
        is not less than the width, as it is in every split."""
        width = end - start
        if width & (width - 1) == 0:
            return self._perfect(start, width)
        middle = start + _split_at(width)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _perfect(self, start: int, width: int) -> bytes:
        """Of 2^k entries: a few hashes of one tile."""
        level = (width.bit_length() - 1) // HEIGHT
        unit = 1 << (HEIGHT * level)
        return perfect_root(hashes_of(self.read, level, start // unit, width // unit, self.size))
