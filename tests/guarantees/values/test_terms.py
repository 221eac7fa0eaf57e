import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from guarantees.errors import GuaranteeError
from guarantees.values import terms as terms_module
from guarantees.values.money import LARGEST_FEN, Money
from guarantees.values.parties import Party
from guarantees.values.terms import Terms
from guarantees.values.terms_json import LARGEST_FILE, TermsUnreadable
from guarantees.values.text import TextCharacter, TextMissing

Make = Callable[..., Terms]

zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
lines = st.text("招标保函abcXYZ0189·()《》 é", min_size=1, max_size=40).filter(
    lambda s: s == s.strip()
)


@given(
    name=lines,
    fen=st.integers(1, LARGEST_FEN),
    start=st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    days=st.integers(1, 3000),
    opening=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=zones),  # noqa: DTZ001
    documents=st.lists(lines, max_size=20).map(tuple),
)
def test_canonical_terms_are_read_back(make_terms: Make, **drawn: Any) -> None:
    terms = make_terms(
        project_name=drawn["name"],
        amount=Money(drawn["fen"]),
        effective_from=drawn["start"],
        expires_on=drawn["start"] + timedelta(days=drawn["days"]),
        opening_time=drawn["opening"],
        documents=drawn["documents"],
    )
    data = terms.canonical()
    assert Terms.from_canonical(data) == terms
    assert Terms.from_canonical(data).canonical() == data
    assert rfc8785.dumps(json.loads(data)) == data


def test_the_canonical_form_is_plain_to_read(make_terms: Make) -> None:
    plain = json.loads(make_terms().canonical())
    assert plain["schema"] == "baohan/terms/v1"
    assert plain["amount"] == {"currency": "CNY", "fen": 7_000_000}
    assert plain["opening_time"] == "2026-03-17T01:30:00Z"
    assert plain["expires_on"] == "2026-06-15"
    assert [party["role"] for party in plain["applicants"]] == ["lead", "member"]


def test_one_instant_in_two_zones_is_one_canonical_form(make_terms: Make) -> None:
    china = timezone(timedelta(hours=8))
    there = make_terms(opening_time=datetime(2026, 3, 17, 9, 30, tzinfo=china))
    here = make_terms(opening_time=datetime(2026, 3, 17, 1, 30, tzinfo=UTC))
    assert there.canonical() == here.canonical()


def test_terms_do_not_change(make_terms: Make) -> None:
    with pytest.raises(FrozenInstanceError):
        make_terms().amount = Money(1)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"kind": "loan"}, terms_module.TermsChoice),
        ({"form": "oral"}, terms_module.TermsChoice),
        ({"issuer_type": "friend"}, terms_module.TermsChoice),
        ({"number": "bh264183092755164"}, terms_module.TermsChoice),
        ({"version": 0}, terms_module.TermsNumber),
        ({"version": True}, terms_module.TermsNumber),
        ({"bid_validity_days": -1}, terms_module.TermsNumber),
        ({"examination_days": 0}, terms_module.TermsNumber),
        ({"amount": Money(0)}, terms_module.TermsAmount),
        ({"amount": Money(-5)}, terms_module.TermsAmount),
        ({"amount": Money(LARGEST_FEN + 1)}, terms_module.TermsAmount),
        ({"expires_on": date(2026, 3, 17)}, terms_module.TermsDates),
        ({"opening_time": datetime(2026, 3, 17)}, terms_module.TermsTime),  # noqa: DTZ001
        ({"documents": ("a",) * 21}, terms_module.TermsDocuments),
        ({"project_name": ""}, TextMissing),
        ({"signatory": "周\u202e予安"}, TextCharacter),
        ({"documents": ("付款\u200b请求书",)}, TextCharacter),
        ({"project_number": ""}, TextMissing),
    ],
)
def test_terms_no_letter_may_carry(
    make_terms: Make, change: dict[str, Any], error: type[GuaranteeError]
) -> None:
    with pytest.raises(error) as caught:
        make_terms(**change)
    assert str(caught.value)


