"""Ending a procurement: one asks, another confirms, and it can be taken back for a while."""

from collections.abc import Callable

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField

from app.auth.guard import actor, needs
from app.auth.second_factor import otp_field, prove, proved
from app.context import house, now, read, write
from app.forms import CheckboxesField, Form, add_errors, choice, required
from app.portals.projects.blueprint import blueprint
from app.portals.projects.words import END_KINDS
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import GuaranteeError, InvalidInput, NotFound
from guarantees.flow import end_lot
from guarantees.queries import endings
from guarantees.queries.endings import EndRequest, Ends
from guarantees.tables.permissions import allowed
from guarantees.values.actor import Actor

Page = str | Response | tuple[str, int]


class EndForm(Form):
    lots = CheckboxesField(_l("标段"))
    kind = RadioField(_l("终止的种类"), [required(_l("请选择一项。"))])
    reason = TextAreaField(_l("原因"), [required(_l("请写明原因。"))])

    def __init__(self, known: Ends) -> None:
        super().__init__()
        self.lots.choices = [choice(lot, number) for lot, number in known.endable]
        self.kind.choices = [choice(code, _(word)) for code, word in END_KINDS.items()]


class CodeForm(Form):
    otp = otp_field()


@blueprint.get("/<project>/end")
@needs("project.read")
def ends(project: str) -> Page:
    """What was asked for and what became of it; the form to ask for another end."""
    known = read(endings.of_project, actor(), now(), project)
    return _page(known, EndForm(known))


@blueprint.post("/<project>/end")
@needs("lot.end")
def ask_end(project: str) -> Page:
    known = read(endings.of_project, actor(), now(), project)
    form = EndForm(known)
    if form.validate():
        wanted = (form.lots.data or [], form.kind.data, form.reason.data or "")
        try:
            write("ask_end", end_lot.ask, actor(), now(), project, *wanted)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify("ok", _("已提出终止采购。"), _("须由本单位另一人确认后才开始办理。"))
            return redirect(url_for(".ends", project=project), 303)
    return _page(known, form)


@blueprint.post("/<project>/end/<request>/drop")
@needs("lot.end")
def drop_end(project: str, request: str) -> Response:
    write("ask_end", end_lot.drop, actor(), now(), request)
    notify("ok", _("终止的提议已撤回。"), _("采购继续。"))
    return redirect(url_for(".ends", project=project), 303)


@blueprint.route("/<project>/end/<request>/confirm", methods=["GET", "POST"])
@needs("lot.confirm_end")
def confirm_end(project: str, request: str) -> Page:
    """The second person, with a fresh code of the authenticator."""

    def confirm(acting: Actor) -> None:
        write("ask_end", end_lot.confirm, acting, now(), request)
        notify("ok", _("终止采购已确认。"), _("还没有开标的标段在 72 小时后生效，此前可以撤销。"))

    return _step("confirm", project, request, confirm)


@blueprint.route("/<project>/end/<request>/keep", methods=["GET", "POST"])
@needs("lot.keep")
def keep_end(project: str, request: str) -> Page:
    """Take a confirmed end back while that is possible."""

    def keep(acting: Actor) -> None:
        write("ask_end", end_lot.keep, acting, now(), request, house().timekeeper)
        notify("ok", _("终止已撤销，采购继续。"), _("开标密钥完好，到开标时间照常开标。"))

    return _step("keep", project, request, keep)


def _step(step: str, project: str, request: str, act: Callable[[Actor], None]) -> Page:
    """A page of consequences with a code; what the flow refuses is said on it."""
    known, asked = _asked(project, request)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            act(prove(form.otp.data))
        except NotFound:
            raise
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        except GuaranteeError as error:
            add_errors(form, {"": explain(error).detail})
        else:
            return redirect(url_for(".ends", project=project), 303)
    failed, form.otp.data = bool(form.errors), ""
    page = render_template(
        "portals/projects/end_step.html",
        step=step,
        known=known,
        asked=asked,
        form=form,
        proved=proved(),
    )
    return (page, 422) if failed else page


def _asked(project: str, request: str) -> tuple[Ends, EndRequest]:
    known = read(endings.of_project, actor(), now(), project)
    found = next((one for one in known.requests if one.id == request), None)
    if found is None:
        raise NotFound(noun="ending", id=request)
    return known, found


def _page(known: Ends, form: EndForm) -> str | tuple[str, int]:
    me = actor()
    page = render_template(
        "portals/projects/end.html",
        known=known,
        form=form,
        may_ask=allowed(me, "lot.end"),
        may_confirm=allowed(me, "lot.confirm_end"),
        may_keep=allowed(me, "lot.keep"),
    )
    return (page, 422) if form.errors else page
