"""Taking an issued letter back before the deadline: a page of consequences, then the act."""

import json
from io import BytesIO

from flask import Blueprint, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from app.auth.guard import actor, needs
from app.context import now, read, write
from app.forms import Form, required
from app.shell import notify
from app.text import _, _l
from guarantees.errors import NotFound, SubmissionClosed
from guarantees.flow import withdraw_letter as flow
from guarantees.queries import cases as queries
from guarantees.queries.cases import CaseView
from guarantees.records import withdrawal
from guarantees.tables.lifecycle import may
from guarantees.values.moments import beijing_text

blueprint = Blueprint("withdrawing", __name__, url_prefix="/supplier")


class WithdrawForm(Form):
    """The second step: the consequences were read."""

    sure = BooleanField(
        _l("我已知晓：撤回后这份保函永远不再解密，不能恢复"), [required(_l("请先确认。"))]
    )
    reason = TextAreaField(_l("撤回原因"), [Length(max=500)])


@blueprint.route("/cases/<case>/withdraw-letter", methods=["GET", "POST"])
@needs("letter.withdraw")
def letter(case: str) -> str | Response | tuple[str, int]:
    view, form = read(queries.view, actor(), case), WithdrawForm()
    if not may("application", view.case.state, "letter.withdraw"):
        return redirect(url_for("supplier.case", case=case))
    closes = view.lot.deadline
    if closes is None or now() >= closes:
        raise SubmissionClosed(beijing_text(closes) if closes else "—", noun="lot", id=view.lot.id)
    if form.validate_on_submit():
        reason = form.reason.data or ""
        write("withdraw_letter", flow.withdraw, actor(), now(), case, reason)
        notify("ok", _("保函已撤回。"), _("您可以为这个标段另行申请。"))
        return redirect(url_for("supplier.case", case=case))
    page = _page(view, form)
    return (page, 422) if form.errors else page


@blueprint.get("/cases/<case>/withdrawal.json")
@needs("supplier.read")
def proof(case: str) -> Response:
    """What the log commits to: with the salt anybody can recompute the leaf."""
    held = read(queries.view, actor(), case).case
    made = held.withdrawal
    if made is None or held.intent is None:
        raise NotFound(noun="withdrawal", id=case)
    told = {
        "statement": json.loads(withdrawal.statement(held, made)),
        "salt": made.salt.hex(),
        "leaf": made.leaf.hex(),
    }
    data = BytesIO(json.dumps(told, ensure_ascii=False, indent=2).encode())
    return send_file(data, "application/json", True, f"{held.intent.number}-withdrawal.json")


def _page(view: CaseView, form: WithdrawForm) -> str:
    return render_template("portals/supplier/withdraw.html", view=view, case=view.case, form=form)
