"""Incremental saving, universal forgery, and signatures replaced or taken away."""

import pytest

from signing.structure import examine
from tests.attacks.judging import failure, refused
from tests.signing import papers
from tests.signing.made import approved, document_stamped, judged, letter, signed

FORGED = papers.stream(b"BT /F1 12 Tf 72 720 Td (Guarantee 900000.00) Tj ET")
PAGE = papers.objects()[papers.PAGE]
KINDS = [
    pytest.param(letter(), id="letter"),
    pytest.param(approved(papers.paper()), id="approval"),
    pytest.param(document_stamped(approved(papers.paper())), id="approval and stamp"),
]


@pytest.mark.parametrize("pdf", KINDS)
@pytest.mark.parametrize(
    "changed",
    [
        {papers.CONTENT: FORGED},
        {papers.PAGE: PAGE.replace(b"4 0 R", b"70 0 R"), 70: FORGED},
        {papers.PAGE: PAGE.replace(b"/Contents 4 0 R", b"/Contents [4 0 R 70 0 R]"), 70: FORGED},
        {papers.PAGES: b"<< /Type /Pages /Kids [3 0 R 71 0 R] /Count 2 >>",
         71: PAGE.replace(b"4 0 R", b"70 0 R"), 70: FORGED},
        {papers.PAGES: b"<< /Type /Pages /Kids [] /Count 0 >>"},
        {papers.FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"},
        {papers.PAGE: PAGE.replace(b"595 842", b"595 10")},
        {papers.PAGE: PAGE.replace(b"/Contents", b"/Annots [70 0 R] /Contents"),
         70: b"<< /Type /Annot /Subtype /FreeText /Rect [0 0 595 842] /Contents (free) >>"},
    ],
    ids=["content", "other content", "more content", "page added", "pages removed", "font",
         "page cut", "annotation"],
)  # fmt: skip
def test_a_changed_page(pdf: bytes, changed: dict[int, bytes]) -> None:
    report = refused(papers.update(pdf, changed))
    assert report.integrity == "modified"
    assert failure(report)[0] == 3


@pytest.mark.parametrize("pdf", KINDS)
@pytest.mark.parametrize(
    "entry",
    [
        b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>",
        b"/Names << /EmbeddedFiles << /Names [] >> >>",
        b"/AA << >>",
        b"/OCProperties << >>",
        b"/ViewerPreferences << /HideToolbar true >>",
        b"/Perms << >>",
        b"/Collection << >>",
    ],
)
def test_a_changed_catalog(pdf: bytes, entry: bytes) -> None:
    catalog = examine(pdf).view.trailer["Root"].number  # type: ignore[union-attr]
    body = papers.body_of(pdf, catalog)
    refused(papers.update(pdf, {catalog: body[:-2] + entry + b">>"}))


@pytest.mark.parametrize("pdf", KINDS)
def test_objects_appended_without_a_table(pdf: bytes) -> None:
    refused(pdf + b"4 0 obj\n" + FORGED + b"\nendobj\n")
    refused(pdf + b"4 0 obj\n" + FORGED + b"\nendobj\n%%EOF\n")


@pytest.mark.parametrize("pdf", KINDS)
def test_an_empty_update_brings_bytes_of_its_own(pdf: bytes) -> None:
    report = refused(papers.update(pdf, {}, before=b"4 0 obj\n" + FORGED + b"\nendobj\n"))
    assert failure(report)[0] == 3


@pytest.mark.parametrize("pdf", KINDS)
def test_an_object_taken_away(pdf: bytes) -> None:
    refused(papers.update(pdf, {}, freed=[papers.CONTENT]))


def test_a_letter_tolerates_no_update_that_does_something() -> None:
    refused(approved(letter(), "Signature2"))
    refused(papers.update(signed(papers.paper()), {50: b"<< /Type /XObject >>", 1: b"<< >>"}))


VARIANTS = [
    b"/Contents null", b"/Contents 0", b"/Contents <>", b"/Contents <00>", b"/Contents ()",
    b"/Contents <30>", b"", b"/Contents [<00>]", b"/Contents 99 0 R",
]  # fmt: skip


@pytest.mark.parametrize("contents", VARIANTS)
@pytest.mark.parametrize("ranged", [b"keep", b"", b"/ByteRange null", b"/ByteRange [0 0 0 0]",
                                    b"/ByteRange [-1 -1 -1 -1]"])  # fmt: skip
def test_universal_forgery(contents: bytes, ranged: bytes) -> None:
    """The signature's own object written anew, with values that make readers skip the check."""
    pdf = approved(papers.paper())
    [site] = examine(pdf).sites
    start, end, covered = papers.ranges(pdf)
    if ranged == b"keep":
        ranged = b"/ByteRange [0 %d %d %d]" % (start, end, covered - end)
    forged = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached %s %s >>" % (
        ranged, contents,
    )  # fmt: skip
    refused(papers.update(pdf, {site.number: forged, papers.CONTENT: FORGED}))
    refused(papers.update(pdf, {site.number: forged}))


@pytest.mark.parametrize("kind", [b"/Type /Nothing", b"/Type /DocTimeStamp", b""])
def test_a_signature_dictionary_of_another_type(kind: bytes) -> None:
    pdf = approved(papers.paper())
    [site] = examine(pdf).sites
    body = papers.body_of(pdf, site.number).replace(b"/Type /Sig", kind)
    refused(papers.update(pdf, {site.number: body}))


def test_the_signature_s_reason_replaced() -> None:
    [site] = examine(letter()).sites
    body = papers.body_of(letter(), site.number)
    assert body.count(b"/Reason") == 1
    reason = body.replace(b"/Reason", b"/Reason (other) /Old")
    forged = papers.update(letter(), {site.number: reason})
    report = refused(forged)
    assert report.integrity == "modified"
    assert failure(report)[0] in {2, 3}


@pytest.mark.parametrize("field", [b"<< >>", b"null", b"<< /FT /Sig /T (Signature1) >>"])
def test_a_signature_taken_away(field: bytes) -> None:
    [site] = examine(letter()).sites
    assert site.field.number is not None
    report = refused(papers.update(letter(), {site.field.number: field}))
    assert failure(report) == (1, "signature_removed")
    assert report.integrity == "modified"


def test_the_form_taken_away() -> None:
    report = refused(papers.update(letter(), {1: b"<< /Type /Catalog /Pages 2 0 R >>"}))
    assert failure(report) == (1, "signature_removed")


def test_a_second_signature_does_not_cover_up_what_came_between() -> None:
    changed = papers.update(approved(papers.paper()), {papers.CONTENT: FORGED})
    report = refused(approved(changed, "Signature2"))
    assert report.integrity == "modified"


def test_an_older_revision_alone_is_what_it_was() -> None:
    once = approved(papers.paper())
    twice = approved(once, "Signature2")
    assert twice.startswith(once)
    assert judged(twice[: len(once)]).signature == "PASSED"
    assert failure(refused(letter()[: len(papers.paper(terms=papers.TERMS_TEXT))]))[1] == "unsigned"
