"""What the letter fonts can draw: which characters have a glyph, and glyphs as outlines.

Noto Serif SC (思源宋体), TrueType, in two weights; and, for rare characters in names that it lacks
(𠮷), its Japanese sister, character by character. The files lie in the fonts directory.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import uharfbuzz as hb
from fontTools.misc.transform import Transform
from fontTools.pens.basePen import BasePen
from fontTools.pens.transformPen import TransformPen

from guarantees.errors import N_, GuaranteeError

FONT_FILES = {"regular": "NotoSerifSC-Regular.ttf", "bold": "NotoSerifSC-Bold.ttf"}
"""File name by weight."""
OTHER_FILES = {"regular": "NotoSerifJP-Regular.ttf", "bold": "NotoSerifJP-Bold.ttf"}
"""Of the same design and weight, for what the first lack."""


class FontMissing(GuaranteeError):
    """A letter font is not where it should be; `path` says where."""

    code = "font_missing"
    text = N_("找不到保函字体 %(path)s，请运行 ./baohan serve 完成安装。")


class MissingGlyph(GuaranteeError):
    """A character that the letter fonts cannot draw: the letter is refused, never a box."""

    code = "missing_glyph"
    text = N_(
        "“%(field)s”中的“%(character)s”（%(codepoint)s）在保函字体中没有字形，保函无法印出这个字。"
        "请按营业执照核对，或者联系平台补充字形。"
    )

    def __init__(self, character: str, field: str) -> None:
        super().__init__(character=character, field=field, codepoint=f"U+{ord(character):04X}")
        self.character = character
        self.field = field


@dataclass(frozen=True)
class Glyphs:
    """The letter fonts of one directory, opened when first needed."""

    fonts_dir: Path

    def path(self, name: str) -> Path:
        """Where the font file `name` lies, or FontMissing."""
        path = self.fonts_dir / name
        if not path.is_file():
            raise FontMissing(path=str(path))
        return path

    def everyday(self, weight: str) -> bytes:
        """The font of `weight` with the characters of GB/T 2312 only: a fifth of the size.

        WeasyPrint copies and subsets a document's fonts whole, so a letter whose characters are
        all in here is made in half the time; others fall through to the complete font.
        """
        return _subset(self._face(FONT_FILES[weight]), _everyday_characters())

    def complete(self, weight: str) -> bytes:
        """The whole font of `weight`."""
        return self.path(FONT_FILES[weight]).read_bytes()

    def other(self, weight: str) -> bytes:
        """The Chinese characters of `weight` that the complete font lacks, from its sister."""
        return _subset(self._face(OTHER_FILES[weight]), self._others)

    @cached_property
    def characters(self) -> frozenset[int]:
        """Code points that every weight can draw."""
        return self._own | self._others

    @cached_property
    def _own(self) -> frozenset[int]:
        return self._drawn_by(FONT_FILES)

    @cached_property
    def _others(self) -> frozenset[int]:
        sister = self._drawn_by(OTHER_FILES) - self._own
        return frozenset(code for code in sister if _is_han(code))

    def _drawn_by(self, files: Mapping[str, str]) -> frozenset[int]:
        return frozenset.intersection(*(frozenset(self._face(f).unicodes) for f in files.values()))

    def check(self, fields: Iterable[tuple[str, str]]) -> None:
        """Raise MissingGlyph for the first character of (field name, text) without a glyph."""
        for field, text in fields:
            if missing := {ord(character) for character in text} - self.characters:
                first = next(character for character in text if ord(character) in missing)
                raise MissingGlyph(first, field)

    def outline(self, character: str, transform: Transform) -> str:
        """SVG path data (absolute M, L, C, Z) of a bold glyph of 1000 units to the em."""
        pen = _PathPen(None)
        font = self._bold_for(character)
        glyph = font.get_nominal_glyph(ord(character))
        font.draw_glyph_with_pen(glyph, TransformPen(pen, transform))
        return " ".join(pen.commands)

    def advance(self, character: str) -> float:
        """How wide the bold glyph is, in 1000 units to the em."""
        font = self._bold_for(character)
        return float(font.get_glyph_h_advance(font.get_nominal_glyph(ord(character))))

    def _bold_for(self, character: str) -> Any:
        return self._other_bold if ord(character) in self._others else self._bold

    @cached_property
    def _bold(self) -> Any:
        return hb.Font(self._face(FONT_FILES["bold"]))

    @cached_property
    def _other_bold(self) -> Any:
        return hb.Font(self._face(OTHER_FILES["bold"]))

    def _face(self, name: str) -> Any:
        # HarfBuzz maps the file, it does not read it.
        return hb.Face(hb.Blob.from_file_path(str(self.path(name))))


def _subset(face: Any, characters: Iterable[int]) -> bytes:
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(characters)
    wanted.flags = hb.SubsetFlags.NO_HINTING
    return bytes(hb.subset(face, wanted).blob.data)


def _is_han(code: int) -> bool:
    return unicodedata.name(chr(code), "").startswith("CJK ")


def _everyday_characters() -> set[int]:
    """ASCII and the two levels and the signs of GB/T 2312 (6,763 Chinese characters)."""
    characters = set(range(0x20, 0x7F)) | {ord(sign) for sign in "¥·—"}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            # Unassigned places decode to nothing.
            characters.update(map(ord, bytes((row, cell)).decode("gb2312", "ignore")))
    return characters


class _PathPen(BasePen):  # type: ignore[misc]  # fontTools is not typed
    """Writes an outline with cubic curves only: the part of SVG that PDF has too."""

    def __init__(self, glyphs: object) -> None:
        super().__init__(glyphs)
        self.commands: list[str] = []

    def _moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - names of fontTools
        self.commands.append(f"M {_numbers(point)}")

    def _lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - names of fontTools
        self.commands.append(f"L {_numbers(point)}")

    def _curveToOne(self, *points: tuple[float, float]) -> None:  # noqa: N802 - names of fontTools
        self.commands.append("C " + " ".join(_numbers(point) for point in points))

    def _closePath(self) -> None:  # noqa: N802 - names of fontTools
        self.commands.append("Z")

    def _endPath(self) -> None:  # noqa: N802 - names of fontTools
        self.commands.append("Z")


def _numbers(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
