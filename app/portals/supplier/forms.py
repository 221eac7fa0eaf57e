"""Forms of the supplier's pages."""

import secrets
from typing import Any

from wtforms import (
    FieldList,
    FormField,
    HiddenField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms import Form as PlainForm
from wtforms.validators import Length, Optional

from app.forms import CheckboxesField, Form, checked_by, choice, required
from app.text import _, _l
from guarantees.flow.apply import CONSENT_ITEMS
from guarantees.values.codes import parse_bank_account, parse_credit_code

MOST_MEMBERS = 5
LONGEST_NAME = 100
"""Characters."""


class MemberForm(PlainForm):  # type: ignore[misc]  # wtforms is not typed
    """A member of a consortium (联合体成员)."""

    name = StringField(
        _l("成员名称"), [Length(max=LONGEST_NAME, message=_l("最多 %(max)d 个字，请缩短。"))]
    )
    credit_code = StringField(_l("统一社会信用代码"))

    @property
    def filled(self) -> bool:
        """An empty line is no member."""
        return bool((self.name.data or "").strip() or (self.credit_code.data or "").strip())

    def validate_name(self, field: Any) -> None:
        if self.filled and not (field.data or "").strip():
            raise ValidationError(_("请填写这个成员的名称。"))

    def validate_credit_code(self, field: Any) -> None:
        if self.filled:
            checked_by(parse_credit_code)(self, field)


class ApplicationForm(Form):
    """What is asked besides the choice of products; see guarantees.flow.apply."""

    key = HiddenField(default=lambda: secrets.token_urlsafe(18))
    """Idempotency key: the form sent twice makes one application."""
    contact = StringField(
        _l("联系人和电话"),
        [required(_l("请填写联系人和电话，便于机构联系您。")), Length(max=100)],
    )
    payer_account = StringField(_l("付款账户"), [Optional(), checked_by(parse_bank_account)])
    members = FieldList(FormField(MemberForm), max_entries=MOST_MEMBERS)
    consents = CheckboxesField(_l("授权与确认"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.consents.choices = [
            choice(item, f"{_(name)}：{_(purpose)}，{_(until)}")
            for item, (name, purpose, until) in CONSENT_ITEMS.items()
        ]

    def validate_consents(self, field: Any) -> None:
        """The flow asks for them, too; here they are named together with all other mistakes."""
        missing = [_(CONSENT_ITEMS[one][0]) for one in CONSENT_ITEMS if one not in field.data]
        if missing:
            sentence = _("机构承保需要下列信息，请逐项授权：%(items)s", items=_("、").join(missing))
            raise ValidationError(sentence)


class PayForm(Form):
    payer_account = StringField(
        _l("付款账户"),
        [required(_l("请填写付款账户。")), checked_by(parse_bank_account)],
    )


class AnswerForm(Form):
    answer = TextAreaField(_l("补正内容"), [required(_l("请写明补正的内容。")), Length(max=1000)])


class PlainPost(Form):
    """A button: nothing but the CSRF token."""
