"""Byte ranges that do not cover what they seem to: wrapping, overlaps, ranges of other kinds."""

import re

import pytest

from signing.structure import examine
from tests.attacks.judging import failure, refused
from tests.signing import papers
from tests.signing.made import approved, judged, letter, signed

RANGE = re.compile(rb"/ByteRange \[[^\]]*\] *")


def with_range(pdf: bytes, value: bytes) -> bytes:
    """The file with another /ByteRange of the same length in bytes."""
    [old] = RANGE.findall(pdf)
    new = (b"/ByteRange " + value).ljust(len(old))
    assert len(new) == len(old)
    return pdf.replace(old, new)


@pytest.mark.parametrize(
    "change",
    [
        "[0 {0} {1} {2} 0]",
        "[0 {0} {1}]",
        "[]",
        "[1 {0} {1} {2}]",
        "[0 {0} {1} -{2}]",
        "[0 -{0} {1} {2}]",
        "[0 {0} {0} {2}]",
        "[0 {1} {0} {2}]",
        "[0 {0} {1} {2}0]",
        "[0 {0} {1} {2}.0]",
        "[0 {0} {1} ({2})]",
        "[0 {0} {1} true]",
        "[/0 {0} {1} {2}]",
        "[0 0 {1} {2}]",
        "[0 {0} 99999999999 1]",
        "null",
        "({0})",
    ],
)
def test_other_ranges(change: str) -> None:
    start, end, covered = papers.ranges(letter())
    value = change.format(start, end, covered - end).encode()
    report = refused(with_range(letter(), value))
    assert failure(report)[0] == 2


@pytest.mark.parametrize(("first", "second"), [(-2, 0), (0, 2), (-7, 7), (2, -2), (0, 400)])
def test_a_gap_other_than_the_value(first: int, second: int) -> None:
    start, end, covered = papers.ranges(letter())
    value = b"[0 %d %d %d]" % (start + first, end + second, covered - end - second)
    refused(with_range(letter(), value))


def wrapped(pdf: bytes) -> bytes:
    """Signature wrapping: the signed end moves back, and what is shown lies between.

    The bytes that were signed are all there and give the signed digest; the table that the signed
    `startxref` points to is now the forger's.
    """
    start, end, _ = papers.ranges(pdf)
    table, tail = papers.last_xref(pdf), pdf[end:]
    value = pdf[start:end]
    [site] = examine(pdf).sites
    size = papers.last_size(pdf)
    body = bytearray(pdf[:start] + value)
    places = {}
    forged = papers.stream(b"BT /F1 12 Tf 72 720 Td (Guarantee 900000.00) Tj ET")
    behind = table + 6000
    objects = {
        papers.CONTENT: forged,
        site.number: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached"
        b" /ByteRange [0 %d %d %d] /Contents %s >>" % (start, behind, len(tail), value),
    }
    for number, content in objects.items():
        if len(body) + len(content) > table:
            continue
        places[number] = len(body) + 1
        body += b"\n%d 0 obj\n%s\nendobj\n" % (number, content)
    body = body.ljust(table)
    late = table + 2000
    for number, content in objects.items():
        if number not in places:
            places[number] = late
            late += len(content) + 64
    entries = examine(pdf).view.entries
    lines = b"".join(
        b"%d 1\n%010d 00000 n \n" % (number, places.get(number, entries[number].first))
        for number in sorted(entries)
        if entries[number].kind == 1
    )
    body += b"xref\n" + lines + b"trailer\n<< /Size %d /Root 1 0 R >>\n" % size
    body += b"startxref\n%d\n%%%%EOF\n" % table
    for number, place in sorted(places.items(), key=lambda item: item[1]):
        if place > table:
            body = body.ljust(place)
            body += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    if len(body) > behind:
        body = bytearray(
            bytes(body).replace(
                b"%d %d %d]" % (start, behind, len(tail)),
                b"%d %d %d]" % (start, len(body), len(tail)),
            )
        )
        behind = len(body)
    return bytes(body.ljust(behind)) + tail


@pytest.mark.parametrize("pdf", [approved(papers.paper()), signed(papers.paper())])
def test_signature_wrapping(pdf: bytes) -> None:
    forged = wrapped(pdf)
    assert b"900000.00" in forged
    report = refused(forged)
    assert failure(report)[0] in {1, 2}


@pytest.mark.parametrize(
    "tail",
    [b"\n", b" ", b"\0", b"%", b"%%EOF", b"\n%%EOF\n", b"startxref\n0\n%%EOF\n", b"x" * 5000],
)
def test_bytes_after_the_end(tail: bytes) -> None:
    for pdf in (letter(), approved(papers.paper())):
        assert judged(pdf).signature == "PASSED"
        refused(pdf + tail)


@pytest.mark.parametrize("cut", [1, 2, 6, 100, 5000])
def test_bytes_missing_at_the_end(cut: int) -> None:
    refused(letter()[:-cut])


@pytest.mark.parametrize("head", [b"\n", b"%PDF-1.4\n", b"GIF89a"])
def test_bytes_before_the_beginning(head: bytes) -> None:
    refused(head + letter())


def test_one_signature_shown_twice() -> None:
    once = approved(papers.paper())
    [site] = examine(once).sites
    form = examine(once).view.catalog["AcroForm"].number  # type: ignore[union-attr]
    fields = papers.body_of(once, form)
    old = b"%d 0 R" % site.field.number
    copy = b"<< /FT /Sig /T (Copy) /V %d 0 R /Subtype /Widget /Rect [0 0 0 0] >>" % site.number
    twice = papers.update(once, {90: copy, form: fields.replace(old, old + b" 90 0 R")})
    assert failure(refused(twice)) == (2, "shared")
