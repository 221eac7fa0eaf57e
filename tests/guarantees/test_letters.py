"""The bid guarantee letter, read back with other people's tools."""

import hashlib
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.cli.places import project
from guarantees.letter_fields import Numbers, letter_fields, shown_check_code
from guarantees.letters import LetterFormMissing, MissingGlyph, RenderFailed
from guarantees.tables.letter_forms import newest
from guarantees.terms_xml import agrees
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Terms
from tests.guarantees.form_samples import LONG, form_terms
from tests.guarantees.letter_samples import (
    CHECK_CODE,
    letter,
    raster,
    sample_terms,
    shared_press,
    text_of,
    verify_url,
    words_of,
)

FORMS = ("independent", "accessory")
FIRST_PAGES = {
    "independent": "ebc5cb0600d3ce476286273c0be9f87100107b48d2c3e32c3c530f5adaf4ef7b",
    "accessory": "d26b1dea673d9d96e32208ab8be22e0851c6bcf44c44412b5419afd05c51181d",
}
"""SHA-256 of what bid/v1 made of the sample terms when the first letters were issued."""
FIRST_TERMS = {
    "independent": "c5d011954750247a295c73462a8b66053b17b5b24991fe7e522c6b0c455362d7",
    "accessory": "7bfe6fb15c32cd53dba46b617644403d4b43a13176518d604d422676f34b40d7",
}
"""SHA-256 of their canonical form at that time."""


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def printed_fields(terms: Terms) -> list[str]:
    fields = letter_fields(terms, Numbers(terms.number, shown_check_code(CHECK_CODE)))
    return ["".join(text.split()) for text in fields.values()]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("members", [0, 4])
def test_two_pages(form: str, members: int) -> None:
    assert pages(letter(sample_terms(form, members))) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("members", [0, 2])
def test_every_term_can_be_read_in_order(form: str, members: int) -> None:
    terms = sample_terms(form, members)  # type: ignore[arg-type]
    text, place = text_of(letter(terms)), 0
    for field in printed_fields(terms):
        found = text.find(field, place)
        assert found >= 0, f"{field} does not come after what precedes it"
        place = found + 1


def test_the_two_forms_promise_different_things() -> None:
    independent = text_of(letter(sample_terms("independent")))
    accessory = text_of(letter(sample_terms("accessory")))
    assert "见索即付的独立保函" in independent
    assert "《见索即付保函统一规则》" in independent
    assert "连带责任保证" not in independent
    assert "我方承担连带责任保证" in accessory
    assert "本保函从属于主债务" in accessory
    assert "本保函不是独立保函" in accessory


def test_same_terms_same_bytes_in_any_process() -> None:
    script = (
        "import sys, hashlib\n"
        "from tests.guarantees.letter_samples import letter, sample_terms\n"
        "print(hashlib.sha256(letter(sample_terms('accessory', 1))).hexdigest())\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=project(), capture_output=True, text=True, check=True)
    here = letter(sample_terms("accessory", 1))
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_threads_get_the_same_bytes() -> None:
    terms = [sample_terms(amount=Money(fen)) for fen in (100, 200, 300)]
    expected = [letter(one) for one in terms]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(letter, terms * 2)) == expected * 2


def test_another_code_is_another_letter() -> None:
    terms = sample_terms()
    other = shared_press().render(
        terms, verify_url=verify_url(terms), check_code="00000000", template="bid/v2"
    )
    assert other != letter(terms)
    assert "0000-0000" in text_of(other)


def test_the_terms_ride_along() -> None:
    terms = sample_terms("accessory", 2)
    with pikepdf.open(io.BytesIO(letter(terms))) as pdf:
        assert list(pdf.attachments) == ["terms.json", "terms.xml"]
        specs = [pdf.attachments[name] for name in pdf.attachments]
        assert [spec.relationship for spec in specs] == [pikepdf.Name.Data] * 2
        assert len(pdf.Root.AF) == 2
        plain, xml = (spec.get_file().read_bytes() for spec in specs)
        assert plain == terms.canonical()
        assert Terms.from_canonical(plain) == terms
        assert agrees(plain, xml)


