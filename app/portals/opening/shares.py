"""The opening with an own token: sealed shares are fetched, opened locally, handed in.

Nothing is offered before the timekeeper has released the lot's shares: until then a page that
counted letters would tell how many bids there are.
"""

from collections.abc import Iterable
from io import BytesIO

from flask import Blueprint, redirect, render_template, send_file, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.auth.second_factor import prove
from app.context import house, now, read, write
from app.forms import add_errors
from app.jobs import openings, shares
from app.portals.opening import page
from app.portals.opening.page import HandInForm, TokenForm, TrialForm
from app.problems import explain
from app.shell import notify
from app.text import _
from guarantees.errors import GuaranteeError, InvalidInput, NotFound, RehearsalFailed
from guarantees.flow import rehearse
from guarantees.flow.steps.handed_in import REASONS
from guarantees.flow.steps.means import Means
from guarantees.queries import opening_keys
from guarantees.queries import openings as queries
from guarantees.queries.opening_keys import KeyRow
from signing.errors import SigningError

blueprint = Blueprint("opening_shares", __name__, url_prefix="/openings")

CMS_TYPE = "application/pkcs7-mime"


@blueprint.post("/<lot>/token")
@needs("lot.open")
def begin(lot: str) -> str | Response | tuple[str, int]:
    """The timekeeper releases; what no key of ours opens gets its verdict, the rest waits."""
    form = TokenForm()
    if form.validate_on_submit():
        try:
            openings.start_with(house(), prove(form.otp.data or ""), now(), lot, Means())
        except NotFound:
            raise
        except (GuaranteeError, SigningError) as error:
            add_errors(form, _said(error))
        else:
            openings.wait(lot, 5)  # it opens nothing: a moment, and the shares can be fetched
            notify("act", _("开标已开始。"), _("请下载密封份额，在本地解密后交回。"))
            return redirect(url_for("opening.room", lot=lot), 303)
    form.otp.data = ""
    return page.render(lot, token=form), 422


@blueprint.get("/<lot>/shares/<key>.zip")
@needs("opening.shares")
def packet(lot: str, key: str) -> Response:
    """The sealed shares that wait for this token."""
    token = _own_token(key)
    plan = shares.plan_of(house(), actor(), now(), lot)
    room = read(queries.room, actor(), now(), lot)
    title = f"{room.lot.project_name} {room.lot.number}"
    readme = render_template(
        "reports/shares/README.txt",
        title=title,
        token=token.token,
        count=shares.count(plan, token.fingerprint),
    )
    script = render_template("reports/shares/decrypt.sh")
    data = shares.packet(plan, token.fingerprint, token.public_key, readme, script)
    name = f"{room.lot.project_number or room.lot.id}-{room.lot.number}-shares.zip"
    return send_file(BytesIO(data), "application/zip", True, name)


@blueprint.post("/<lot>/shares")
@needs("lot.open")
def hand_in(lot: str) -> str | Response | tuple[str, int]:
    """Right shares open their letters; each wrong one is named."""
    form = HandInForm()
    if form.validate_on_submit():
        try:
            proved = prove(form.otp.data or "")
            judged = shares.hand_in(house(), proved, now(), lot, _uploads(form.files.data))
        except NotFound:
            raise
        except (GuaranteeError, SigningError) as error:
            add_errors(form, _said(error))
        else:
            count = len(judged.shares)
            if not judged.rejected:
                notify("act", _("收到 %(n)d 份，正在解密查验。", n=count))
                return redirect(url_for("opening.room", lot=lot), 303)
            rejected = [(name, _(REASONS[why])) for name, why in judged.rejected]
            form.otp.data = ""
            return page.render(lot, rejected=rejected, taken=count, handing_in=form)
    form.otp.data = ""
    return page.render(lot, handing_in=form), 422


@blueprint.post("/<lot>/rehearse/<key>/ask")
@needs("opening.rehearse")
def ask(lot: str, key: str) -> Response:
    """Have a trial sealed to the token."""
    write("rehearsal", rehearse.ask, actor(), now(), lot, key)
    notify("act", _("演练份额已密封。"), _("请下载，在本地解密后交回。"))
    return redirect(url_for("opening.room", lot=lot, _anchor="rehearsal-token"), 303)


@blueprint.get("/<lot>/rehearse/<key>.cms")
@needs("opening.rehearse")
def question(lot: str, key: str) -> Response:
    sealed = read(rehearse.question, actor(), now(), lot, key)
    return send_file(BytesIO(sealed), CMS_TYPE, True, "rehearsal.cms")


@blueprint.post("/<lot>/rehearse/<key>")
@needs("opening.rehearse")
def answer(lot: str, key: str) -> str | Response | tuple[str, int]:
    form = TrialForm()
    if form.validate_on_submit():
        opened = next((data for _name, data in _uploads(form.share.data)), b"")
        try:
            write("rehearsal", rehearse.answer, actor(), now(), lot, key, opened)
        except RehearsalFailed:
            text = _("不是这份演练份额解密的结果，请用登记的证书对应的私钥重新解密。")
            add_errors(form, {"share": text})
        else:
            notify("ok", _("演练通过。"), _("您的证书打开了演练份额，开标时照此操作。"))
            return redirect(url_for("opening.room", lot=lot), 303)
    return page.render(lot, trial=form), 422


def _own_token(key: str) -> KeyRow:
    row = read(opening_keys.one, actor(), now(), key)
    if not row.token:
        raise NotFound(noun="token", id=key)
    return row


def _uploads(files: object) -> Iterable[tuple[str, bytes]]:
    """Bounded by the request's own limit (app.factory)."""
    for one in files if isinstance(files, list) else []:
        if isinstance(one, FileStorage) and one.filename:
            yield one.filename, one.read()


def _said(error: GuaranteeError | SigningError) -> dict[str, str]:
    if isinstance(error, InvalidInput):
        return {name: _(text) for name, text in error.errors.items()}
    return {"": explain(error).detail}
