"""A form with one field of each kind, for the page of components."""

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from app.forms import BeijingField, CheckboxesField, Form, MoneyField, checked_by, choice, required
from app.text import _l
from guarantees.values.codes import parse_credit_code


class SampleForm(Form):
    credit_code = StringField(_l("统一社会信用代码"), [checked_by(parse_credit_code)])
    until = SelectField(
        _l("有效期"),
        [required(_l("请选择有效期，至少到 2026-06-15。"))],
        choices=[choice("", _l("请选择")), choice("2026-06-15"), choice("2026-09-15")],
    )
    amount = MoneyField(_l("保证金额（元）"), [required(_l("请填写保证金额。"))])
    opening = BeijingField(_l("开标时间（北京时间）"), [required(_l("请填写开标时间。"))])
    consent = CheckboxesField(
        _l("授权开函机构使用下列信息（逐项，可撤回）"),
        choices=[choice("basic", _l("企业基本信息")), choice("identity", _l("经办人身份证件"))],
    )
    way = RadioField(
        _l("收取方式"), choices=[choice("fee", _l("担保费")), choice("lock", _l("保证金锁定"))]
    )
    paper = FileField(_l("联合体协议"), [required(_l("请选择联合体协议的 PDF 文件。"))])
    remark = TextAreaField(_l("理由"), [Optional()])
    passphrase = PasswordField(_l("解密口令"))
    otp = StringField(_l("动态验证码"))
    checked = BooleanField(_l("已核对金额大小写、受益人、有效期"), [required(_l("请核对后勾选。"))])
