"""Shadow attacks (prepared before signing, shown afterwards) and attacks on certification."""

import pytest
from pyhanko.sign.fields import MDPPerm

from signing.structure import examine
from tests.attacks.judging import failure, refused
from tests.signing import papers
from tests.signing.made import approved, judged

HIDDEN = papers.stream(b"BT /F1 12 Tf 72 720 Td (Guarantee 900000.00) Tj ET")


def prepared() -> bytes:
    """A paper with a second content that no table lists, signed by somebody who did not see it."""
    plain = papers.assemble(papers.objects())
    listed = papers.assemble(papers.objects() | {6: HIDDEN})
    place = papers.place_of(listed, 6)
    assert plain[:place] == listed[:place]
    # Same bytes as `listed`, but its table says that object 6 is free.
    entry = b"%010d 00000 n " % place
    assert listed.count(entry) == 1
    return approved(listed.replace(entry, b"0000000000 00001 f "))


def test_hidden_content_brought_up_by_a_table() -> None:
    pdf = prepared()
    assert judged(pdf).signature == "PASSED"
    place = pdf.index(b"6 0 obj")
    page = papers.objects()[papers.PAGE].replace(b"/Contents 4 0 R", b"/Contents 6 0 R")
    report = refused(papers.update(pdf, {papers.PAGE: page}, places={6: place}))
    assert failure(report) == (3, "hidden_object")
    refused(papers.update(pdf, {}, places={papers.CONTENT: place}))


def test_an_object_pointed_to_the_place_of_another() -> None:
    pdf = approved(papers.assemble(papers.objects() | {6: HIDDEN.replace(b"6 0", b"4 0")}))
    refused(papers.update(pdf, {}, places={papers.CONTENT: pdf.index(b"6 0 obj")}))


def test_hide_an_overlay_taken_away() -> None:
    """The signer saw an image over the text; freeing it shows what was beneath."""
    objects = papers.objects()
    objects[6] = papers.stream(b"\xff", b"/Type /XObject /Subtype /Image /Width 1 /Height 1"
                               b" /ColorSpace /DeviceGray /BitsPerComponent 8")  # fmt: skip
    objects[papers.PAGE] = objects[papers.PAGE].replace(b"/Font", b"/XObject << /I 6 0 R >> /Font")
    pdf = approved(papers.assemble(objects))
    assert judged(pdf).signature == "PASSED"
    refused(papers.update(pdf, {}, freed=[6]))
    refused(papers.update(pdf, {6: papers.stream(b"\0")}))


def test_replace_a_prefilled_field_filled_again() -> None:
    pdf = approved(papers.paper(form=True))
    report = refused(papers.update(pdf, {papers.FILLED: papers.text_field(b"Amount", b"9.00")}))
    assert failure(report)[0] == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/Rect [72 600 300 620]", b"/Rect [0 0 595 842]"),
        (b"/FT /Tx", b"/FT /Btn"),
        (b"/T (Remark)", b"/T (Remark2)"),
        (b"/P 3 0 R", b"/P 3 0 R /A << /S /JavaScript /JS (1) >>"),
    ],
)
def test_a_field_changed_otherwise_than_by_filling(old: bytes, new: bytes) -> None:
    pdf = approved(papers.paper(form=True))
    body = papers.body_of(pdf, papers.EMPTY)
    assert old in body
    refused(papers.update(pdf, {papers.EMPTY: body.replace(old, new)}))


def test_hide_and_replace_through_the_catalog() -> None:
    """A second page tree lies ready in the signed part; the catalog is turned to it."""
    objects = papers.objects()
    objects |= {
        6: HIDDEN,
        7: objects[papers.PAGE].replace(b"4 0 R", b"6 0 R").replace(b"2 0 R", b"8 0 R"),
        8: b"<< /Type /Pages /Kids [7 0 R] /Count 1 >>",
    }
    pdf = approved(papers.assemble(objects))
    assert judged(pdf).signature == "PASSED"
    catalog = papers.body_of(pdf, papers.CATALOG)
    refused(papers.update(pdf, {papers.CATALOG: catalog.replace(b"2 0 R", b"8 0 R")}))
    again = catalog.replace(b"/Pages 2 0 R", b"/Pages 8 0 R")
    refused(papers.update(pdf, {20: again}, entries=b"/Root 20 0 R"))


