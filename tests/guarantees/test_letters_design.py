"""Letters with an institution's own logo, seal and clauses."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from guarantees.letters import Design
from guarantees.tables.letter_forms import newest
from guarantees.values.terms import Terms
from tests.guarantees.archive_profile import faults
from tests.guarantees.design_samples import sample_design
from tests.guarantees.form_samples import KINDS_AND_FORMS, form_terms
from tests.guarantees.letter_samples import (
    CHECK_CODE,
    letter,
    raster,
    shared_press,
    text_of,
    verify_url,
)


def designed(terms: Terms, design: Design) -> bytes:
    return shared_press().render(
        terms,
        verify_url=verify_url(terms),
        check_code=CHECK_CODE,
        template=newest(terms.kind, terms.form).name,
        design=design,
    )


def colour_at(pdf: bytes, folder: Path, page: int, place: tuple[float, float]) -> tuple[int, ...]:
    """The colour at a place given in millimetres from the left and upper edges."""
    with Image.open(raster(pdf, folder, page, 72)) as shown:
        pixel = shown.convert("RGB").getpixel((place[0] * 72 / 25.4, place[1] * 72 / 25.4))
    assert isinstance(pixel, tuple)
    return tuple(int(part) for part in pixel)


@pytest.mark.parametrize(("kind", "form"), KINDS_AND_FORMS[::4])
def test_only_the_pictures_are_other(kind: str, form: str) -> None:
    terms = form_terms(kind, form)
    plain, own = letter(terms), designed(terms, sample_design())
    assert text_of(own) == text_of(plain)
    assert own != plain
    assert own == designed(terms, sample_design())
    assert faults(own) == []
    with pikepdf.open(io.BytesIO(own)) as pdf:
        assert len({name for page in pdf.pages for name in page.get_images()}) == 2


def test_the_pictures_are_where_they_belong(tmp_path: Path) -> None:
    terms = form_terms("bid", "independent")
    own = designed(terms, sample_design())
    logo = colour_at(own, tmp_path, 1, (23.85 + 22, 14 + 6))
    assert logo[2] > 70 and logo[0] < 40, logo
    assert colour_at(letter(terms), tmp_path, 1, (23.85 + 22, 14 + 6)) == (255, 255, 255)


def test_each_picture_makes_another_letter() -> None:
    terms, design = form_terms("bid", "accessory"), sample_design()
    made = [
        letter(terms),
        designed(terms, design),
        designed(terms, replace(design, logo=b"")),
        designed(terms, replace(design, seal=b"")),
    ]
    assert len({hashlib.sha256(one).digest() for one in made}) == 4


def test_a_specimen_shows_them() -> None:
    terms = form_terms("bid", "independent", clauses=("请同时电话告知。",))
    template = newest("bid", "independent").name
    pdf = shared_press().specimen(terms, template=template, design=sample_design())
    text = text_of(pdf)
    assert "请同时电话告知。" in text
    assert "附加条款" in text
    assert "样张不盖章" not in text
    assert text.count("样张") >= 2
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len({name for page in opened.pages for name in page.get_images()}) == 2
