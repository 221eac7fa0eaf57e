"""Keys lost, after T: two people of the procurer ask for the recovery key, hand in its answer."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Blueprint, redirect, send_file, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.auth.second_factor import prove
from app.context import house, now, read, write
from app.forms import Form, add_errors
from app.jobs import recoveries
from app.portals.opening import page
from app.portals.opening.page import AgreeForm, AnswerForm, AskForm
from app.problems import explain
from app.shell import notify
from app.text import _
from guarantees.errors import GuaranteeError, InvalidInput, NotFound
from guarantees.flow import recover_lot
from guarantees.queries import openings as queries
from guarantees.values.actor import Actor
from signing.errors import SigningError
from signing.seal.recovery import MAX_FILE

blueprint = Blueprint("recovery", __name__, url_prefix="/openings")


@blueprint.post("/<lot>/recovery")
@needs("recovery.ask")
def ask(lot: str) -> str | Response | tuple[str, int]:
    form = AskForm()

    def act(proved: Actor) -> None:
        write("recovery", recover_lot.ask, proved, now(), lot, form.reason.data or "")
        notify("act", _("申请已提交。"), _("请本单位另一位开标人在本页同意。"))

    return _done(lot, "asking", form, act)


@blueprint.post("/<lot>/recovery/agree")
@needs("recovery.ask")
def agree(lot: str) -> str | Response | tuple[str, int]:
    form = AgreeForm()

    def act(proved: Actor) -> None:
        write("recovery", recover_lot.second, proved, now(), lot)
        notify("act", _("已同意。"), _("平台安全管理员确认后，可以下载恢复份额。"))

    return _done(lot, "agreeing", form, act)


@blueprint.post("/<lot>/recovery/withdraw")
@needs("recovery.ask")
def withdraw(lot: str) -> str | Response | tuple[str, int]:
    form = AgreeForm()

    def act(proved: Actor) -> None:
        write("recovery", recover_lot.withdraw, proved, now(), lot)
        notify("ok", _("申请已撤回。"))

    return _done(lot, "agreeing", form, act)


@blueprint.get("/<lot>/recovery/request.json")
@needs("opening.shares")
def request_file(lot: str) -> Response:
    """What the recovery key's keeper answers, offline: ./baohan recover FILE --key KEYFILE."""
    data = recoveries.request_file(house(), actor(), now(), lot)
    held = read(queries.room, actor(), now(), lot).lot
    name = f"{held.project_number or held.id}-{held.number}-recovery.json"
    return send_file(BytesIO(data), "application/json", True, name)


@blueprint.post("/<lot>/recovery/answer")
@needs("lot.open")
def answer(lot: str) -> str | Response | tuple[str, int]:
    form = AnswerForm()

    def act(proved: Actor) -> None:
        file = form.answer.data
        data = file.read(MAX_FILE + 1) if isinstance(file, FileStorage) else b""
        recoveries.hand_in(house(), proved, now(), lot, data)
        notify("act", _("正在解密查验。"), _("可以离开本页，结果会保留。"))

    return _done(lot, "answering", form, act)


def _done(
    lot: str, name: str, form: Any, act: Callable[[Actor], None]
) -> str | Response | tuple[str, int]:
    """The room again, with what was wrong if anything was."""
    if form.validate_on_submit():
        try:
            act(prove(form.otp.data or ""))
        except NotFound:
            raise
        except InvalidInput as error:
            add_errors(form, {field: _(text) for field, text in error.errors.items()})
        except (GuaranteeError, SigningError) as error:
            add_errors(form, {"": explain(error).detail})
        else:
            return redirect(url_for("opening.room", lot=lot), 303)
    form.otp.data = ""
    return page.render(lot, **_sent(name, form)), 422


def _sent(name: str, form: Form) -> dict[str, Any]:
    return {name: form}