def test_another_root_in_the_trailer() -> None:
    pdf = approved(papers.paper())
    forged = papers.update(pdf, {20: papers.body_of(pdf, papers.CATALOG)})
    refused(forged.replace(b"/Root 1 0 R /Prev", b"/Root 20 0 R /Prev"))


def widget(box: bytes, more: bytes = b"") -> bytes:
    return (
        b"<< /FT /Sig /T (Sneaky) /Type /Annot /Subtype /Widget /P 3 0 R /Rect %s"
        b" /AP << /N 70 0 R >> %s >>" % (box, more)
    )


def with_field(pdf: bytes, field: bytes) -> bytes:
    """The file with one more signature field and its appearance."""
    page = papers.body_of(pdf, papers.PAGE)
    [site] = examine(pdf).sites
    number = site.field.number
    form = examine(pdf).view.catalog["AcroForm"].number  # type: ignore[union-attr]
    old = b"%d 0 R" % number
    fields = papers.body_of(pdf, form)
    assert old in fields and old in page
    return papers.update(
        pdf,
        {
            papers.PAGE: page.replace(old, old + b" 71 0 R"),
            form: fields.replace(old, old + b" 71 0 R"),
            70: papers.stream(b"1 g 0 0 595 842 re f", b"/Type /XObject /Subtype /Form"
                              b" /BBox [0 0 595 842]"),
            71: field,
        },
    )  # fmt: skip


@pytest.mark.parametrize("permission", [MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE])
def test_sneaky_signature_field_over_a_certified_page(permission: MDPPerm) -> None:
    pdf = approved(papers.paper(), permission=permission)
    assert judged(pdf).signature == "PASSED"
    report = refused(with_field(pdf, widget(b"[0 0 595 842]")))
    assert failure(report)[0] == 3
    refused(with_field(pdf, widget(b"[100 700 300 740]")))


def test_a_field_over_the_page_of_an_approved_file() -> None:
    pdf = approved(papers.paper())
    report = refused(with_field(pdf, widget(b"[0 0 595 842]")))
    assert failure(report) == (3, "field_over_page")
    small = judged(with_field(pdf, widget(b"[400 50 500 90]")))
    assert small.integrity == "intact"


@pytest.mark.parametrize("permission", [None, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE])
@pytest.mark.parametrize(
    "annotation", [b"/FreeText", b"/Stamp", b"/Redact", b"/Link", b"/Widget", b"/Text"]
)
def test_evil_annotations(permission: MDPPerm | None, annotation: bytes) -> None:
    """Even where the certification allows annotations: a letter with something laid over it."""
    pdf = approved(papers.paper(), permission=permission)
    page = papers.body_of(pdf, papers.PAGE).replace(b"/Annots [", b"/Annots [70 0 R ")
    note = (
        b"<< /Type /Annot /Subtype %s /Rect [72 700 400 740] /Contents (900000.00) >>" % annotation
    )
    assert b"70 0 R" in page
    refused(papers.update(pdf, {papers.PAGE: page, 70: note}))


@pytest.mark.parametrize("permission", [MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS])
def test_form_filling_after_certification(permission: MDPPerm) -> None:
    pdf = approved(papers.paper(form=True), permission=permission)
    filled = papers.update(pdf, {papers.EMPTY: papers.text_field(b"Remark", b"ok")})
    assert judged(filled).integrity == (
        "modified" if permission == MDPPerm.NO_CHANGES else "intact"
    )
