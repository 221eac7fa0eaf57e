"""What ISO 19005-3 (PDF/A-3, level A) asks, as far as this project can look for itself.

No validator of the standard is at hand, so each check names the clause it looks at; a test that
passes here says that nothing in this list is wrong, not that a validator would find nothing.
"""

import io
from collections.abc import Iterator
from typing import Any

import pikepdf

_MARKERS = {"BMC", "BDC"}
_CMYK = {"k", "K"}
_SHOW = {"Tj", "TJ", "'", '"', "f", "f*", "S", "B", "Do", "sh"}


def faults(pdf: bytes) -> list[str]:
    """What is wrong, each with its clause; empty if nothing was found."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return [
            *_file(pdf, opened),
            *_colour(opened),
            *_fonts(opened),
            *_structure(opened),
            *_attachments(opened),
            *_contents(opened),
        ]


def _file(pdf: bytes, opened: pikepdf.Pdf) -> Iterator[str]:
    head = pdf.split(b"\n", 2)
    if not head[0].startswith(b"%PDF-1.") or not all(byte > 127 for byte in head[1][1:5]):
        yield "6.1.2 header"
    if "/ID" not in opened.trailer or "/Encrypt" in opened.trailer:
        yield "6.1.3 trailer"
    if not pdf.rstrip(b"\r\n").endswith(b"%%EOF"):
        yield "6.1.3 end"
    if opened.Root.keys() & {"/OpenAction", "/AA", "/AcroForm", "/JavaScript"}:
        yield "6.5 action"
    with opened.open_metadata() as metadata:
        if metadata.pdfa_status != "3A":
            yield "6.6.4 identification"


def _colour(opened: pikepdf.Pdf) -> Iterator[str]:
    intents = [one for one in opened.Root.get("/OutputIntents", []) if one.S == "/GTS_PDFA1"]
    if len(intents) != 1 or intents[0].DestOutputProfile.N != 3:
        yield "6.2.3 output intent"


def _fonts(opened: pikepdf.Pdf) -> Iterator[str]:
    for page in opened.pages:
        for font in page.Resources.Font.values():
            descriptor = font.DescendantFonts[0].FontDescriptor
            if "/FontFile2" not in descriptor:
                yield f"6.2.11.4 {font.BaseFont} is not embedded"
            if "/ToUnicode" not in font:
                yield f"6.2.11.7 {font.BaseFont} has no Unicode"
            if "/CIDToGIDMap" not in font.DescendantFonts[0]:
                yield f"6.2.11.3 {font.BaseFont} has no map of glyphs"


def _structure(opened: pikepdf.Pdf) -> Iterator[str]:
    root = opened.Root
    if not root.MarkInfo.Marked or "/Lang" not in root:
        yield "6.7.2 marked"
    for element in _elements(root.StructTreeRoot):
        if element.S == "/Figure" and not str(element.get("/Alt", "")):
            yield "6.7.3 figure without words"


def _elements(node: Any) -> Iterator[Any]:
    for child in _children(node):
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            yield from _elements(child)


def _children(node: Any) -> list[Any]:
    kids = node.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _attachments(opened: pikepdf.Pdf) -> Iterator[str]:
    associated = [one.objgen for one in opened.Root.AF]
    for name in opened.attachments:
        spec = opened.attachments[name].obj
        if spec.objgen not in associated:
            yield f"6.8 {name} is not associated"
        if not {"/F", "/UF", "/AFRelationship", "/Desc"} <= spec.keys():
            yield f"6.8 {name} is not described"
        if "/Subtype" not in spec.EF.F or "/ModDate" not in spec.EF.F.Params:
            yield f"6.8 {name} has no type or date"


def _contents(opened: pikepdf.Pdf) -> Iterator[str]:
    """Everything that is painted belongs to the structure, or is an artifact (6.7.3)."""
    for number, page in enumerate(opened.pages, 1):
        depth = 0
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator in _CMYK:
                yield f"6.2.4.3 page {number}: {operator} without an intent for CMYK"
            depth += (operator in _MARKERS) - (operator == "EMC")
            if operator in _SHOW and depth == 0:
                yield f"6.7.3 page {number}: {operator} outside of marked content"
                break
