"""The operator's page of trustees: the profile in force, who is there to act, and changing it."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField

from app.auth.guard import actor, needs
from app.auth.second_factor import otp_field, prove, proved
from app.context import now, read, write
from app.forms import Form, add_errors, choice
from app.portals.trustee.words import PRESENCE
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import GuaranteeError, InvalidInput
from guarantees.flow import set_trust
from guarantees.queries import trustees as queries
from guarantees.queries.trustees import TrustPage
from guarantees.tables.permissions import allowed
from guarantees.tables.trust import PROFILES, TRUSTEES

blueprint = Blueprint("trust", __name__, url_prefix="/trust")


class TrustForm(Form):
    profile = RadioField(_l("解锁方式"))
    regulator = SelectField(_l("财政监管部门"), default="")
    trading_centre = SelectField(_l("公共资源交易中心"), default="")
    association = SelectField(_l("行业协会"), default="")
    otp = otp_field()

    def __init__(self, held: TrustPage) -> None:
        super().__init__()
        self.profile.choices = [choice(key, _(text)) for key, text in PROFILES.items()]
        for role in TRUSTEES:
            found = [choice(one.organisation, one.name) for one in held.candidates[role]]
            self[role].choices = [choice("", _("不设")), *found]


@blueprint.get("/")
@needs("operator.read")
def index() -> str:
    held = read(queries.page, actor(), now())
    form = TrustForm(held)
    form.profile.data = held.profile
    for one in held.presence:
        form[one.role].data = one.organisation
    return _page(held, form)


@blueprint.post("/")
@needs("trust.set")
def change() -> str | Response | tuple[str, int]:
    """It counts for letters sealed from now on, and goes into the transparency log."""
    held = read(queries.page, actor(), now())
    form = TrustForm(held)
    if form.validate_on_submit():
        chosen = {role: str(form[role].data or "") for role in TRUSTEES}
        try:
            able = prove(form.otp.data or "")
            write("set_trust", set_trust.set_profile, able, now(), form.profile.data or "", chosen)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        except GuaranteeError as error:
            add_errors(form, {"": explain(error).detail})
        else:
            notify("ok", _("已更改。"), _("只对此后密封的保函有效；变更已记入公开日志。"))
            return redirect(url_for(".index"), 303)
    form.otp.data = ""
    return _page(held, form), 422


def _page(held: TrustPage, form: TrustForm) -> str:
    return render_template(
        "portals/people/trust.html",
        trust=held,
        form=form,
        proved=proved(),
        presence=PRESENCE,
        profiles=PROFILES,
        trustees=TRUSTEES,
        may_set=allowed(actor(), "trust.set"),
    )
