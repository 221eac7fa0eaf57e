"""What forms share: the base class, fields for money, codes and times, validators that explain.

A field holds the value of the business (Money, aware datetime); what was typed stays for the page.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import g
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import Field, SelectMultipleField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget, TextInput
from wtforms.widgets.core import clean_key

from app.display import BEIJING, in_beijing
from app.problems import explain
from app.text import _
from guarantees.errors import GuaranteeError
from guarantees.sums.pricing import rate_text
from guarantees.values.money import Money
from guarantees.values.text import half_width


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF is not typed
    """Base of all forms: CSRF token included, strings trimmed at both ends."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF is not typed
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            filters = list(unbound_field.kwargs.get("filters", ()))
            if issubclass(unbound_field.field_class, StringField):
                filters.append(_trimmed)
            return unbound_field.bind(form=form, filters=filters, **options)

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent; else what was typed before the login ran out (app.auth.kept)."""
            sent = super().wrap_formdata(form, formdata)
            return g.get("kept_form") if sent is None else sent


class Required(InputRequired):  # type: ignore[misc]  # Flask-WTF is not typed
    """Input that is more than white space."""

    def __call__(self, form: Any, field: Any) -> None:
        given = field.raw_data
        if given and isinstance(given[0], str) and not given[0].strip():
            field.raw_data = []
        try:
            super().__call__(form, field)
        finally:
            field.raw_data = given


def required(message: str) -> Required:
    """The field must be filled; `message` says what to fill in, not that "this is required"."""
    return Required(message)


def choice(value: str, label: Any = None) -> SelectChoice:
    """One choice of a SelectField, RadioField or CheckboxesField (tuples are deprecated there)."""
    return SelectChoice(value, value if label is None else label)


def checked_by(parse: Callable[[str], object]) -> Callable[[Any, Any], None]:
    """A validator that asks `parse` of the business, and shows its own words when it refuses."""

    def validate(_form: Any, field: Any) -> None:
        try:
            parse(field.data or "")
        except GuaranteeError as error:
            raise ValidationError(explain(error).detail) from error

    return validate


def add_errors(form: FlaskForm, errors: dict[str, str]) -> None:
    """Show a flow's InvalidInput beside the fields; what names no field goes on top."""
    for name, sentence in errors.items():
        if name in form._fields:
            form[name].errors = [*form[name].errors, sentence]
        else:
            form.form_errors.append(sentence)


def attributes(**given: object) -> Markup:
    """What wtforms.widgets.html_params writes, in an eighth of the time: that fills a template for
    each attribute, and a notice of 200 lots has 5,000 of them."""
    written = []
    for name, value in sorted(given.items()):
        if value is True:
            written.append(clean_key(name))
        elif value is not False:
            text = str(escape(value)).replace('"', "&quot;")
            written.append(f'{clean_key(name)}="{text}"')
    return Markup(" ".join(written))  # nosec B704 - values are escaped, names stand in templates


class LineInput(TextInput):  # type: ignore[misc]  # WTForms is not typed
    """For forms with hundreds of lines."""

    html_params = staticmethod(attributes)


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]  # Flask-WTF is not typed
    """Several of a few choices, each with its own box."""

    widget = ListWidget()
    option_widget = CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        """In the reader's language: WTForms has these words in English only."""
        offered = {one.value for one in self.iter_choices()}
        if not offered.issuperset(self.data or ()):
            raise ValidationError(_("请从列出的选项中选择。"))


class _ParsedField(Field):  # type: ignore[misc]  # Flask-WTF is not typed
    """A line of text that becomes a value; an empty line is None."""

    data: Any
    widget = StringField.widget

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            self.data = self.read(text)
        except GuaranteeError as error:
            raise ValueError(explain(error).detail) from error

    def read(self, text: str) -> object:
        raise NotImplementedError

    def write(self, value: Any) -> str:
        raise NotImplementedError


class MoneyField(_ParsedField):
    """An amount in yuan as people type it; `data` is a Money."""

    def read(self, text: str) -> Money:
        return Money.parse(text)

    def write(self, value: Money) -> str:
        return value.yuan


class BeijingField(_ParsedField):
    """A moment in Beijing time, `2026-03-17 09:30`; `data` is aware."""

    LAYOUTS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S")

    def read(self, text: str) -> datetime:
        for layout in self.LAYOUTS:
            try:
                return datetime.strptime(text, layout).replace(tzinfo=BEIJING)
            except ValueError:
                continue
        raise ValueError(_("请按“2026-03-17 09:30”的样子填写北京时间。"))

    def write(self, value: datetime) -> str:
        return in_beijing(value).strftime("%Y-%m-%d %H:%M")


class PercentField(_ParsedField):
    """A rate as people type it, `0.45%`; `data` is parts per million."""

    FINEST = Decimal("0.0001")
    """One part per million, as a percentage."""

    def read(self, text: str) -> int:
        try:
            percent = Decimal(half_width(text).rstrip("% "))
            too_fine = not percent.is_finite() or percent % self.FINEST
        except ArithmeticError:  # no number, or one of more digits than a remainder has
            raise ValueError(_("请填写百分数，如 0.45%。")) from None
        if too_fine:
            raise ValueError(_("费率最多四位小数，如 0.4500%。"))
        return int(percent / self.FINEST)

    def write(self, value: int) -> str:
        return rate_text(value)


class DateField(_ParsedField):
    """A day, `2026-03-17`; `data` is a date."""

    def read(self, text: str) -> date:
        for layout in ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"):
            try:
                return datetime.strptime(text, layout).replace(tzinfo=BEIJING).date()
            except ValueError:
                continue
        raise ValueError(_("请按“2026-03-17”的样子填写日期。"))

    def write(self, value: date) -> str:
        return value.isoformat()


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
