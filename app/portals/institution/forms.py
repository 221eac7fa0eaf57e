"""Forms of the institution's pages."""

from typing import Any

from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from app.auth.second_factor import code_needed
from app.forms import DateField, Form, MoneyField, PercentField, choice, required
from app.portals.wording import FORM_NOTES, FORMS
from app.text import _, _l
from guarantees.flow.publish_product import LONGEST_PROMISE_MINUTES
from guarantees.records.product import FORMS as OFFERED
from guarantees.sums.due_back import MOST


class OpinionForm(Form):
    """The maker's opinion."""

    decision = RadioField(
        _l("经办意见"),
        [required(_l("请选择一项。"))],
        choices=[
            choice("approve", _l("建议同意")),
            choice("decline", _l("建议不予承保")),
            choice("back", _l("退回供应商补正")),
        ],
    )
    reason = TextAreaField(_l("理由"), [Length(max=1000)])


class DecisionForm(Form):
    """The checker's decision; the code of the authenticator goes with the act itself."""

    decision = RadioField(
        _l("决定"),
        [required(_l("请选择一项。"))],
        choices=[
            choice("approve", _l("同意承保")),
            choice("back", _l("退回经办")),
            choice("decline", _l("不予承保")),
        ],
    )
    reason = TextAreaField(_l("理由"), [Length(max=1000)])
    checked = BooleanField(_l("已核对金额大小写、受益人、有效期"), [required(_l("请确认已核对。"))])
    otp = StringField(_l("动态验证码"), [code_needed])


class CodeForm(Form):
    """An act that needs nothing but the authenticator's code."""

    otp = StringField(_l("动态验证码"), [required(_l("请填写 6 位动态验证码。"))])


class ProductForm(Form):
    name = StringField(_l("产品名称"), [required(_l("请填写产品名称。")), Length(max=100)])
    form = RadioField(_l("函件形式"), [required(_l("请选择一项。"))])
    rate = PercentField(_l("费率"), [required(_l("请填写费率，如 0.45%。"))])
    minimum = MoneyField(_l("最低保费（元）"), [required(_l("请填写最低保费，没有的填 0。"))])
    ceiling = MoneyField(_l("单笔上限（元）"), [required(_l("请填写单笔上限。"))])
    regions = StringField(_l("办理地区"), [Length(max=500)])
    minutes = IntegerField(
        _l("承诺出函时间（分钟）"),
        [
            required(_l("请填写承诺出函时间。")),
            NumberRange(1, LONGEST_PROMISE_MINUTES, _l("应在 1 分钟到 30 天之间。")),
        ],
    )
    back_withdrawn = IntegerField(
        _l("投标截止前撤回保函的退费（%）"),
        [Optional(), NumberRange(0, MOST, _l("应在 0 到 100 之间。"))],
    )
    back_ended = IntegerField(
        _l("采购失败或终止的退费（%）"),
        [Optional(), NumberRange(0, MOST, _l("应在 0 到 100 之间。"))],
    )
    automatic = BooleanField(_l("在自动承保政策内自动承保"))
    consortium = BooleanField(_l("支持联合体"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.choices = [
            choice(code, f"{_(FORMS[code])}：{_(FORM_NOTES[code])}") for code in OFFERED
        ]


class PolicyForm(Form):
    """Limits within which letters issue by themselves."""

    ceiling = MoneyField(_l("单笔上限（元）"), [required(_l("请填写单笔上限。"))])
    supplier_ceiling = MoneyField(_l("单户上限（元）"), [required(_l("请填写单户上限。"))])
    total = MoneyField(_l("总额上限（元）"), [required(_l("请填写总额上限。"))])
    expires_on = DateField(_l("有效期至"), [required(_l("请填写有效期。"))])
    consortium = BooleanField(_l("包括联合体"))
