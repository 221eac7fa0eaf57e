"""Legal holds: the operator's auditors set and lift them, regulators see them (GPL-42)."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from app.auth.guard import actor, needs
from app.auth.second_factor import otp_field, prove, proved
from app.context import now, read, write
from app.forms import Form, add_errors, required
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import GuaranteeError, InvalidInput, NotFound
from guarantees.flow import hold as flow
from guarantees.queries import keeping
from guarantees.queries.keeping import HoldRow
from guarantees.tables.permissions import allowed

blueprint = Blueprint("holds", __name__, url_prefix="/holds")


class HoldForm(Form):
    project = StringField(_l("项目编号"), [required(_l("请填写项目编号。")), Length(max=100)])
    reason = TextAreaField(_l("保全原因"), [required(_l("请写明原因。")), Length(max=1000)])
    otp = otp_field()


class LiftForm(Form):
    reason = TextAreaField(_l("解除原因"), [required(_l("请写明原因。")), Length(max=1000)])
    otp = otp_field()


@blueprint.get("/")
@needs("hold.read")
def index() -> str:
    """All holds, those that stand first."""
    return _page(HoldForm())


@blueprint.post("/")
@needs("hold.set")
def place() -> str | Response | tuple[str, int]:
    form = HoldForm()
    if form.validate():
        try:
            acting = prove(form.otp.data)
            project, reason = form.project.data or "", form.reason.data or ""
            write("hold", flow.place, acting, now(), project, reason)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        except GuaranteeError as error:
            add_errors(form, {"": explain(error).detail})
        else:
            notify("ok", _("保全已设立。"), _("解除之前，这个项目的档案不会删除。"))
            return redirect(url_for(".index"), 303)
    form.otp.data = ""
    return _page(form), 422


@blueprint.route("/<hold>/lift", methods=["GET", "POST"])
@needs("hold.set")
def lift(hold: str) -> str | Response | tuple[str, int]:
    held = _held(hold)
    form = LiftForm()
    if form.validate_on_submit():
        try:
            acting = prove(form.otp.data)
            write("hold", flow.lift, acting, now(), hold, form.reason.data or "")
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify("ok", _("保全已解除。"))
            return redirect(url_for(".index"), 303)
    failed, form.otp.data = bool(form.errors), ""
    page = render_template("portals/operator/lift.html", hold=held, form=form, proved=proved())
    return (page, 422) if failed else page


def _held(hold: str) -> HoldRow:
    listed = read(keeping.holds, actor(), now())
    found = next((one for one in listed if one.id == hold and one.state == "set"), None)
    if found is None:
        raise NotFound(noun="hold", id=hold)
    return found


def _page(form: HoldForm) -> str:
    return render_template(
        "portals/operator/holds.html",
        holds=read(keeping.holds, actor(), now()),
        form=form,
        proved=proved(),
        may_set=allowed(actor(), "hold.set"),
    )
