"""The form of a notice: text as people type it, read by the readers of files (project_cells).

It has as many lots as were sent, so that adding one needs no script. What cannot be read keeps its
text and gets an error beside it.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from flask import g, request
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError

from app.adapters import project_cells as cells
from app.adapters.project_columns import BY_FIELD
from app.forms import Form, LineInput, choice, required
from app.portals.projects.words import say
from app.problems import explain
from app.text import _, _l
from guarantees.errors import GuaranteeError
from guarantees.values.moments import BEIJING
from guarantees.values.money import Money
from guarantees.values.notice import ACCEPTED, CATEGORIES, FIELD_NAMES, LotNotice, ProjectNotice
from guarantees.values.notice_faults import MAX_LOTS, Fault

LINES = (
    "name", "number", "method", "procurer_name", "agency_name", "region", "budget", "deposit",
    "bid_validity_days", "submission_deadline", "opening_time", "published_on", "source",
)  # fmt: skip
"""Facts typed on one line."""

TEXTS = ("deposit_forms", "guarantee_quote")
LOT_FACTS = ("number", "name", "budget", "deposit")
OPTIONAL = frozenset({"number", "method", "agency_name", "published_on", "source", *TEXTS})
"""Facts that a registration does not ask for."""

LONGEST_COUNT = 6
"""Digits of lots or versions."""

_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


def read_by(field: str) -> Any:
    """A validator that reads the field's text as a cell of that column and keeps the value."""

    def validate(_form: Any, field_: Any) -> None:
        field_.value = None
        try:
            field_.value = BY_FIELD[field].read(field_.data or "")
        except GuaranteeError as error:
            raise ValidationError(explain(error).detail) from error
        if isinstance(field_.value, cells.PartialDay):
            raise ValidationError(explain(cells.CellDay(field_.data)).detail)

    return validate


