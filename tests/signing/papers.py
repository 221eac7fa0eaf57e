"""Small PDFs written by hand, and further revisions of them, as a forger would write them."""

import re
from collections.abc import Iterable, Mapping

CATALOG, PAGES, PAGE, CONTENT, FONT, TERMS, FILE, FORM, EMPTY, FILLED = range(1, 11)
WORDS = "Guarantee 100000.00"
TERMS_TEXT = b'{"number":"BH-1","issuer":{"credit_code":"911100001000012345"}}'


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object's body."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def objects(*, form: bool = False, terms: bytes | None = None) -> dict[int, bytes]:
    """A page of text; with a form of an empty and a filled field; with attached terms."""
    extra = b""
    found = {
        PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> %s >>",
        CONTENT: stream(b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % WORDS.encode()),
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    if terms is not None:
        found[TERMS] = stream(terms, b"/Type /EmbeddedFile")
        found[FILE] = b"<< /Type /Filespec /F (terms.json) /UF (terms.json) /EF << /F 6 0 R >> >>"
        extra += b" /Names << /EmbeddedFiles << /Names [(terms.json) 7 0 R] >> >>"
    if form:
        found[FORM] = b"<< /Fields [9 0 R 10 0 R] >>"
        found[EMPTY] = text_field(b"Remark", None)
        found[FILLED] = text_field(b"Amount", b"100000.00")
        extra += b" /AcroForm 8 0 R"
    found[PAGE] = found[PAGE] % (b"/Annots [9 0 R 10 0 R]" if form else b"")
    found[CATALOG] = b"<< /Type /Catalog /Pages 2 0 R%s >>" % extra
    return found


def text_field(name: bytes, value: bytes | None) -> bytes:
    """A text field merged with its widget."""
    shown = b" /V (%s)" % value if value is not None else b""
    return (
        b"<< /FT /Tx /T (%s) /Type /Annot /Subtype /Widget /Rect [72 600 300 620] /P 3 0 R%s >>"
        % (name, shown)
    )


def assemble(found: Mapping[int, bytes]) -> bytes:
    """A file of these objects with a cross-reference table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number in sorted(found):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, found[number])
    start = len(out)
    size = max(found) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        place = places.get(number)
        out += b"%010d 00000 n \n" % place if place else b"0000000000 00001 f \n"
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(out)


def paper(*, form: bool = False, terms: bytes | None = None) -> bytes:
    """An unsigned file."""
    return assemble(objects(form=form, terms=terms))


def update(
    pdf: bytes,
    changed: Mapping[int, bytes],
    *,
    freed: Iterable[int] = (),
    entries: bytes = b"",
    places: Mapping[int, int] | None = None,
    before: bytes = b"",
) -> bytes:
    """`pdf` with one more revision, as any editor that saves incrementally writes it.

    `places` lists objects at offsets that are already there; `before` are bytes that no object is.
    """
    out = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n")
    out += before
    offsets = dict(places or {})
    for number, body in changed.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    lines = [b"%d 1\n%010d 00000 n \n" % (n, offsets[n]) for n in sorted(offsets)]
    lines += [b"%d 1\n0000000000 00001 f \n" % n for n in freed]
    size = max([last_size(pdf) - 1, *offsets]) + 1
    start = len(out)
    out += b"xref\n" + b"".join(lines)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Prev %d %s >>\n" % (size, last_xref(pdf), entries)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def last_xref(pdf: bytes) -> int:
    """The offset that the last startxref gives."""
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def last_size(pdf: bytes) -> int:
    """/Size of the last trailer."""
    return int(re.findall(rb"/Size (\d+)", pdf)[-1])


def body_of(pdf: bytes, number: int) -> bytes:
    """The newest body of an object, found by its words alone."""
    found = re.findall(rb"(?:\A|\n)%d 0 obj\s*(.*?)\s*endobj" % number, pdf, re.DOTALL)
    return bytes(found[-1])


def place_of(pdf: bytes, number: int) -> int:
    """Offset of the newest object of that number."""
    return [match.start(1) for match in re.finditer(rb"(?:\A|\n)(%d 0 obj)" % number, pdf)][-1]


def ranges(pdf: bytes) -> tuple[int, int, int]:
    """Start and end of the last signature's gap, and the end of what it covers."""
    first, second, length = map(
        int, re.findall(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)", pdf)[-1]
    )
    return first, second, second + length


def signature_value(pdf: bytes) -> bytes:
    """The last signature's value with its padding."""
    start, end, _ = ranges(pdf)
    return bytes.fromhex(pdf[start + 1 : end - 1].decode())


def with_value(pdf: bytes, value: bytes) -> bytes:
    """The file with another signature value, padded as before."""
    start, end, _ = ranges(pdf)
    digits = value.hex().encode().ljust(end - start - 2, b"0")
    return pdf[: start + 1] + digits + pdf[end - 1 :]
