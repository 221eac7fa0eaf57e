"""A fresh code of the authenticator with an act: `application.decide`, `policy.decide`, `lot.open`.

The form of such an act has an `otp` field (`otp_field()`); its view calls
`prove(form.otp.data)` and hands the Actor it gets to the flow.
"""

from dataclasses import replace
from typing import Any

from flask import g, request
from werkzeug.exceptions import Unauthorized
from wtforms import StringField, ValidationError

from app.auth import cookie, throttle
from app.auth.guard import signed_in
from app.auth.login import counted, limits
from app.context import now, write
from app.text import _, _l
from guarantees.errors import InvalidInput
from guarantees.flow import sign_in as flow
from guarantees.tables.permissions import SECOND_FACTOR_FRESH
from guarantees.values.actor import Actor

FIELD = "otp"


def prove(typed: str | None) -> Actor:
    """The Actor of this request with `second_factor_at`, if the code is right.

    A code counts once, and for one act (the address that the form is sent to); within
    SECOND_FACTOR_FRESH the same act can be corrected and sent again without another one.
    InvalidInput on field "otp" for a wrong or used code, SignInLocked after too many.
    """
    found, held = signed_in(), cookie.held()
    if found is None or held is None:
        raise Unauthorized
    if proved() and found.proved_at is not None:
        return replace(found.actor, second_factor_at=found.proved_at)
    if not (typed or "").strip():
        raise InvalidInput({FIELD: _("请填写动态验证码。")})
    limits().sign_ins.charge(throttle.address(), now())
    answer = write("sign_in", flow.prove, found.actor, now(), held.token, request.path, typed or "")
    if not counted(answer):
        raise Unauthorized
    g.proved_act = request.path
    return replace(found.actor, second_factor_at=now())


def proved() -> bool:
    """Whether this very act had its code a moment ago: the form then need not ask again."""
    if g.get("proved_act") == request.path:
        return True
    found = signed_in()
    if found is None or found.proved_at is None or found.proved_for != request.path:
        return False
    return now() - SECOND_FACTOR_FRESH <= found.proved_at <= now()


def code_needed(_form: Any, field: Any) -> None:
    """A validator: the field may stay empty only while the act's code still counts."""
    if not (field.data or "").strip() and not proved():
        raise ValidationError(_("请填写 6 位动态验证码。"))


def otp_field(id: str = FIELD) -> Any:  # noqa: A002 - as WTForms calls it
    """The field for the code: digits on a phone's keyboard, filled by its authenticator.

    id: of its own where a page has several.
    """
    return StringField(
        _l("动态验证码"),
        id=id,
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 12},
    )
