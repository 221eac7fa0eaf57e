"""Entering a project by hand, completing a draft, correcting a registered project."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.context import house, now, read, write
from app.portals.projects.blueprint import blueprint
from app.portals.projects.form import NoticeForm, hints, notice_form, number_in, time_input
from app.problems import explain
from app.shell import notify
from app.text import _
from guarantees.errors import GuaranteeError, NotFound
from guarantees.flow import correct_project, enter_project
from guarantees.flow.steps.corrections import Correction
from guarantees.queries import project_detail
from guarantees.queries.project_detail import ProjectNow
from guarantees.values.notice import ProjectNotice
from guarantees.values.notice_faults import NoticeRefused

BASIC_ACCOUNT = "基本账户"
"""What notices call it; where they name it, the form asks whether they demand it."""

RESHAPED = frozenset({"add_lot", "remove_lot", "back"})
"""Buttons that only change the form."""


@blueprint.route("/new", methods=["GET", "POST"])
@needs("project.enter")
def new() -> str | Response | tuple[str, int]:
    """A new draft. Only its name must be known; the rest can be completed later."""
    form = notice_form(_own())
    if not _sent(form):
        return _form_page(form)
    try:
        project = write(
            "enter_project", enter_project.enter, actor(), now(), form.notice(), form.key.data or ""
        )
    except GuaranteeError as error:
        _show(form, error)
        return _form_page(form)
    notify("ok", _("已保存为草稿。"), _("补齐缺少的内容后即可登记。"))
    return redirect(url_for(".show", project=project), 303)


@blueprint.route("/<project>/edit", methods=["GET", "POST"])
@needs("project.enter")
def edit(project: str) -> str | Response | tuple[str, int]:
    """Complete a draft; or correct a registered project, after a page that says what it breaks."""
    known = read(project_detail.to_change, actor(), now(), project)
    form = notice_form(known.notice, known.version)
    if not _sent(form):
        return _form_page(form, known)
    try:
        if known.state == "registered" and "confirm" not in request.form:
            correction = read(correct_project.preview, actor(), now(), project, form.notice())
            return _preview_page(form, known, correction)
        correction = _correct(form, project)
    except GuaranteeError as error:
        _show(form, error)
        return _form_page(form, known)
    return _corrected(project, correction)


def _correct(form: NoticeForm, project: str) -> Correction:
    return write(
        "correct_project",
        correct_project.correct,
        actor(),
        now(),
        project,
        form.notice(),
        expected=number_in(form.version.data or ""),
        note=form.note.data or "",
        timekeeper=house().timekeeper,
    )


def _corrected(project: str, correction: Correction) -> Response:
    if not correction.changes:
        notify("end", _("内容没有变化，没有产生新的版本。"))
    elif correction.registered:
        notify("ok", _("更正已生效，现在是第 %(n)d 版。", n=correction.version))
    else:
        notify("ok", _("草稿已更新。"))
    return redirect(url_for(".show", project=project), 303)


def _own() -> ProjectNotice | None:
    """What a new form begins with: the name of the procurer or agency that enters it."""
    person = actor()
    if request.method == "POST" or person.organisation_role not in ("procurer", "agency"):
        return None
    name, procures = person.organisation_name, person.organisation_role == "procurer"
    return ProjectNotice(
        source_system="",
        source_id="",
        name="",
        procurer_name=name if procures else None,
        agency_name=None if procures else name,
    )


def _sent(form: NoticeForm) -> bool:
    """Whether the form was sent to be saved and can be read."""
    if request.method != "POST" or RESHAPED & request.form.keys():
        return False
    return bool(form.validate_on_submit())


def _show(form: NoticeForm, error: GuaranteeError) -> None:
    """What the flow refuses, in the form; what was typed stays."""
    if isinstance(error, NoticeRefused):
        form.add_faults(error.faults)
    elif isinstance(error, NotFound):
        raise error
    else:
        form.form_errors.append(explain(error).detail)


def _form_page(form: NoticeForm, known: ProjectNow | None = None) -> str | tuple[str, int]:
    page = render_template(
        "portals/projects/form.html",
        form=form,
        project=known,
        hints=hints(known.notice, known.gaps) if known and known.state == "draft" else {},
        time_input=time_input,
        own_procurer=actor().organisation_role == "procurer",
        basic_account_named=known is not None and BASIC_ACCOUNT in _words_of(known),
    )
    return (page, 422) if form.errors else page


def _words_of(known: ProjectNow) -> str:
    """The notice's own words on deposits and guarantees."""
    notice = known.notice
    return f"{notice.deposit_forms} {notice.guarantee_quote} {known.remarks}"


def _preview_page(form: NoticeForm, known: ProjectNow, correction: Correction) -> str | Response:
    if not correction.changes:
        return _corrected(known.id, correction)
    return render_template(
        "portals/projects/preview.html", form=form, project=known, correction=correction
    )
