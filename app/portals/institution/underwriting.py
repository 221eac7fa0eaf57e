"""The institution's queue and its two decisions: maker, then checker (SX-4.2b)."""

from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.auth.second_factor import prove, proved
from app.context import house, now, read, write
from app.forms import add_errors
from app.jobs import archive_copies, opened_files
from app.portals.case_page import receipt_file, shared
from app.portals.institution.forms import DecisionForm, OpinionForm
from app.shell import notify
from app.text import _
from guarantees.errors import InvalidInput, NotFound
from guarantees.flow import underwrite
from guarantees.queries import cases as queries
from guarantees.queries.cases import WAITING, CaseView, Filter
from guarantees.queries.limits import limits_of
from guarantees.tables import permissions

blueprint = Blueprint("institution", __name__, url_prefix="/institution")

QUEUES = {
    "": WAITING,
    "make": frozenset({"submitted"}),
    "check": frozenset({"in_review"}),
    "returned": frozenset({"returned"}),
}
LETTERS = frozenset(
    {"awaiting_payment", "issuing", "issued", "declined", "withdrawn", "lapsed", "ended"}
)


@blueprint.get("/")
@needs("institution.read")
def home() -> Response:
    return redirect(url_for(".queue"))


@blueprint.get("/queue")
@needs("institution.read")
def queue() -> str:
    """What waits for this institution's people; the promised time is shown, the newest first."""
    state, text = request.args.get("s", ""), request.args.get("q", "").strip()
    wanted = Filter(states=QUEUES.get(state, WAITING), text=text)
    page = read(queries.institution_cases, actor(), now(), wanted, request.args.get("after", ""))
    return render_template(
        "portals/institution/queue.html",
        page=page,
        state=state,
        text=text,
        me=actor().person_id,
        may_make=permissions.allowed(actor(), "application.recommend"),
        may_check=permissions.allowed(actor(), "application.decide"),
    )


@blueprint.get("/cases")
@needs("institution.read")
def cases() -> str:
    """Decided applications and letters."""
    state, text = request.args.get("s", ""), request.args.get("q", "").strip()
    states = frozenset({state}) if state in LETTERS else LETTERS
    wanted = Filter(states=states, text=text, short=state == "short")
    page = read(queries.institution_cases, actor(), now(), wanted, request.args.get("after", ""))
    return render_template("portals/institution/cases.html", page=page, state=state, text=text)


@blueprint.get("/cases/<case>")
@needs("institution.read")
def case(case: str) -> str:
    return _page(read(queries.view, actor(), case), OpinionForm(), DecisionForm())


@blueprint.post("/cases/<case>/recommend")
@needs("application.recommend")
def recommend(case: str) -> str | Response:
    """The maker's opinion, or the return to the supplier."""
    form = OpinionForm()
    if form.validate_on_submit():
        decision, reason = form.decision.data, form.reason.data or ""
        try:
            if decision == "back":
                write("underwrite", underwrite.give_back, actor(), now(), case, reason)
            else:
                write("underwrite", underwrite.recommend, actor(), now(), case, decision, reason)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify("ok", _("意见已提交。"), _("由另一位同事复核。") if decision != "back" else "")
            return redirect(url_for(".queue"))
    return _page(read(queries.view, actor(), case), form, DecisionForm())


@blueprint.post("/cases/<case>/decide")
@needs("application.decide")
def decide(case: str) -> str | Response:
    """The checker's decision, with a fresh code of the authenticator."""
    form = DecisionForm()
    if form.validate_on_submit():
        try:
            proved = prove(form.otp.data or "")
            decision, reason = form.decision.data, form.reason.data or ""
            write("underwrite", underwrite.decide, proved, now(), case, decision, reason)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify("ok", _("复核决定已提交。"), _("已记入不可更改的历史。"))
            return redirect(url_for(".queue"))
    form.otp.data = ""
    return _page(read(queries.view, actor(), case), OpinionForm(), form)


@blueprint.get("/cases/<case>/letter.pdf")
@needs("institution.read")
def letter(case: str) -> Response:
    """The signed PDF, once the lot was opened."""
    view = read(queries.view, actor(), case)
    held = view.case.letter
    if held is None or held.state != "opened" or view.case.guarantee is None:
        raise NotFound(noun="letter", id=case)
    data = BytesIO(opened_files.read_letter(house(), case))
    return send_file(data, "application/pdf", True, f"{view.case.guarantee.number}.pdf")


@blueprint.get("/cases/<case>/receipt.json")
@needs("institution.read")
def receipt(case: str) -> Response:
    """The receipt of the letter that this institution sealed, as its supplier has it."""
    return receipt_file(read(queries.view, actor(), case).case)


@blueprint.get("/cases/<case>/archive.sealed")
@needs("institution.read")
def archive(case: str) -> Response:
    """The institution's own copy, sealed: it opens it offline with its archive key."""
    view = read(queries.view, actor(), case)
    if view.case.intent is None or not view.case.intent.archive:
        raise NotFound(noun="letter", id=case)
    data = BytesIO(archive_copies.read(house(), view.case))
    return send_file(data, "application/octet-stream", True, f"{view.case.intent.number}.sealed")


def _page(view: CaseView, opinion: OpinionForm, decision: DecisionForm) -> str:
    makers = [one for one in view.case.opinions if one.stage == "maker"]
    made_by_me = bool(makers) and any(one.person_id == actor().person_id for one in makers)
    state = view.case.state
    return render_template(
        "portals/institution/case.html",
        **shared(view),
        limits=read(limits_of, actor(), now(), view.case) if state in WAITING else (),
        opinion=opinion,
        decision=decision,
        proved=proved(),
        maker=makers[-1] if makers else None,
        made_by_me=made_by_me,
        may_make=state == "submitted" and permissions.allowed(actor(), "application.recommend"),
        may_check=state == "in_review"
        and not made_by_me
        and permissions.allowed(actor(), "application.decide"),
    )