def test_metadata_tags_and_archive_profile() -> None:
    terms = sample_terms()
    with pikepdf.open(io.BytesIO(letter(terms))) as pdf:
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == f"投标保函 {terms.number}"
            assert metadata["dc:creator"] == [terms.issuer.name]
            assert metadata.pdfa_status == "3A"
            assert metadata["xmp:CreateDate"] == "2026-03-12T00:00:00+08:00"
        assert pdf.Root.Lang == "zh-CN"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.StructTreeRoot.K[0].S == "/Document"
        assert str(pdf.docinfo["/Title"]) == f"投标保函 {terms.number}"
        fonts = {str(font.BaseFont) for font in pdf.pages[0].Resources.Font.values()}
    assert all(name[8:].startswith("Baohan-Serif") for name in fonts), fonts


@pytest.mark.parametrize(
    ("change", "field", "character"),
    [
        ({"project_name": "𫚉野家装修项目"}, "采购项目", "𫚉"),
        ({"lot_name": "一标段😀"}, "标段", "😀"),
        ({"signatory": "محمد"}, "授权签署人", "م"),
        ({"beneficiary": Party("𫚉田医院", None, "beneficiary")}, "受益人", "𫚉"),
        ({"documents": ("付款请求书", "清单☑")}, "应交单据", "☑"),
        (
            {"applicants": (Party("甲", None, "lead"), Party("乙𫚉", None, "member"))},
            "申请人",
            "𫚉",
        ),
    ],
)
def test_a_character_without_glyph_is_refused(
    change: dict[str, object], field: str, character: str
) -> None:
    terms = sample_terms(**change)
    with pytest.raises(MissingGlyph) as caught:
        letter(terms)
    assert (caught.value.field, caught.value.character) == (field, character)
    assert f"U+{ord(character):04X}" in str(caught.value)
    with pytest.raises(MissingGlyph):
        shared_press().check(terms)


@pytest.mark.parametrize(
    "name",
    [
        "<b>甲</b>&amp;乙“丙”'丁'\"戊\"公司",
        "</span></td></table><img src=file:///etc/hostname>",
        "<style>body{display:none}</style><link rel=attachment href=file:///etc/passwd>",
        "{{ terms.number }}{% raw %}公司",
        "甲公司<!--",
    ],
)
def test_names_are_text_and_nothing_else(name: str) -> None:
    terms = sample_terms(
        applicants=(Party(name, None, "lead"),), issuer=Party(name, None, "issuer"), lot_name=name
    )
    pdf = letter(terms)
    assert text_of(pdf).count("".join(name.split())) >= 4
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert list(opened.attachments) == ["terms.json", "terms.xml"]
        assert all("/Annots" not in page for page in opened.pages)


def test_long_names_wrap() -> None:
    assert len(LONG) == 60
    parties = [Party(LONG[: 60 - place], None, "member") for place in range(1, 5)]
    terms = sample_terms(
        applicants=(Party(LONG, None, "lead"), *parties),
        beneficiary=Party("太原" + LONG[2:], None, "beneficiary"),
        issuer=Party(LONG[:58] + "支行", None, "issuer", contact=LONG + LONG),
        project_name=LONG * 3,
        lot_name=LONG,
        lot_number="E1401000001002345678-" * 2,
        amount=Money(99_999_999_999_999),
    )
    pdf = letter(terms)
    text = text_of(pdf)
    assert pages(pdf) <= 3
    for field in printed_fields(terms):
        assert field in text
    rights = [float(position.split('xMax="')[1].split('"')[0]) for position, _ in words_of(pdf)]
    assert max(rights) <= 595.28 - 67  # the right margin


def test_a_latin_name_breaks_rather_than_run_out() -> None:
    name = "W" * 60
    pdf = letter(sample_terms(applicants=(Party(name, None, "lead"),)))
    rights = [float(position.split('xMax="')[1].split('"')[0]) for position, _ in words_of(pdf)]
    assert name in text_of(pdf)
    assert max(rights) <= 595.28 - 67


