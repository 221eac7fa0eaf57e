"""A trustee's keys (受托钥匙): making, registering, retiring, rehearsing."""

from io import BytesIO

from flask import Blueprint, redirect, render_template, send_file, url_for
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField

from app.auth.guard import actor, needs
from app.auth.passphrase import counted_try
from app.context import house, now, read, write
from app.forms import Form, add_errors, required
from app.jobs import approvals
from app.portals.new_key import KeyForm, add_faults
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import InvalidInput, PassphraseRefused, SignInLocked
from guarantees.flow import make_trustee_key, rehearse_trustee
from guarantees.queries import trustees as queries
from guarantees.tables.permissions import allowed

blueprint = Blueprint("trustee_keys", __name__, url_prefix="/trustee/keys")


class OwnKeyForm(Form):
    public_key = StringField(_l("公开钥匙"), [required(_l("请填写公开钥匙。"))])


class RehearseForm(Form):
    trial = PasswordField(_l("受托口令"), [required(_l("请输入受托口令。"))])


class AnswerForm(Form):
    answer = FileField(_l("答复文件"))


@blueprint.get("/")
@needs("trustee.read")
def index() -> str:
    return _page()


@blueprint.post("/")
@needs("trustee_key.make")
def make() -> str | Response | tuple[str, int]:
    """Make a pair."""
    form = KeyForm()
    if form.validate_on_submit():
        try:
            prepared = form.prepared()
            write(
                "trustee_key",
                make_trustee_key.store,
                actor(),
                now(),
                prepared.public_key,
                prepared.wrapped_private or b"",  # made under a passphrase: never None
            )
        except InvalidInput as error:
            add_faults(form, error)
        else:
            text = _("请把口令保管好：平台不保存口令，忘记了谁也无法找回。接着请演练一次。")
            notify("ok", _("受托钥匙已建立。"), text)
            return redirect(url_for(".index"), 303)
    return _page(make=form), 422


@blueprint.post("/register")
@needs("trustee_key.make")
def register() -> str | Response | tuple[str, int]:
    """Only the public half comes here."""
    form = OwnKeyForm()
    if form.validate_on_submit():
        try:
            typed = form.public_key.data or ""
            write("trustee_key", make_trustee_key.register, actor(), now(), typed)
        except InvalidInput as error:
            add_faults(form, error)
        else:
            notify("ok", _("受托钥匙已登记。"), _("私有的一半仍在您手中。接着请演练一次。"))
            return redirect(url_for(".index"), 303)
    return _page(register=form), 422


@blueprint.post("/<key>/retire")
@needs("trustee_key.make")
def retire(key: str) -> Response:
    try:
        write("trustee_key", make_trustee_key.retire, actor(), now(), key)
    except InvalidInput as error:
        for text in error.errors.values():
            notify("warn", _("没有停用。"), _(text))
    else:
        notify("ok", _("已停用。"), _("此前密封的函件仍须用它办理，请继续保管口令。"))
    return redirect(url_for(".index"), 303)


@blueprint.get("/<key>/wrapped.key")
@needs("trustee.rehearse")
def wrapped(key: str) -> Response:
    """The key under its passphrase: to keep a copy of, or to approve with by command."""
    data = read(rehearse_trustee.wrapped_key, actor(), now(), key)
    return send_file(BytesIO(data), "application/octet-stream", True, f"trustee-{key}.key")


# --- rehearsal --------------------------------------------------------------------------------


@blueprint.post("/rehearse")
@needs("trustee.rehearse")
def rehearse() -> str | Response | tuple[str, int]:
    form = RehearseForm()
    if form.validate_on_submit():
        try:
            with counted_try(actor(), "", note=None):
                approvals.rehearse(house(), actor(), now(), form.trial.data or "")
        except (PassphraseRefused, SignInLocked) as error:
            add_errors(form, {"trial": explain(error).detail})
        else:
            return _rehearsed()
    return _page(rehearse=form), 422


@blueprint.get("/rehearsal.json")
@needs("trustee.rehearse")
def rehearsal_file() -> Response:
    data = approvals.rehearsal_file(house(), actor(), now())
    return send_file(BytesIO(data), "application/json", True, "rehearsal.json")


@blueprint.post("/rehearsal-answer")
@needs("trustee.rehearse")
def rehearsal_answer() -> str | Response | tuple[str, int]:
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            given = form.answer.data.read() if form.answer.data else b""
            approvals.take_rehearsal(house(), actor(), now(), given)
        except InvalidInput as error:
            add_faults(form, error)
        else:
            return _rehearsed()
    return _page(answer=form), 422


def _rehearsed() -> Response:
    notify("ok", _("演练通过。"), _("钥匙可以使用，平台已记下时间。"))
    return redirect(url_for(".index"), 303)


def _page(
    *,
    make: Form | None = None,
    register: Form | None = None,
    rehearse: Form | None = None,
    answer: Form | None = None,
) -> str:
    """A form that was sent keeps its errors; the others are empty."""
    return render_template(
        "portals/trustee/keys.html",
        make=make or KeyForm(formdata=None),
        register=register or OwnKeyForm(formdata=None),
        rehearse=rehearse or RehearseForm(formdata=None),
        answer=answer or AnswerForm(formdata=None),
        key_list=read(queries.keys, actor(), now()),
        may_make=allowed(actor(), "trustee_key.make"),
    )
