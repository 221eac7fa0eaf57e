"""Our own reader: values, tables, streams, and agreement with those of others."""

import io
import zlib

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from weasyprint import HTML

from signing.errors import LimitExceeded, Malformed, Unreadable
from signing.parsing.der import measure
from signing.parsing.document import Document
from signing.parsing.filters import decode
from signing.parsing.syntax import (
    Dictionary,
    Name,
    Reference,
    Stream,
    Text,
    Value,
    parse_value,
    same,
)
from signing.parsing.xref import read_revisions
from signing.report import Result
from signing.structure import examine
from tests.signing import papers
from tests.signing.made import judged, letter, signed

NAMES = st.text("ABCabc123", min_size=1, max_size=8)
WRITTEN = st.recursive(
    st.one_of(
        st.sampled_from([b"null", b"true", b"false", b"0", b"-7", b"+3", b"1.5", b".5", b"4 0 R"]),
        st.integers(-(10**9), 10**9).map(b"%d".__mod__),
        NAMES.map(lambda name: b"/" + name.encode()),
        st.binary(max_size=12).map(lambda data: b"<" + data.hex().encode() + b">"),
        st.text("ab ()", max_size=12).map(
            lambda text: b"(" + text.replace("(", "\\(").replace(")", "\\)").encode() + b")"
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: b"[ " + b" ".join(items) + b" ]"),
        st.dictionaries(NAMES, inner, max_size=4).map(
            lambda items: (
                b"<<"
                + b" ".join(b"/" + key.encode() + b" " + value for key, value in items.items())
                + b">>"
            )
        ),
    ),
    max_leaves=12,
)


@given(WRITTEN)
def test_values_are_read_to_their_end(written: bytes) -> None:
    value, end = parse_value(b"  % comment\n" + written + b" /Next", 0)
    assert end == len(b"  % comment\n" + written)
    again, _ = parse_value(written.replace(b" ", b"\n") if b"(" not in written else written, 0)
    assert same(value, again)


@given(st.binary(max_size=60))
def test_anything_is_a_value_or_malformed(data: bytes) -> None:
    try:
        _, end = parse_value(data, 0)
    except Malformed:
        return
    assert 0 < end <= len(data)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"12 0 R", Reference(12, 0)),
        (b"12 0 Rx", 12),
        (b"/A#42#20c", Name("AB c")),
        (b"/", Name("")),
        (b"-.5", -0.5),
        (b"true", True),
    ],
)
def test_single_values(written: bytes, value: Value) -> None:
    assert parse_value(written, 0)[0] == value


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"(a\\(b\\)c)", "a(b)c"),
        (b"(a(b)c)", "a(b)c"),
        (b"(\\101\\7\\r)", "A\x07\r"),
        (b"(a\\\nb\\\r\nc)", "abc"),
        (b"<48 65 6>", "He`"),
        (b"<FEFF4FDD51FD>", "保函"),
        (b"(\xef\xbb\xbf\xe4\xbf\x9d)", "保"),
        (b"<>", ""),
    ],
)
def test_strings(written: bytes, text: str) -> None:
    found, end = parse_value(written, 0)
    assert isinstance(found, Text)
    assert (found.text, end) == (text, len(written))


@pytest.mark.parametrize(
    "written",
    [b"<< /A >>", b"<< 1 2 >>", b"[1 2", b"(a", b"<4G>", b"}", b"nil", b"1..2", b"--1", b""],
)
def test_what_is_no_value(written: bytes) -> None:
    with pytest.raises(Malformed):
        parse_value(written, 0)


def test_keys_that_stand_twice_are_noted() -> None:
    found, _ = parse_value(b"<< /A 1 /B 2 /A 3 >>", 0)
    assert isinstance(found, Dictionary)
    assert found.duplicates == {"A"}


@given(st.binary(max_size=300), st.integers(1, 5), st.sampled_from([10, 12, 15]))
def test_predictors(data: bytes, columns: int, predictor: int) -> None:
    rows = [data[i : i + columns].ljust(columns, b"\0") for i in range(0, len(data), columns)]
    above, encoded = bytes(columns), bytearray()
    for row in rows:
        encoded += b"\x02" + bytes((a - b) & 255 for a, b in zip(row, above, strict=True))
        above = row
    entries, _ = parse_value(
        b"<< /Filter /FlateDecode /DecodeParms << /Predictor %d /Columns %d >> >>"
        % (predictor, columns), 0,
    )  # fmt: skip
    assert isinstance(entries, Dictionary)
    assert decode(Stream(entries, zlib.compress(bytes(encoded)))) == b"".join(rows)


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        (b"/Filter /LZWDecode", Unreadable),
        (b"/Filter /NoDecode", Malformed),
        (b"/Filter 7", Malformed),
        (b"/Filter /FlateDecode /DecodeParms << /Predictor 2 >>", Malformed),
        (b"/Filter [/FlateDecode] /DecodeParms [null null]", Malformed),
    ],
)
def test_filters_that_cannot_be_undone(entries: bytes, error: type[Exception]) -> None:
    dictionary, _ = parse_value(b"<< %s >>" % entries, 0)
    assert isinstance(dictionary, Dictionary)
    with pytest.raises(error):
        decode(Stream(dictionary, zlib.compress(b"data")))