def test_parties_stand_in_their_own_places(make_terms: Make) -> None:
    bank = Party("北岳银行股份有限公司", None, "issuer")
    for place in ("beneficiary", "agency"):
        with pytest.raises(GuaranteeError, match="身份应为"):
            make_terms(**{place: bank})


def test_an_unnumbered_project_without_agency_is_read_back(make_terms: Make) -> None:
    terms = make_terms(project_number=None, agency=None)
    assert Terms.from_canonical(terms.canonical()) == terms


def _changed(make_terms: Make, **change: Any) -> bytes:
    plain = json.loads(make_terms().canonical()) | change
    return rfc8785.dumps({name: value for name, value in plain.items() if value != "gone"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": "baohan/terms/v3"}, "版本"),
        ({"schema": "baohan/terms/v2"}, "缺少字段"),
        ({"extra": 1}, "未知字段"),
        ({"signatory": "gone"}, "缺少字段"),
        ({"amount": {"currency": "USD", "fen": 1}}, "类型或格式"),
        ({"amount": 5}, "类型或格式"),
        ({"amount": {"currency": "CNY", "fen": 1.5}}, "类型或格式"),
        ({"version": 1.5}, "类型或格式"),
        ({"expires_on": "tomorrow"}, "类型或格式"),
        ({"expires_on": 20260615}, "类型或格式"),
        ({"applicants": [{"name": "甲"}]}, "类型或格式"),
        ({"applicants": [{"name": 5, "credit_code": None, "role": "lead", "contact": ""}]}, "类型"),
        ({"applicants": None}, "类型或格式"),
        ({"documents": [1]}, "类型或格式"),
        ({"documents": "付款请求书"}, "规范格式"),
        ({"project_number": 7}, "类型或格式"),
        ({"issuer": None}, "类型或格式"),
        ({"opening_time": "2026-03-17T09:30:00+08:00"}, "规范格式"),
        ({"expires_on": "20260615"}, "规范格式"),
    ],
)
def test_other_contents_are_refused(make_terms: Make, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(TermsUnreadable) as caught:
        Terms.from_canonical(_changed(make_terms, **change))
    assert reason in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(name=st.sampled_from(sorted(Terms.__dataclass_fields__)), value=json_values)
def test_any_value_in_any_field_is_read_exactly_or_refused(
    make_terms: Make, name: str, value: Any
) -> None:
    data = _changed(make_terms, **{name: value})
    try:
        read = Terms.from_canonical(data).canonical()
    except GuaranteeError as error:
        read = data if str(error) else b""
    assert read == data


def test_other_spellings_of_the_same_terms_are_refused(make_terms: Make) -> None:
    data = make_terms().canonical()
    spaced = data.replace(b":", b": ", 1)
    indented = json.dumps(json.loads(data), indent=1).encode()
    escaped = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":")).encode()
    reordered = b'{"version":1,' + data.replace(b',"version":1', b"").removeprefix(b"{")
    for other in (spaced, indented, escaped, reordered, data + b"\n", b"\xef\xbb\xbf" + data):
        with pytest.raises(TermsUnreadable):
            Terms.from_canonical(other)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"schema":"baohan/terms/v1","schema":"baohan/terms/v1"}',
        b"[" * 100_000,
        b" " * (LARGEST_FILE + 1),
    ],
)
def test_what_is_no_terms_file_is_named(data: bytes) -> None:
    with pytest.raises(TermsUnreadable):
        Terms.from_canonical(data)


@given(st.data())
def test_one_changed_byte_never_goes_unnoticed(make_terms: Make, data: st.DataObject) -> None:
    original = make_terms().canonical()
    at = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != original[at]))
    changed = original[:at] + bytes([byte]) + original[at + 1 :]
    try:
        read = Terms.from_canonical(changed)
    except GuaranteeError:
        return
    assert read != make_terms()
    assert read.canonical() == changed
