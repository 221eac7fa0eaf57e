"""Every kind of letter in every form: what it says, how it looks, that it is the same each time."""

import io
import re
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guarantees.letter_fields import Numbers, letter_fields, shown_check_code
from guarantees.tables.letter_forms import TEMPLATES, LetterFormMissing, named, newest
from guarantees.terms_xml import agrees, xml_of
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Terms
from guarantees.values.terms_parts import Policy, Reduction
from tests.guarantees.archive_profile import faults
from tests.guarantees.form_samples import (
    CLAUSES,
    CONTRACT,
    KINDS_AND_FORMS,
    LONG,
    form_terms,
    ordinary_letter,
)
from tests.guarantees.letter_samples import (
    CHECK_CODE,
    letter,
    shared_press,
    text_of,
    words_of,
)

EDGE = 595.28 - 67
"""Points from the left to where text must end."""

every_form = pytest.mark.parametrize(("kind", "form"), KINDS_AND_FORMS)


def printed_fields(terms: Terms) -> list[str]:
    fields = letter_fields(terms, Numbers(terms.number, shown_check_code(CHECK_CODE)))
    return ["".join(text.split()) for text in fields.values()]


def pages_said(text: str) -> list[tuple[int, int]]:
    """(page, of how many) as the letter's pages say."""
    return [(int(page), int(all_)) for page, all_ in re.findall(r"第(\d+)页共(\d+)页", text)]


@every_form
def test_two_pages_with_every_term_in_order(kind: str, form: str) -> None:
    terms = form_terms(kind, form)
    text = text_of(ordinary_letter(kind, form))
    # A policy for an advance payment, with events and a schedule, is the longest that there is.
    pages = 3 if (kind, form) == ("advance_payment", "policy") else 2
    assert pages_said(text) == [(page, pages) for page in range(1, pages + 1)]
    place = 0
    for field in printed_fields(terms):
        found = text.find(field, place)
        assert found >= 0, f"{field} does not come after what precedes it"
        place = found + 1


PROMISES = {
    "independent": ("见索即付的独立保函", "《见索即付保函统一规则》", "受益人", "应交单据"),
    "accessory": ("我方承担连带责任保证", "本保函从属于主债务", "本保函不是独立保函", "索赔材料"),
    "policy": ("保险责任", "责任免除", "被保险人", "投保人", "保单号", "条款备案号", "退保规则"),
}
SUBJECTS = {
    "bid": ("投标保", "投标担保", "撤销投标文件"),
    "performance": ("履约保", "履约担保", "履约保证金", "合同编号"),
    "quality": ("质量保", "质量担保", "质量期起算", "缺陷"),
    "advance_payment": ("预付款保", "预付款担保", "抵扣办法", "尚未抵扣的预付款"),
    "market_entry": ("市场准入", "市场交易", "入驻登记编号", "交易市场"),
}


@every_form
def test_each_promises_what_it_is_for(kind: str, form: str) -> None:
    text = text_of(ordinary_letter(kind, form))
    for phrase in PROMISES[form]:
        assert phrase in text
    names, said = SUBJECTS[kind][:2], SUBJECTS[kind][2:]
    assert any(name in text for name in names)
    assert all(phrase in text for phrase in said)
    for other in PROMISES.keys() - {form}:
        assert PROMISES[other][0] not in text.replace("不是独立保函", "")