def test_a_stream_that_swells_stops_at_its_limit() -> None:
    dictionary, _ = parse_value(b"<< /Filter /FlateDecode >>", 0)
    assert isinstance(dictionary, Dictionary)
    with pytest.raises(LimitExceeded):
        decode(Stream(dictionary, zlib.compress(bytes(10_000_000))), 1_000_000)


ASN1 = st.recursive(
    st.one_of(
        st.integers().map(core.Integer),
        st.binary(max_size=9).map(core.OctetString),
        st.booleans().map(core.Boolean),
        st.just(core.Null()),
        st.just(core.ObjectIdentifier("1.2.840.113549.1.7.2")),
    ).map(lambda value: value.dump()),
    lambda inner: st.lists(inner, max_size=4).map(
        lambda items: core.SequenceOf([core.Any.load(item) for item in items], spec=core.Any).dump()
        if items else b"\x30\x00"
    ),
    max_leaves=10,
)  # fmt: skip


@given(ASN1, st.binary(max_size=9))
def test_der_is_measured(der: bytes, rest: bytes) -> None:
    if der != b"\x30\x00":
        assert measure(der + rest) == len(der)


@pytest.mark.parametrize(
    "der",
    ["0200", "02020001", "0202ff80", "0101", "010200ff", "050100", "0600", "0601ff", "06028001",
     "30020201", "3080020101", "0480", "3085", "", "30", "3003020101ff"[:8], "1f8181"],
)  # fmt: skip
def test_what_no_encoder_writes(der: str) -> None:
    with pytest.raises(Malformed):
        measure(bytes.fromhex(der))


def test_indefinite_lengths_end_where_they_say() -> None:
    assert measure(bytes.fromhex("3080020101308002010200000000ffff")) == 14


def other_form(pdf: bytes, *, stream_xrefs: bool) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
    writer.stream_xrefs = stream_xrefs
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("stream_xrefs", [True, False])
def test_letters_from_files_with_tables_of_both_kinds(stream_xrefs: bool) -> None:
    pdf = signed(other_form(papers.paper(terms=papers.TERMS_TEXT), stream_xrefs=stream_xrefs))
    assert (b"/XRef" in pdf) == stream_xrefs
    report = judged(pdf)
    assert (report.signature, report.terms) == (Result.PASSED, papers.TERMS_TEXT)


@pytest.mark.parametrize("options", [{}, {"pdf_variant": "pdf/ua-1"}])
def test_letters_from_the_letter_press(options: dict[str, str]) -> None:
    page = "<html lang='zh'><title>t</title><h1>Guarantee</h1><p>Text</p></html>"
    pdf = HTML(string=page).write_pdf(**options)
    assert judged(signed(bytes(pdf))).signature == Result.PASSED


@pytest.mark.parametrize("pdf", [papers.paper(form=True), letter()])
def test_both_readers_see_the_same_objects(pdf: bytes) -> None:
    document = Document(pdf, read_revisions(pdf))
    view = document.view(len(document.sections) - 1)
    other = PdfFileReader(io.BytesIO(pdf))
    assert len(document.sections) == other.xrefs.total_revisions
    for number, entry in view.entries.items():
        if entry.kind:
            value = view.object(number)
            theirs = other.get_object(_reference(number, other))
            if isinstance(value, Dictionary):
                assert {f"/{key}" for key in value} == set(theirs.keys())


def _reference(number: int, reader: PdfFileReader):  # type: ignore[no-untyped-def]
    from pyhanko.pdf_utils.generic import Reference as Theirs

    return Theirs(number, 0, reader)


def test_every_byte_of_a_letter_belongs_to_a_revision() -> None:
    structure = examine(letter())
    assert [section.end for section in structure.document.sections][-1] in {
        len(letter()), len(letter()) - 1,
    }  # fmt: skip
    assert not structure.trailing
