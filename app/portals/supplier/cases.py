"""A supplier's applications: list, one application, payment, completion, withdrawal."""

from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.context import house, now, read, write
from app.forms import add_errors
from app.jobs import opened_files
from app.portals.case_page import receipt_file, shared
from app.portals.supplier.forms import AnswerForm, PayForm, PlainPost
from app.shell import notify
from app.text import _
from guarantees.errors import InvalidInput, NotFound
from guarantees.flow import complete as flow
from guarantees.flow import pay
from guarantees.queries import cases as queries
from guarantees.queries.cases import CaseView, Filter
from guarantees.tables.lifecycle import may
from guarantees.tables.permissions import allowed

blueprint = Blueprint("supplier", __name__, url_prefix="/supplier")

STATES = {
    "todo": frozenset({"returned", "awaiting_payment"}),
    "waiting": frozenset({"submitted", "in_review", "issuing"}),
    "issued": frozenset({"issued"}),
    "ended": frozenset({"declined", "withdrawn", "lapsed", "ended"}),
}


@blueprint.get("/")
@needs("supplier.read")
def home() -> str:
    """What needs the supplier, and where to find a lot."""
    wanted = [Filter(states=STATES[one]) for one in ("todo", "waiting")]
    wanted.append(Filter(short=True))
    todo, running, short = read(queries.supplier_work, actor(), now(), *wanted)
    return render_template("portals/supplier/home.html", todo=todo, running=running, short=short)


@blueprint.get("/cases")
@needs("supplier.read")
def cases() -> str:
    """The supplier's applications, newest first."""
    state, text = request.args.get("s", ""), request.args.get("q", "")
    states = STATES.get(state, frozenset())
    wanted = Filter(states=states, text=text.strip(), short=state == "short")
    page = read(queries.supplier_cases, actor(), now(), wanted, request.args.get("after", ""))
    return render_template("portals/supplier/cases.html", page=page, state=state, text=text)


@blueprint.get("/cases/<case>")
@needs("supplier.read")
def case(case: str) -> str:
    view = read(queries.view, actor(), case)
    return _page(view, PayForm(payer_account=_account()), AnswerForm())


@blueprint.post("/cases/<case>/pay")
@needs("payment.order")
def order(case: str) -> str | Response:
    form = PayForm()
    if form.validate_on_submit():
        try:
            write("order_payment", pay.order, actor(), now(), case, form.payer_account.data)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify(
                "act", _("已向银行发起扣款。"), _("通常 1 分钟内到账，可离开本页，到账后自动出函。")
            )
            return redirect(url_for(".case", case=case))
    return _page(read(queries.view, actor(), case), form, AnswerForm())


@blueprint.post("/cases/<case>/complete")
@needs("application.complete")
def complete(case: str) -> str | Response:
    form = AnswerForm()
    if form.validate_on_submit():
        write("apply", flow.complete, actor(), now(), case, form.answer.data)
        notify("ok", _("已重新提交。"), _("机构会继续审核。"))
        return redirect(url_for(".case", case=case))
    return _page(read(queries.view, actor(), case), PayForm(payer_account=_account()), form)


@blueprint.post("/cases/<case>/withdraw")
@needs("application.withdraw")
def withdraw(case: str) -> Response:
    write("withdraw", flow.withdraw, actor(), now(), case)
    notify("ok", _("申请已撤回。"), _("您可以为这个标段另选产品。"))
    return redirect(url_for(".case", case=case))


@blueprint.get("/cases/<case>/receipt.json")
@needs("supplier.read")
def receipt(case: str) -> Response:
    """The sealing receipt: number, salt, leaves, and their proofs once they are published."""
    return receipt_file(read(queries.view, actor(), case).case)


@blueprint.get("/cases/<case>/letter.pdf")
@needs("supplier.read")
def letter(case: str) -> Response:
    """The signed PDF, once the lot was opened."""
    view = read(queries.view, actor(), case)
    held = view.case.letter
    if held is None or held.state != "opened" or view.case.guarantee is None:
        raise NotFound(noun="letter", id=case)
    data = BytesIO(opened_files.read_letter(house(), case))
    return send_file(data, "application/pdf", True, f"{view.case.guarantee.number}.pdf")


def _account() -> str:
    """The basic account that the organisation registered."""
    return read(queries.own_account, actor())


def _page(view: CaseView, pay_form: PayForm, answer_form: AnswerForm) -> str:
    state, takes_bids = view.case.state, view.lot.takes_bids(now())
    before_deadline = view.lot.deadline is not None and now() < view.lot.deadline
    return render_template(
        "portals/supplier/case.html",
        **shared(view),
        pay_form=pay_form,
        answer_form=answer_form,
        plain=PlainPost(),
        may_pay=state == "awaiting_payment" and takes_bids and now() < view.case.quote.valid_until,
        may_order=allowed(actor(), "payment.order"),
        may_complete=takes_bids and may("application", state, "application.complete"),
        may_answer=allowed(actor(), "application.complete"),
        takes_bids=takes_bids,
        may_withdraw=may("application", state, "application.withdraw")
        and allowed(actor(), "application.withdraw"),
        may_withdraw_letter=may("application", state, "letter.withdraw")
        and before_deadline
        and allowed(actor(), "letter.withdraw"),
    )
