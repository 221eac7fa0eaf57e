"""A trustee's portal: what waits for it, and agreeing to a release (同意解锁)."""

from io import BytesIO

from flask import Blueprint, redirect, render_template, send_file, url_for
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import PasswordField

from app.auth.guard import actor, needs
from app.auth.passphrase import counted_try
from app.auth.second_factor import otp_field, prove, proved
from app.auth.throttle import PassphraseResting
from app.context import house, now, read
from app.forms import Form, add_errors, required
from app.jobs import approvals
from app.portals.trustee.words import PRESENCE
from app.problems import explain
from app.shell import notify
from app.text import _, _l, ngettext
from guarantees.errors import GuaranteeError, InvalidInput, NotFound, PassphraseRefused
from guarantees.flow import approve_release
from guarantees.queries import trustees as queries
from guarantees.tables.permissions import allowed
from guarantees.tables.trust import PROFILES
from signing.errors import SigningError

blueprint = Blueprint("trustee", __name__, url_prefix="/trustee")


class ApproveForm(Form):
    """What only the person has: passphrase of the key, code of the authenticator."""

    passphrase = PasswordField(_l("受托口令"), [required(_l("请输入受托口令。"))])
    otp = otp_field()


class AnswerForm(Form):
    answer = FileField(_l("答复文件"))
    otp = otp_field("otp-answer")


@blueprint.get("/")
@needs("trustee.read")
def index() -> str:
    """Says nothing about bids: lots with and without any are listed alike."""
    return render_template(
        "portals/trustee/index.html",
        desk=read(queries.desk, actor(), now()),
        presence=PRESENCE,
        profiles=PROFILES,
        may_approve=allowed(actor(), "release.approve"),
    )


@blueprint.get("/lots/<lot>")
@needs("release.read")
def lot(lot: str) -> str:
    return _page(lot, ApproveForm(), AnswerForm())


@blueprint.post("/lots/<lot>/approve")
@needs("release.approve")
def approve(lot: str) -> str | Response | tuple[str, int]:
    """Agree with a key that the platform keeps; the passphrase lives in this request only."""
    form = ApproveForm()
    if form.validate_on_submit():
        try:
            able = prove(form.otp.data or "")
            with counted_try(able, lot, note=approve_release.note_refused):
                count = approvals.approve(house(), able, now(), lot, form.passphrase.data or "")
        except NotFound:
            raise
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        except (GuaranteeError, SigningError) as error:
            add_errors(form, {_field(error): explain(error).detail})
        else:
            return _agreed(lot, count)
    form.otp.data = ""
    return _page(lot, form, AnswerForm()), 422


@blueprint.get("/lots/<lot>/request.json")
@needs("release.approve")
def request_file(lot: str) -> Response:
    """For a trustee who keeps its key: `./baohan trustee` makes the answer."""
    data = approvals.request_file(house(), actor(), now(), lot)
    return send_file(BytesIO(data), "application/json", True, f"release-{lot}.json")


@blueprint.post("/lots/<lot>/answer")
@needs("release.approve")
def answer(lot: str) -> str | Response | tuple[str, int]:
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            able = prove(form.otp.data or "")
            given = form.answer.data.read() if form.answer.data else b""
            count = approvals.take_answer(house(), able, now(), lot, given)
        except NotFound:
            raise
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        except (GuaranteeError, SigningError) as error:
            add_errors(form, {"answer": explain(error).detail})
        else:
            return _agreed(lot, count)
    form.otp.data = ""
    return _page(lot, ApproveForm(formdata=None), form), 422


def _agreed(lot: str, count: int) -> Response:
    text = _("本标段没有需要贵单位份额的保函。")
    if count:
        text = ngettext(
            "涉及 %(num)d 份保函，开标会自动继续。", "涉及 %(num)d 份保函，开标会自动继续。", count
        )
    notify("ok", _("已同意解锁。"), text)
    return redirect(url_for(".lot", lot=lot), 303)


def _field(error: GuaranteeError | SigningError) -> str:
    about = (PassphraseRefused, PassphraseResting)
    return "passphrase" if isinstance(error, about) else ""


def _page(lot: str, form: ApproveForm, answering: AnswerForm) -> str:
    row = read(queries.waiting_lot, actor(), now(), lot)
    letters, problem = 0, ""
    try:
        letters = approvals.waiting(house(), actor(), now(), lot).letters
    except NotFound:
        raise
    except (GuaranteeError, SigningError) as error:
        problem = explain(error).detail
    keys = read(queries.keys, actor(), now())
    return render_template(
        "portals/trustee/lot.html",
        waiting=row,
        letters=letters,
        problem=problem,
        form=form,
        answering=answering,
        proved=proved(),
        kept=any(key.kept for key in keys),
        own=any(not key.kept for key in keys),
    )
