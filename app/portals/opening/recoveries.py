"""The operator's side of the recovery key: what was asked for, and the security administrator's
decision."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField, TextAreaField

from app.auth.guard import actor, needs
from app.auth.second_factor import code_needed, prove, proved
from app.context import now, read, write
from app.forms import Form, add_errors, choice, required
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import GuaranteeError, InvalidInput, NotFound
from guarantees.flow import recover_lot
from guarantees.queries import recoveries as queries
from guarantees.tables.permissions import allowed

blueprint = Blueprint("recoveries", __name__, url_prefix="/recoveries")


class DecideForm(Form):
    word = RadioField(_l("决定"), [required(_l("请选择同意或不同意。"))])
    note = TextAreaField(_l("说明"))
    otp = StringField(_l("动态验证码"), [code_needed])

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self.word.choices = [choice("confirmed", _("同意")), choice("refused", _("不同意"))]


@blueprint.get("/")
@needs("operator.read")
def index() -> str:
    return render_template(
        "portals/opening/recoveries.html", rows=read(queries.listed, actor(), now())
    )


@blueprint.get("/<request_id>")
@needs("operator.read")
def show(request_id: str) -> str:
    return _page(request_id, DecideForm(None))


@blueprint.post("/<request_id>/decide")
@needs("recovery.decide")
def decide(request_id: str) -> str | Response | tuple[str, int]:
    form = DecideForm()
    if form.validate_on_submit():
        try:
            proved_actor = prove(form.otp.data or "")
            word, note = form.word.data or "", form.note.data or ""
            write("recovery", recover_lot.decide, proved_actor, now(), request_id, word, note)
        except NotFound:
            raise
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        except GuaranteeError as error:
            add_errors(form, {"": explain(error).detail})
        else:
            notify("ok", _("决定已记入。"), _("采购人会收到邮件。"))
            return redirect(url_for(".show", request_id=request_id), 303)
    form.otp.data = ""
    return _page(request_id, form), 422


def _page(request_id: str, form: DecideForm) -> str:
    return render_template(
        "portals/opening/recovery_decision.html",
        row=read(queries.one, actor(), now(), request_id),
        form=form,
        proved=proved(),
        may_decide=allowed(actor(), "recovery.decide"),
    )