@every_form
def test_the_archive_profile_is_kept(kind: str, form: str, tmp_path: Path) -> None:
    pdf = ordinary_letter(kind, form)
    assert faults(pdf) == []
    (tmp_path / "letter.pdf").write_bytes(pdf)
    command = ["qpdf", "--check", "letter.pdf"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@every_form
def test_strain_does_not_break_the_layout(kind: str, form: str) -> None:
    ordinary = form_terms(kind, form)
    members = [Party(LONG[: 60 - place], None, "member") for place in range(1, 5)]
    changes: dict[str, Any] = {
        "applicants": (Party(LONG, ordinary.applicants[0].credit_code, "lead"), *members),
        "beneficiary": Party("太原" + LONG[2:], None, "beneficiary"),
        "amount": Money(12_345_678_901),
        "clauses": CLAUSES,
    }
    if ordinary.project_name is not None:
        changes["project_name"] = LONG * 2
    if ordinary.advance is not None:
        changes["advance"] = replace(ordinary.advance, amount=Money(99_999_999_999))
    terms = form_terms(kind, form, **changes)
    pdf = letter(terms)
    text, words = text_of(pdf), words_of(pdf)
    pages = pages_said(text)
    assert pages == [(page, len(pages)) for page in range(1, len(pages) + 1)]
    assert 2 <= len(pages) <= 3
    assert all(field in text for field in printed_fields(terms))
    assert max(float(place.split('xMax="')[1].split('"')[0]) for place, _ in words) <= EDGE
    before, _, _ = text.split(f"第{len(pages) - 1}页共{len(pages)}页")[1].partition("扫描首页")
    assert before, "the signature stands alone on its page"


@every_form
def test_one_field_moves_only_itself(kind: str, form: str) -> None:
    """What lets a form be compiled later: a field acts on the layout by its lines alone."""
    first = words_of(letter(form_terms(kind, form, signatory="甲乙丙", governing_law="中国法律")))
    second = words_of(letter(form_terms(kind, form, signatory="丁戊", governing_law="本国之法")))
    changed = set(first) ^ set(second)
    assert {word for _, word in changed} == {"甲乙丙", "丁戊", "中国法律", "本国之法"}


@every_form
def test_every_field_is_one_inline_element(kind: str, form: str) -> None:
    terms = form_terms(kind, form, members=2, clauses=CLAUSES)
    template = newest(kind, form).name
    html = shared_press().html(terms, check_code=CHECK_CODE, template=template)
    found = re.findall(r'<span data-f="([^"]+)">[^<>]*</span>', html)
    fields = letter_fields(terms, Numbers(terms.number, shown_check_code(CHECK_CODE)))
    assert found == list(fields)


LINES = st.text(
    st.characters(codec="gb2312", exclude_categories=("Cc", "Cf", "Zs", "Zl", "Zp", "Co")),
    min_size=1,
    max_size=60,
)
AMOUNTS = st.integers(1, 10**12).map(Money)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    """Terms of any kind and form, with and without what they may leave out."""
    kind, form = draw(st.sampled_from(KINDS_AND_FORMS))
    terms = form_terms(kind, form)
    amount = draw(AMOUNTS)
    changes: dict[str, Any] = {
        "amount": amount,
        "signatory": draw(LINES),
        "place_of_presentation": draw(LINES),
        "beneficiary": Party(draw(LINES), None, "beneficiary"),
        "documents": tuple(draw(st.lists(LINES, min_size=1, max_size=4))),
        "clauses": tuple(draw(st.lists(LINES, max_size=3))),
        "effective_event": draw(st.none() | LINES),
        "expiry_event": draw(st.none() | LINES),
        "reductions": draw(_reductions(amount)),
    }
    if terms.contract is not None:
        number, signed = draw(st.none() | LINES), draw(st.none() | st.just(date(2026, 1, 5)))
        price = draw(st.none() | AMOUNTS)
        changes["contract"] = replace(CONTRACT, name=draw(LINES), number=number, price=price)
        changes["contract"] = replace(changes["contract"], signed_on=signed)
    if terms.advance is not None:
        changes["advance"] = replace(terms.advance, amount=amount, worked_off=draw(LINES))
    if terms.market is not None:
        registered = draw(st.none() | LINES)
        changes["market"] = replace(terms.market, name=draw(LINES), registration=registered)
    if terms.project_name is not None and kind != "bid" and draw(st.booleans()):
        changes |= {"lot_name": None, "lot_number": None, "project_number": None}
    if terms.policy is not None:
        changes["policy"] = Policy(
            number=draw(LINES), clause=draw(LINES), registration=draw(LINES),
            premium=draw(AMOUNTS), surrender=draw(LINES),
        )  # fmt: skip
    return form_terms(kind, form, **changes)


def _reductions(amount: Money) -> st.SearchStrategy[tuple[Reduction, ...]]:
    start = date(2026, 3, 13)
    return st.lists(LINES, max_size=3).map(
        lambda events: tuple(
            Reduction(
                on=start + timedelta(days=place) if place % 2 else None,
                event=event,
                remaining=Money(amount.fen - place - 1),
            )
            for place, event in enumerate(events)
            if amount.fen > place
        )
    )


@settings(max_examples=300, deadline=None)
@given(any_terms())
def test_terms_of_any_kind_are_read_back(terms: Terms) -> None:
    data = terms.canonical()
    assert Terms.from_canonical(data) == terms
    assert agrees(data, xml_of(data))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_terms())
def test_any_letter_says_its_terms_and_is_the_same_again(terms: Terms) -> None:
    pdf = letter(terms)
    text = text_of(pdf)
    for field in printed_fields(terms):
        assert field in text
    assert letter(terms) == pdf


@every_form
def test_a_specimen_of_each(kind: str, form: str) -> None:
    terms = form_terms(kind, form)
    pdf = shared_press().specimen(terms, template=newest(kind, form).name)
    assert "样张不盖章" in text_of(pdf)
    assert terms.number not in text_of(pdf)


def test_a_template_makes_its_own_kind_only() -> None:
    with pytest.raises(LetterFormMissing):
        named("performance/v1", "bid", "independent")
    with pytest.raises(LetterFormMissing):
        named("bid/v1", "bid", "policy")
    names = [template.name for versions in TEMPLATES.values() for template in versions]
    assert len(set(names)) == len(names)


def test_the_title_stands_in_the_metadata() -> None:
    terms = form_terms("performance", "policy")
    with pikepdf.open(io.BytesIO(letter(terms))) as pdf:
        assert str(pdf.docinfo["/Title"]) == f"合同履约保证保险单 {terms.number}"
