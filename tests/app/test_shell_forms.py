"""Forms: values of the business, words for what is wrong, and nothing typed is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup
from werkzeug.datastructures import ImmutableMultiDict
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import Optional
from wtforms.widgets import html_params

from app.forms import (
    BeijingField,
    CheckboxesField,
    Form,
    MoneyField,
    add_errors,
    attributes,
    checked_by,
    choice,
    required,
)
from guarantees.values.codes import parse_credit_code
from guarantees.values.money import Money
from tests.shell_app import shell_app

APP = shell_app()


class Sample(Form):
    code = StringField("统一社会信用代码", [checked_by(parse_credit_code)])
    amount = MoneyField("金额", [required("请填写金额。")])
    opening = BeijingField("开标时间", [Optional()])
    way = RadioField("方式", choices=[choice("a", "甲"), choice("b", "乙")])
    items = CheckboxesField("授权", choices=[choice("x", "一"), choice("y", "二")])
    kind = SelectField("种类", choices=[choice("bid", "投标")])
    read = BooleanField("已阅读")


RIGHT = {
    "code": " 91140100MA0HT9W45U ",
    "amount": "7万元",
    "opening": "2026-03-17 09:30",
    "way": "a",
    "items": "x",
    "kind": "bid",
    "read": "y",
}


@pytest.fixture(autouse=True)
def request_context() -> Iterator[Flask]:
    with APP.test_request_context("/"):
        yield APP


def filled(**changes: str) -> Sample:
    return Sample(ImmutableMultiDict(RIGHT | changes), meta={"csrf": False})


def rendered(form: Sample, template: str) -> str:
    return render_template_string(template, form=form)


def test_what_was_typed_becomes_values_of_the_business() -> None:
    form = filled(code="91140000MA8QW1L06H")
    form.validate()
    assert form.amount.data == Money(7_000_000)
    assert form.opening.data == datetime(2026, 3, 17, 1, 30, tzinfo=UTC)
    assert form.items.data == ["x"]


def test_strings_are_trimmed() -> None:
    assert filled().code.data == "91140100MA0HT9W45U"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"code": "9114"}, "code", "统一社会信用代码应为 18 位，您填了 4 位"),
        ({"amount": "七万"}, "amount", "不是数字"),
        ({"amount": ""}, "amount", "请填写金额。"),
        ({"amount": "   "}, "amount", "请填写金额。"),
        ({"opening": "17/3"}, "opening", "2026-03-17 09:30"),
    ],
)
def test_errors_say_what_is_wrong(changes: dict[str, str], field: str, said: str) -> None:
    form = filled(**changes)
    assert not form.validate()
    assert said in str(form[field].errors[0])


@pytest.mark.parametrize("typed", ["7o,000", "<b>", '"', "１２３x"])
def test_what_was_typed_stays_after_an_error(typed: str) -> None:
    form = filled(amount=typed)
    form.validate()
    page = rendered(form, "{{ ui.field(form.amount, hint='元') }}")
    value = page.split('value="')[1].split('"')[0]
    assert value == str(typed).replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")


def test_a_field_in_error_is_tied_to_its_words() -> None:
    form = filled(amount="x")
    form.validate()
    page = rendered(form, "{{ ui.field(form.amount, hint='元') }}")
    assert '<div class="field is-bad">' in page
    assert 'aria-describedby="amount-hint amount-error"' in page
    assert 'aria-invalid="true"' in page
    assert '<p class="error" id="amount-error">错误：' in page


def test_a_field_without_error_carries_no_trace_of_one() -> None:
    page = rendered(filled(), "{{ ui.field(form.amount) }}{{ ui.field(form.way) }}")
    assert "aria-invalid" not in page
    assert "aria-describedby" not in page
    assert "is-bad" not in page


def test_the_summary_leads_to_every_field() -> None:
    form = filled(amount="x", way="c", code="1")
    form.validate()
    page = rendered(form, "{{ ui.errors(form) }}")
    assert "有 3 处需要改正，已填内容都保留" in page
    assert '<a href="#amount">' in page
    assert '<a href="#way-0">' in page
    both = rendered(form, "{{ ui.field(form.way) }}{{ ui.field(form.amount) }}")
    assert 'id="way-0"' in both
    assert 'id="amount"' in both


def test_no_errors_no_summary() -> None:
    assert rendered(filled(), "{{ ui.errors(form) }}").strip() == ""


def test_what_a_flow_refuses_stands_beside_its_field_or_on_top() -> None:
    form = filled()
    add_errors(form, {"amount": "超过预算 2%。", "lot": "标段已更正。"})
    page = rendered(form, "{{ ui.errors(form) }}{{ ui.field(form.amount) }}")
    assert "错误：超过预算 2%。" in page
    assert "<li>标段已更正。</li>" in page
    assert "有 2 处" in page


def test_choices_are_native_boxes_in_a_fieldset() -> None:
    template = (
        "{{ ui.field(form.items, notes={'x': '说明'}) }}{{ ui.field(form.read, hint='提示') }}"
    )
    page = rendered(filled(), template)
    assert "<fieldset" in page
    assert "<legend>授权</legend>" in page
    assert 'checked class="tick" id="items-0" name="items" type="checkbox" value="x"' in page
    assert '<span class="fine">说明</span>' in page
    assert 'id="read" name="read" type="checkbox"' in page


def test_what_may_stay_empty_says_so() -> None:
    assert "（选填）" in rendered(filled(), "{{ ui.field(form.opening) }}")
    assert "（选填）" not in rendered(filled(), "{{ ui.field(form.amount) }}")


def test_a_form_carries_its_token_and_leaves_checking_to_the_server() -> None:
    page = rendered(
        Sample(), "{% call ui.form(form, files=true) %}{{ ui.submit('提交') }}{% endcall %}"
    )
    assert 'name="csrf_token"' in page
    assert "novalidate" in page
    assert 'enctype="multipart/form-data"' in page


@pytest.mark.parametrize(
    "given",
    [
        {"name": "lot0_number", "id": "lot0_number", "class_": "form-control no", "type": "text"},
        {"value": "\" onfocus='x' <b>&amp;", "aria_describedby": "a-hint a-error", "maxlength": 60},
        {"value": Markup('<i title="x">&amp;</i>'), "data_more_words": "y"},
        {"disabled": True, "aria_invalid": False, "readonly": False, "required": True},
        {},
    ],
)
def test_attributes_are_written_as_wtforms_writes_them(given: dict[str, object]) -> None:
    assert attributes(**given) == html_params(**given)
    assert isinstance(attributes(**given), Markup)