class NoticeForm(Form):
    """Fields are added by `notice_form`; this is what all have."""

    lot_count = HiddenField()
    key = HiddenField(default=lambda: secrets.token_urlsafe(18))
    """Idempotency key: the form sent twice makes one project."""
    version = HiddenField()
    """Number of the version that the person had before them."""
    category = RadioField("", default="")
    guarantee_accepted = RadioField("", default="unknown")
    basic_account_demanded = BooleanField(_l("公告要求从投标人基本账户支付"))
    note = TextAreaField(_l("更正公告的标题、日期或事由"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.category.label.text = _(FIELD_NAMES["category"])
        self.category.choices = [
            *(choice(key, _(word)) for key, word in CATEGORIES.items()),
            choice("", _("公告没有写明")),
        ]
        self.guarantee_accepted.label.text = _(FIELD_NAMES["guarantee_accepted"])
        self.guarantee_accepted.choices = [choice(key, _(word)) for key, word in ACCEPTED.items()]
        for name in (*LINES, *TEXTS):
            self[name].label.text = _(FIELD_NAMES[name])
        # Looked up once: a notice may have 200 lots.
        text = _("第 %(n)d 个%(name)s")
        words = {name: _(FIELD_NAMES[f"lot.{name}"]) for name in LOT_FACTS}
        for lot in range(self.lots):
            for name, word in words.items():
                self[f"lot{lot}_{name}"].label.text = text % {"n": lot + 1, "name": word}
        self.lot_count.data = str(self.lots)

    lots = 0
    """How many lots the form has; set by `notice_form`."""

    def notice(self) -> ProjectNotice:
        """What was typed; call it after the form was validated."""
        said = {name: self[name].value for name in (*LINES, *TEXTS)}
        return ProjectNotice(
            source_system="",
            source_id="",
            category=self.category.data or None,
            guarantee_accepted=self.guarantee_accepted.data,
            basic_account_demanded=self.basic_account_demanded.data,
            lots=tuple(self._lot(lot) for lot in range(self.lots) if self._filled(lot)),
            **said,
        )

    def _filled(self, lot: int) -> bool:
        return any((self[f"lot{lot}_{name}"].data or "").strip() for name in LOT_FACTS)

    def _lot(self, lot: int) -> LotNotice:
        values = {name: self[f"lot{lot}_{name}"].value for name in LOT_FACTS}
        return LotNotice(
            number=values["number"] or "",
            name=values["name"] or "",
            budget=values["budget"],
            deposit=values["deposit"],
        )

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Show what a flow found wrong beside the fields."""
        for fault in faults:
            field = self._field_of(fault.field)
            if field is None:
                self.form_errors.append(say(fault.reason))
            else:
                field.errors = [*field.errors, say(fault.reason)]

    def _field_of(self, name: str) -> Any:
        if not name.startswith("lots["):
            return self._fields.get(name)
        number, _dot, last = name.removeprefix("lots[").rpartition("].")
        same = [
            lot
            for lot in range(self.lots)
            if ((self[f"lot{lot}_number"].data or "").strip()) == number
        ]
        if same:
            return self[f"lot{same[-1]}_{last}"]
        return self._fields.get(last)  # a project without lots is one lot: its own figures


def notice_form(notice: ProjectNotice | None = None, version: int = 0) -> NoticeForm:
    """The form as it was sent, else filled with `notice`, else empty.

    A button "add_lot" or "remove_lot" changes the lots that it has.
    """
    sent = request.form if request.method == "POST" else g.get("kept_form")
    if sent is None:
        data = _texts(notice) if notice else {}
        count = len(notice.lots) if notice else 0
        return _of(count)(data=data | {"version": str(version)})
    count = _count(sent.get("lot_count", ""))
    if request.method == "POST" and "remove_lot" in sent and count:
        return _of(count - 1)(formdata=None, data=_without(sent, _count(sent["remove_lot"])))
    if request.method == "POST" and "add_lot" in sent and count < MAX_LOTS:
        return _of(count + 1)(formdata=None, data=_without(sent, None))
    return _of(count)()


def _count(text: str) -> int:
    return min(number_in(text), MAX_LOTS)


def number_in(text: str) -> int:
    """What a hidden field of ours counts; 0 for anything that we did not write there."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_COUNT else 0


def _of(lots: int) -> type[NoticeForm]:
    """A form class with this many lots."""
    fields: dict[str, Any] = {"lots": lots}
    for name in LINES:
        checks = [read_by(name)]
        if name == "name":
            checks.insert(0, required(_l("请填写项目名称。")))
        if name in OPTIONAL:
            checks.append(Optional())
        fields[name] = StringField("", checks)
    for name in TEXTS:
        fields[name] = TextAreaField("", [read_by(name), Optional()])
    for name in LOT_FACTS:
        checks = [read_by(f"lot.{name}")]
        for lot in range(lots):
            fields[f"lot{lot}_{name}"] = StringField("", checks, widget=LineInput())
    return type("FilledNoticeForm", (NoticeForm,), fields)


def _without(sent: Mapping[str, str], removed: int | None) -> dict[str, Any]:
    """What was sent, as data, less one lot."""
    data: dict[str, Any] = dict(sent.items())
    data["basic_account_demanded"] = "basic_account_demanded" in sent
    kept = [lot for lot in range(_count(sent.get("lot_count", ""))) if lot != removed]
    moved = {
        f"lot{place}_{name}": sent.get(f"lot{lot}_{name}", "")
        for place, lot in enumerate(kept)
        for name in LOT_FACTS
    }
    return {name: value for name, value in data.items() if not name.startswith("lot")} | moved


def _texts(notice: ProjectNotice) -> dict[str, Any]:
    data: dict[str, Any] = {name: _text(getattr(notice, name)) for name in (*LINES, *TEXTS)}
    data["category"] = notice.category or ""
    data["guarantee_accepted"] = notice.guarantee_accepted
    data["basic_account_demanded"] = notice.basic_account_demanded
    for place, lot in enumerate(notice.lots):
        for name in LOT_FACTS:
            data[f"lot{place}_{name}"] = _text(getattr(lot, name))
    return data


def _text(value: object) -> str:
    """A value as the form's own fields write it."""
    if isinstance(value, Money):
        return value.yuan
    if isinstance(value, datetime):
        local = value.astimezone(BEIJING)
        return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def time_input(field: Any) -> dict[str, object]:
    """The browser's own picker, unless it could not show what was typed."""
    text = field.data or ""
    if text and not _LOCAL.fullmatch(text):
        return {"type": "text"}
    return {"type": "datetime-local", "step": 1} if len(text) > 16 else {"type": "datetime-local"}


def hints(notice: ProjectNotice, gaps: Iterable[str]) -> dict[str, str]:
    """By field of the form: that the notice is silent and the registration asks for it."""
    text = _("公告没有写明，登记前须补充。")
    places = {lot.number: place for place, lot in enumerate(notice.lots)}
    found = {}
    for gap in gaps:
        if gap.startswith("lots["):
            number, _dot, last = gap.removeprefix("lots[").rpartition("].")
            found[f"lot{places[number]}_{last}" if number in places else last] = text
        else:
            found[gap] = text
    return found
