"""The two drawings of a letter, as vectors: the institution's seal (印章) and the QR code.

A drawing is made of SVG paths with absolute M, L, C and Z only, so that the same data serve an
SVG file and, one operator for one, a PDF content stream. No state emblem is drawn.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import segno
from fontTools.misc.transform import Identity, Transform

from guarantees.letter_glyphs import Glyphs

SEAL_RED = (0.78, 0.09, 0.12)
INK = (0.0, 0.0, 0.0)

SEAL_SIZE = 1000.0
"""Units of the seal's square; 40 mm on paper."""

_RING_OUTER, _RING_INNER = 490.0, 462.0
_NAME_RADIUS = 318.0
"""From the centre to the baseline of the name."""
_NAME_SIZE = 118.0
_NAME_SPAN = 224.0
"""Degrees that a long name fills; the gap stays at the bottom."""
_NAME_STEP = 23.0
"""Degrees between characters of a short name."""
_CIRCLE = 0.5522847498
"""Control points of a quarter circle drawn as one cubic curve."""

_PDF_OPERATORS = {"M": "m", "L": "l", "C": "c", "Z": "h"}

Colour = tuple[float, float, float]
"""Red, green, blue, each 0 to 1, sRGB."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One colour, one filled path (non-zero winding), a square of `size` units, y downwards."""

    size: float
    colour: Colour
    path: str
    """SVG path data in absolute M, L, C, Z, separated by single spaces."""

    def svg(self) -> str:
        """A whole SVG document."""
        colour = "#" + "".join(f"{round(part * 255):02x}" for part in self.colour)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.size:g} {self.size:g}">'
            f'<path fill="{colour}" d="{self.path}"/></svg>'
        )

    def operators(self) -> bytes:
        """The path as PDF construction operators (ISO 32000-1, 8.5.2), without painting it."""
        out: list[str] = []
        operator = ""
        for token in self.path.split():
            if token in _PDF_OPERATORS:
                out.append(operator)
                operator = _PDF_OPERATORS[token]
            else:
                out.append(token)
        out.append(operator)
        return " ".join(filter(None, out)).encode("ascii")


def qr_code(url: str) -> Drawing:
    """The QR code of `url`, error correction M (15 %), with its quiet zone of four modules.

    Mask 2 always: every mask decodes, and choosing the best takes most of the time.
    """
    matrix = segno.make_qr(url, error="m", boost_error=False, mask=2).matrix
    runs = (
        f"M {x} {y} L {x + width} {y} L {x + width} {y + 1} L {x} {y + 1} Z"
        for y, row in enumerate(matrix, 4)
        for x, width in _runs(row)
    )
    return Drawing(size=len(matrix) + 8.0, colour=INK, path=" ".join(runs))


def _runs(row: bytearray) -> Iterator[tuple[int, int]]:
    """(first column, width) of each run of dark modules, the quiet zone counted."""
    start = None
    for column, dark in enumerate([*row, 0], 4):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            yield start, column - start
            start = None


class SealMaker:
    """Draws institutions' seals and keeps the last ones."""

    def __init__(self, glyphs: Glyphs, kept: int = 256) -> None:
        self._glyphs = glyphs
        self.draw = lru_cache(kept)(self._draw)
        """draw(name, caption, marking) -> Drawing"""

    def _draw(self, name: str, caption: str, marking: str) -> Drawing:
        """Ring, name along the arc, star, `caption` below it, `marking` (or "") under that."""
        parts = [_circle(_RING_OUTER), _circle(_RING_INNER, inward=True), _star(132.0)]
        parts += self._arc(name)
        parts += self._line(caption, size=68.0, middle=706.0 if marking else 738.0)
        parts += self._line(marking, size=68.0, middle=806.0)
        return Drawing(size=SEAL_SIZE, colour=SEAL_RED, path=" ".join(filter(None, parts)))

    def _arc(self, name: str) -> Iterator[str]:
        step = min(_NAME_STEP, _NAME_SPAN / max(len(name) - 1, 1))
        # A long name gets narrower characters, as on an engraved seal; never taller ones.
        pitch = math.radians(step) * (_NAME_RADIUS + _NAME_SIZE * 0.35)
        narrow = min(1.0, pitch * 0.94 / _NAME_SIZE)
        for index, character in enumerate(name):
            angle = math.radians(step * (index - (len(name) - 1) / 2))
            place = Identity.translate(SEAL_SIZE / 2, SEAL_SIZE / 2).rotate(angle)
            yield self._glyph(character, place.translate(0, -_NAME_RADIUS), _NAME_SIZE, narrow)

    def _line(self, text: str, *, size: float, middle: float) -> Iterator[str]:
        for index, character in enumerate(text):
            x = SEAL_SIZE / 2 + (index - (len(text) - 1) / 2) * size
            yield self._glyph(character, Identity.translate(x, middle + size * 0.38), size, 1.0)

    def _glyph(self, character: str, place: Transform, size: float, narrow: float) -> str:
        scale = size / 1000
        middle = self._glyphs.advance(character) / 2
        return self._glyphs.outline(
            character, place.scale(scale * narrow, -scale).translate(-middle, 0)
        )


def _circle(radius: float, *, inward: bool = False) -> str:
    """A circle about the seal's centre; `inward` turns the other way, which cuts a hole."""
    turn = -1 if inward else 1
    corners = [(0, -1), (turn, 0), (0, 1), (-turn, 0), (0, -1)]
    parts = [f"M {_at(0, -1, radius)}"]
    for (x0, y0), (x1, y1) in pairwise(corners):
        first = _at(x0 + x1 * _CIRCLE, y0 + y1 * _CIRCLE, radius)
        second = _at(x1 + x0 * _CIRCLE, y1 + y0 * _CIRCLE, radius)
        parts.append(f"C {first} {second} {_at(x1, y1, radius)}")
    return " ".join([*parts, "Z"])


def _star(radius: float) -> str:
    """A five-pointed star, one point up."""
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.381966
        angle = math.radians(36 * corner - 90)
        points.append(_at(math.cos(angle) * reach, math.sin(angle) * reach, 1.0))
    return "M " + " L ".join(points) + " Z"


def _at(x: float, y: float, radius: float) -> str:
    return f"{SEAL_SIZE / 2 + x * radius:.1f} {SEAL_SIZE / 2 + y * radius:.1f}"
