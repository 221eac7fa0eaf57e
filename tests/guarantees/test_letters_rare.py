"""Rare characters in names: drawn with the right glyph, everywhere, or the letter is refused."""

import io
from functools import cache
from typing import Any

import pikepdf
import pytest
from fontTools.misc.transform import Identity
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from app.cli.places import fonts
from guarantees.letter_drawings import SealMaker
from guarantees.letter_glyphs import FONT_FILES, OTHER_FILES, Glyphs, MissingGlyph
from guarantees.values.parties import Party
from signing.certificates import issue_institution
from signing.pdf import sign_letter
from signing.structure import examine
from tests.guarantees.form_samples import form_terms
from tests.guarantees.letter_samples import letter, sample_terms, shared_press, text_of
from tests.signing.made import MADE, NOW, pki

RARE = "𬭎䶮㛃𠮷𠀋镕玥垚犇喆"
"""𠮷 and 𠀋 are in the second font only."""
BEYOND = "𫚉"
"""In neither font."""

Outline = list[tuple[str, Any]]


def drawn(pdf: bytes, characters: str) -> dict[str, set[str]]:
    """By character: the outlines that fonts in the PDF give it, each as text."""
    found: dict[str, set[str]] = {character: set() for character in characters}
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for font in _fonts(opened):
            file = TTFont(io.BytesIO(font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()))
            for glyph, character in _unicode(font).items():
                if character in found:
                    found[character].add(str(_outline(file, file.getGlyphName(glyph))))
    return found


def _fonts(opened: pikepdf.Pdf) -> list[Any]:
    fonts = {font.objgen: font for page in opened.pages for font in page.Resources.Font.values()}
    return list(fonts.values())


def _unicode(font: Any) -> dict[int, str]:
    """Glyph number to character, by the font's /ToUnicode."""
    found = {}
    for line in font.ToUnicode.read_bytes().decode("ascii").splitlines():
        parts = line.strip("<> ").replace("> <", " ").split()
        if len(parts) == 2 and len(parts[0]) == 4 and len(parts[1]) in (4, 8):
            glyph, text = (bytes.fromhex(part) for part in parts)
            found[int.from_bytes(glyph)] = text.decode("utf-16-be")
    return found


def _outline(file: TTFont, name: str) -> Outline:
    pen = RecordingPen()
    file.getGlyphSet()[name].draw(pen)
    return pen.value


@cache
def _source(name: str) -> tuple[TTFont, dict[int, str]]:
    file = TTFont(fonts() / name)
    return file, file.getBestCmap()


def true_outlines(character: str) -> set[str]:
    """How the fonts of the project draw it, in each weight."""
    outlines = set()
    for weight in FONT_FILES:
        for files in (FONT_FILES, OTHER_FILES):
            file, names = _source(files[weight])
            if name := names.get(ord(character)):
                outlines.add(str(_outline(file, name)))
                break
    return outlines


@pytest.mark.parametrize("template", ["bid/v1", "bid/v2"])
def test_each_is_drawn_with_its_own_glyph(template: str) -> None:
    terms = sample_terms(
        issuer=Party(f"{RARE}银行", None, "issuer"),
        applicants=(Party(f"{RARE}公司", None, "lead"),),
    )
    pdf = letter(terms, template)
    assert text_of(pdf).count(RARE) >= 3
    for character, outlines in drawn(pdf, RARE).items():
        assert outlines, f"{character} is not drawn"
        assert outlines <= true_outlines(character), f"{character} looks like another character"


def test_the_seal_draws_them_too() -> None:
    glyphs = Glyphs(fonts())
    seals = SealMaker(glyphs)
    shapes = {seals.draw(f"{one}银行", "电子保函专用章", "").path for one in RARE}
    assert len(shapes) == len(RARE)
    assert all(glyphs.outline(one, Identity) for one in RARE)
    assert all(glyphs.advance(one) == 1000 for one in RARE)


@pytest.mark.parametrize("kind", ["bid", "market_entry"])
@pytest.mark.parametrize("character", [BEYOND, "😀", "☑", "م"])
def test_what_no_font_has_is_refused_with_its_name(kind: str, character: str) -> None:
    terms = form_terms(kind, "independent", signatory=f"王{character}")
    with pytest.raises(MissingGlyph) as caught:
        letter(terms)
    assert (caught.value.field, caught.value.character) == ("授权签署人", character)
    assert f"U+{ord(character):04X}" in str(caught.value)
    with pytest.raises(MissingGlyph):
        shared_press().check(terms)


def test_the_signature_says_them_in_utf_16() -> None:
    name = "𠮷𬭎银行股份有限公司䶮㛃支行"
    key = issue_institution(pki().authority, name, "911100001000077777", MADE)
    terms = form_terms("performance", "independent", issuer=Party(name, None, "issuer"))
    reason = f"开立保函，经办人 {RARE}"
    signed = sign_letter(letter(terms), key=key, timestamper=pki().stamps, reason=reason, now=NOW)
    [site] = examine(signed).sites
    for entry, text in (("Name", name), ("Reason", reason)):
        value: Any = site.dictionary[entry]
        assert value.text == text
        assert value.value == b"\xfe\xff" + text.encode("utf-16-be")
    with pikepdf.open(io.BytesIO(signed)) as opened:
        assert str(opened.docinfo["/Author"]) == name
