"""Files that are meant to hang, crash or fill whoever reads them."""

import time
import zlib
from collections.abc import Iterator

import pytest

from signing.report import Integrity, Result
from signing.worker import Pool
from tests.signing import papers
from tests.signing.made import LATER, letter, pki

LIMIT = 8.0
"""Seconds for one file on a busy machine; alone it takes hundredths."""


def flate(data: bytes, entries: bytes = b"") -> bytes:
    return papers.stream(zlib.compress(data, 9), b"/Filter /FlateDecode " + entries)


def with_form(form: bytes, more: dict[int, bytes] | None = None) -> bytes:
    found = papers.objects() | {20: form} | (more or {})
    found[1] = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 20 0 R >>"
    return papers.assemble(found)


def table_stream(rows: bytes, entries: bytes) -> bytes:
    """A file whose only table is a stream."""
    head = b"%PDF-1.7\n"
    body = flate(rows, b"/Type /XRef " + entries)
    return head + b"1 0 obj\n" + body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


def looped(offset: int) -> bytes:
    pdf = papers.paper()
    return papers.update(pdf, {}).replace(b"/Prev %d" % papers.last_xref(pdf), b"/Prev %d" % offset)


DEEP = 100_000
BOMBS = {
    "arrays": with_form(b"[" * DEEP + b"]" * DEEP),
    "dictionaries": with_form(b"<</A" * DEEP),
    "strings": with_form(b"(" * DEEP),
    "comments": with_form(b"%" * DEEP + b"\n<< >>"),
    "white space": with_form(b" " * 5_000_000 + b"<< >>"),
    "names": with_form(b"/" * DEEP),
    "numbers": with_form(b"<< /A " + b"9" * DEEP + b" >>"),
    "digits": with_form(b"<< /A " + b"1 " * DEEP + b" >>"),
    "fields of themselves": with_form(b"<< /Fields [21 0 R] >>", {
        21: b"<< /T (a) /Kids [21 0 R] >>"}),
    "fields in a ring": with_form(b"<< /Fields [21 0 R] >>", {
        21: b"<< /T (a) /Kids [22 0 R] >>", 22: b"<< /T (b) /Kids [21 0 R] >>"}),
    "references in a ring": with_form(b"21 0 R", {21: b"22 0 R", 22: b"21 0 R"}),
    "a form of itself": with_form(b"20 0 R"),
    "many fields": with_form(b"<< /Fields [%s] >>" % (b"<< /T (a) /FT /Tx >> " * 60_000)),
    "a table of itself": looped(papers.last_xref(papers.update(papers.paper(), {}))),
    "a table nowhere": looped(9_999_999_999),
    "a table in the text": looped(20),
    "many tables": None,
    "a table of millions": table_stream(bytes(7) * 3_000_000, b"/W [1 4 2] /Size 3000000"),
    "a table that says millions": table_stream(b"", b"/W [1 4 2] /Size 2000000000"),
    "a table of no width": table_stream(bytes(70), b"/W [0 0 0] /Size 2000000000"),
    "a table of great width": table_stream(bytes(70), b"/W [99999999 1 1] /Size 1"),
    "a table that swells": table_stream(bytes(200 << 20), b"/W [1 4 2] /Size 4"),
    "startxref": b"%PDF-1.7\n" + b"startxref\n" * DEEP,
    "end of file": b"%PDF-1.7\n" + b"startxref\n0\n%%EOF\n" * DEEP,
    "objects": b"%PDF-1.7\n" + b"1 0 obj\n" * DEEP,
    "value": None,
}  # fmt: skip


def many_tables() -> bytes:
    pdf = papers.paper()
    for _ in range(400):
        pdf = papers.update(pdf, {})
    return pdf


def deep_value() -> bytes:
    """A letter whose signature value is nested without end."""
    start, end, _ = papers.ranges(letter())
    room = (end - start - 2) // 2
    return papers.with_value(letter(), b"\x30\x80" * (room // 2))


BOMBS |= {"many tables": many_tables(), "value": deep_value()}


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(workers=1, seconds=LIMIT) as made:
        made.warm()
        yield made


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(pool: Pool, name: str) -> None:
    started = time.monotonic()
    report = pool.verify(BOMBS[name], trust=pki().trust, at=LATER)  # type: ignore[arg-type]
    assert time.monotonic() - started < LIMIT
    assert report.signature in {Result.FAILED, Result.INDETERMINATE}
    assert report.integrity not in {Integrity.INTACT, None}
    assert report.steps[0].code not in {"worker_timeout", "worker_died"}, "stopped by force"


def test_after_all_of_them_the_worker_still_serves(pool: Pool) -> None:
    report = pool.verify(letter(), trust=pki().trust, at=LATER)
    assert report.signature == Result.PASSED
