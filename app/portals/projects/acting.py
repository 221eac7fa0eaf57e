"""Registering a project, and the mandates of its agencies."""

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import StringField

from app.auth.guard import actor, needs
from app.context import house, now, read, write
from app.forms import CheckboxesField, Form, add_errors, choice
from app.portals.projects.blueprint import blueprint
from app.portals.projects.words import say
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import InvalidInput, NotFound, Unavailable
from guarantees.flow import grant_mandate, register_project
from guarantees.flow.grant_mandate import ACTIONS, USUAL
from guarantees.queries import project_detail
from guarantees.queries.project_detail import ProjectView
from guarantees.values.notice_faults import NoticeRefused


class MandateForm(Form):
    agency = StringField(_l("采购代理机构全称"))
    actions = CheckboxesField(_l("授权事项"))

    def __init__(self) -> None:
        super().__init__()
        self.actions.choices = [choice(key, _(word)) for key, word in ACTIONS.items()]


@blueprint.post("/<project>/register")
@needs("project.register")
def register(project: str) -> Response:
    """Register the draft; what stops it is said on its page."""
    try:
        write(
            "register_project",
            register_project.register,
            actor(),
            now(),
            project,
            house().timekeeper,
        )
    except NoticeRefused as refused:
        reasons = _("；").join(say(one.reason).rstrip("。.") for one in refused.faults)
        notify("warn", _("还不能登记。"), reasons + _("。"))
    except Unavailable as error:
        notify("wait", _("还没有登记。"), explain(error).detail)
    else:
        notify("ok", _("项目已登记。"), _("每个标段都有了开标证书，供应商现在可以申请保函。"))
    return redirect(url_for(".show", project=project), 303)


@blueprint.route("/<project>/mandates", methods=["GET", "POST"])
@needs("mandate.grant")
def mandates(project: str) -> str | Response | tuple[str, int]:
    """What agencies may do in this project for the procurer."""
    known = read(project_detail.view, actor(), now(), project)
    if not known.own_procurer:
        raise NotFound(noun="project", id=project)
    form = MandateForm()
    if not form.is_submitted():
        form.agency.data = known.notice.agency_name or ""
        form.actions.data = list(USUAL)
    elif form.validate():
        try:
            write(
                "mandate",
                grant_mandate.grant,
                actor(),
                now(),
                project,
                form.agency.data or "",
                form.actions.data or [],
            )
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify("ok", _("授权已生效。"))
            return redirect(url_for(".mandates", project=project), 303)
    return _mandates_page(form, known)


@blueprint.post("/<project>/mandates/<mandate>/withdraw")
@needs("mandate.grant")
def withdraw_mandate(project: str, mandate: str) -> Response:
    write("mandate", grant_mandate.withdraw, actor(), now(), project, mandate)
    notify("ok", _("授权已撤回。"))
    return redirect(url_for(".mandates", project=project), 303)


def _mandates_page(form: MandateForm, known: ProjectView) -> str | tuple[str, int]:
    page = render_template("portals/projects/mandates.html", form=form, project=known)
    return (page, 422) if form.errors else page
