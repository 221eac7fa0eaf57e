"""Forms of people and rights. What a flow checks is checked here too, field by field."""

from collections.abc import Sequence
from typing import Any

from wtforms import (
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import Length, Optional

from app.auth.passwords import weakness
from app.auth.second_factor import otp_field
from app.forms import CheckboxesField, Form, checked_by, choice, required
from app.portals.navigation import ROLE_NAMES
from app.portals.people.wording import LEVELS
from app.portals.wording import INSTITUTIONS
from app.text import _, _l
from guarantees.flow.admit import REASON_LIMIT
from guarantees.flow.enter_organisation import ENTERED_ROLES, LINE_LIMIT, REGION_LIMIT
from guarantees.tables.permissions import PERSON_ROLES, ROLES_OF
from guarantees.values.codes import parse_bank_account, parse_credit_code
from guarantees.values.contacts import (
    PERSON_NAME_LIMIT,
    parse_login_wish,
    parse_mail,
    parse_person_name,
)
from guarantees.values.parties import NAME_LIMIT

LOGIN = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
OLD_PASSWORD = {"autocomplete": "current-password"}
NEW_PASSWORD = {"autocomplete": "new-password"}
MAIL = {"autocomplete": "email", "inputmode": "email"}


class PlainPost(Form):
    """A button: nothing but the CSRF token."""


class SignInForm(Form):
    login = StringField(_l("用户名"), [required(_l("请填写用户名。"))], render_kw=LOGIN)
    password = PasswordField(_l("密码"), [required(_l("请填写密码。"))], render_kw=OLD_PASSWORD)


class CodeForm(Form):
    otp = otp_field()


class NewPasswordForm(Form):
    """Two fields for a new password; subclasses say which words must not stand in it."""

    password = PasswordField(_l("设置密码"), [required(_l("请设置密码。"))], render_kw=NEW_PASSWORD)
    repeated = PasswordField(
        _l("再输入一次密码"), [required(_l("请再输入一次密码。"))], render_kw=NEW_PASSWORD
    )

    def own_words(self) -> Sequence[str]:
        return ()

    def validate_password(self, field: Any) -> None:
        weak = weakness(field.data or "", *self.own_words())
        if weak:
            raise ValidationError(weak)

    def validate_repeated(self, field: Any) -> None:
        if field.data != self.password.data:
            raise ValidationError(_("两次输入的密码不一样，请重新输入。"))


class RegisterForm(NewPasswordForm):
    """A supplier registers itself."""

    name = StringField(_l("单位名称"), [required(_l("请填写单位名称。")), Length(max=NAME_LIMIT)])
    credit_code = StringField(
        _l("统一社会信用代码"),
        [required(_l("请填写统一社会信用代码。")), checked_by(parse_credit_code)],
    )
    region = StringField(
        _l("所在地区"),
        [required(_l("请填写所在地区，如“山西省太原市”。")), Length(max=REGION_LIMIT)],
    )
    account = StringField(
        _l("基本存款账户账号"),
        [required(_l("请填写基本存款账户账号。")), checked_by(parse_bank_account)],
        render_kw={"inputmode": "numeric"},
    )
    person_name = StringField(
        _l("您的姓名"),
        [required(_l("请填写您的姓名。")), checked_by(parse_person_name)],
        render_kw={"autocomplete": "name"},
    )
    mail = StringField(
        _l("您的邮箱"), [required(_l("请填写您的邮箱。")), checked_by(parse_mail)], render_kw=MAIL
    )
    login_wish = StringField(
        _l("用户名"),
        [required(_l("请填写用户名。")), checked_by(parse_login_wish)],
        render_kw=LOGIN,
    )

    def own_words(self) -> Sequence[str]:
        local_part = (self.mail.data or "").partition("@")[0]
        return (self.credit_code.data or "", self.login_wish.data or "", local_part)


class AcceptForm(NewPasswordForm):
    """An invited person chooses login and password."""

    login_wish = StringField(
        _l("用户名"),
        [required(_l("请填写用户名。")), checked_by(parse_login_wish)],
        render_kw=LOGIN,
    )

    def own_words(self) -> Sequence[str]:
        return (self.login_wish.data or "",)


class ChangePasswordForm(NewPasswordForm):
    old_password = PasswordField(
        _l("现在的密码"), [required(_l("请填写现在的密码。"))], render_kw=OLD_PASSWORD
    )

    def __init__(self, *own: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._own = own

    def own_words(self) -> Sequence[str]:
        return self._own


class RolesForm(Form):
    """Roles that the organisation can give; the operator gives one to each person."""

    roles = CheckboxesField(_l("角色"), [required(_l("请至少选择一个角色。"))])

    def __init__(self, organisation_role: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        offered = ROLES_OF[organisation_role]
        self.roles.choices = [choice(role, _(PERSON_ROLES[role])) for role in offered]


class InviteForm(RolesForm):
    name = StringField(_l("姓名"), [required(_l("请填写姓名。")), checked_by(parse_person_name)])
    mail = StringField(_l("邮箱"), [required(_l("请填写邮箱。")), checked_by(parse_mail)])


class RefuseForm(Form):
    reason = TextAreaField(
        _l("不予通过的原因"),
        [required(_l("请写明原因，申请人会在邮件中看到。")), Length(max=REASON_LIMIT)],
    )


class EnterOrganisationForm(Form):
    """The operator enters an organisation; which fields count depends on its role."""

    role = RadioField(_l("单位类型"), [required(_l("请选择单位类型。"))])
    name = StringField(_l("单位名称"), [required(_l("请填写单位名称。")), Length(max=NAME_LIMIT)])
    credit_code = StringField(
        _l("统一社会信用代码"),
        [required(_l("请填写统一社会信用代码。")), checked_by(parse_credit_code)],
    )
    region = StringField(
        _l("所在地区"),
        [required(_l("请填写所在地区，如“山西省太原市”。")), Length(max=REGION_LIMIT)],
    )
    contact = StringField(_l("联系方式"), [Optional(), Length(max=LINE_LIMIT)])
    administrator_name = StringField(
        _l("首位管理员姓名"),
        [
            required(_l("请填写首位管理员姓名。")),
            checked_by(parse_person_name),
            Length(max=PERSON_NAME_LIMIT),
        ],
    )
    administrator_mail = StringField(
        _l("首位管理员邮箱"),
        [required(_l("请填写首位管理员邮箱，邀请会发到这里。")), checked_by(parse_mail)],
    )
    institution_type = SelectField(_l("机构类型"), [Optional()])
    account = StringField(_l("收取保费的账号"), [Optional(), checked_by(parse_bank_account)])
    address = StringField(_l("索赔文件提交地址"), [Optional(), Length(max=LINE_LIMIT)])
    signatory = StringField(_l("签署人"), [Optional(), Length(max=PERSON_NAME_LIMIT)])
    level = SelectField(_l("层级"), [Optional()])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role.choices = [choice(one, _(ROLE_NAMES[one])) for one in ENTERED_ROLES]
        self.institution_type.choices = _with_none(INSTITUTIONS)
        self.level.choices = _with_none(LEVELS)


def _with_none(words: Any) -> list[Any]:
    offered = [choice(key, _(text)) for key, text in words.items()]
    return [choice("", _("请选择")), *offered]