CHARACTERS = st.characters(
    codec="gb2312", exclude_categories=("Cc", "Cf", "Zs", "Zl", "Zp", "Co")
) | st.sampled_from("<>&\"'（）()[]{}·%$#@!\\/;:-_=+0123456789ABCxyz")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names=st.tuples(*[st.text(CHARACTERS, min_size=2, max_size=60)] * 3))
def test_any_name_is_printed_as_it_is(names: tuple[str, str, str]) -> None:
    terms = sample_terms(
        beneficiary=Party(names[0], None, "beneficiary"),
        project_name=names[1],
        signatory=names[2],
    )
    text = text_of(letter(terms))
    for name in names:
        assert name in text


def test_one_field_moves_only_itself() -> None:
    """What lets a form be compiled later: a field acts on the layout by its lines alone."""
    first = words_of(letter(sample_terms(lot_name="甲标段设备采购", project_name="一二三四五六")))
    second = words_of(letter(sample_terms(lot_name="乙包服务", project_name="七八九十百千万亿")))
    changed = set(first) ^ set(second)
    assert {word for _, word in changed} == {
        "甲标段设备采购",
        "一二三四五六",
        "乙包服务",
        "七八九十百千万亿",
    }


@pytest.mark.parametrize("form", FORMS)
def test_the_qr_code_opens_the_verification(form: str, tmp_path: Path) -> None:
    terms = sample_terms(form)  # type: ignore[arg-type]
    with Image.open(raster(letter(terms), tmp_path, 1)) as page:
        found = zxingcpp.read_barcodes(page)
    assert [code.text for code in found] == [verify_url(terms)]


def test_the_seal_is_red_and_lies_under_the_signature(tmp_path: Path) -> None:
    terms = sample_terms()
    with Image.open(raster(letter(terms), tmp_path, 2, 60)) as page:
        pixels = page.convert("RGB").get_flattened_data()
    red = sum(r > 150 and g < 90 and b < 90 for r, g, b in pixels)
    assert red > 500
    assert "印章" not in text_of(letter(terms))


def test_a_specimen_is_no_letter() -> None:
    terms = sample_terms()
    pdf = shared_press().specimen(terms, template="bid/v2")
    text = text_of(pdf)
    assert text.count("样张") >= 2  # once on each page
    assert terms.number not in text
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert not opened.attachments
        assert terms.number not in str(opened.docinfo["/Title"])
    assert terms.number.encode() not in pdf


def test_template_versions() -> None:
    assert newest("bid", "independent").name == "bid/v2"
    with pytest.raises(LetterFormMissing):
        newest("bid", "oral")
    with pytest.raises(LetterFormMissing):
        newest("loan", "independent")


@pytest.mark.parametrize("form", FORMS)
def test_letters_of_the_first_template_keep_their_bytes(form: str) -> None:
    """A retry of what was reserved before must give the same letter, whatever came since."""
    terms = sample_terms(form)  # type: ignore[arg-type]
    html = shared_press().html(terms, check_code=CHECK_CODE, template="bid/v1")
    assert hashlib.sha256(html.encode()).hexdigest() == FIRST_PAGES[form]
    assert hashlib.sha256(terms.canonical()).hexdigest() == FIRST_TERMS[form]
    with pikepdf.open(io.BytesIO(letter(terms, "bid/v1"))) as pdf:
        assert list(pdf.attachments) == ["terms.json"]


def test_an_old_template_refuses_what_it_has_no_place_for() -> None:
    terms = form_terms("bid", "independent", clauses=("请同时电话告知。",))
    with pytest.raises(RenderFailed, match="clause-1"):
        letter(terms, "bid/v1")
    assert "请同时电话告知。" in text_of(letter(terms))


@pytest.mark.parametrize(
    "template", ["bid/v3", "performance/v1", "base/v1", "../bid/v1", "bid/v1/../v1", "", "reports"]
)
def test_a_template_that_there_is_not(template: str) -> None:
    with pytest.raises(LetterFormMissing):
        shared_press().specimen(sample_terms(), template=template)
