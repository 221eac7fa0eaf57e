"""An administrator's pages: the people of its own organisation, their roles, invitations."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.context import now, read, write
from app.forms import add_errors
from app.portals.people.forms import InviteForm, PlainPost, RolesForm
from app.portals.people.wording import EVENTS, ROLE_NOTES
from app.problems import explain
from app.shell import notify
from app.text import _
from guarantees.errors import InvalidInput, NotFound
from guarantees.flow import invite as invite_flow
from guarantees.flow import manage_people as flow
from guarantees.queries import people as queries
from guarantees.tables.permissions import PERSON_ROLES, allowed

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("/")
@needs("session.use")
def index() -> str:
    """Colleagues, for everybody; their administrator can do something about them."""
    manages = allowed(actor(), "people.manage")
    return render_template(
        "portals/people/people.html",
        people=read(queries.people, actor(), now()),
        invitations=read(queries.invitations, actor(), now()) if manages else (),
        manages=manages,
        role_names=PERSON_ROLES,
        own=actor().person_id,
    )


@blueprint.route("/invite", methods=["GET", "POST"])
@needs("people.manage")
def invite() -> str | Response | tuple[str, int]:
    form = InviteForm(actor().organisation_role)
    status = 200
    if form.validate_on_submit():
        roles = tuple(form.roles.data)
        try:
            write(
                "people", invite_flow.invite, actor(), now(), form.name.data, form.mail.data, roles
            )
        except InvalidInput as error:
            status = _show(form, error)
        else:
            notify(
                "ok", _("邀请已发出。"), _("对方 7 天内打开邮件中的链接即可加入，链接只能用一次。")
            )
            return redirect(url_for(".index"), 303)
    return render_template("portals/people/invite.html", form=form, notes=_notes()), status


@blueprint.post("/invitations/<ident>/withdraw")
@needs("people.manage")
def withdraw(ident: str) -> Response:
    try:
        tag = bytes.fromhex(ident)
    except ValueError:
        raise NotFound(noun="invitation", id="") from None
    write("people", invite_flow.withdraw, actor(), now(), tag)
    notify("ok", _("邀请已撤回。"), _("邮件中的链接不再有效。"))
    return redirect(url_for(".index"), 303)


@blueprint.route("/<person_id>", methods=["GET", "POST"])
@needs("people.manage")
def person(person_id: str) -> str | Response | tuple[str, int]:
    """One colleague: roles, state, history."""
    page = read(queries.person, actor(), now(), person_id)
    form = RolesForm(actor().organisation_role, data={"roles": page.person.roles})
    status = 200
    if form.validate_on_submit():
        try:
            write("people", flow.change_roles, actor(), now(), person_id, tuple(form.roles.data))
        except InvalidInput as error:
            status = _show(form, error)
        else:
            notify("ok", _("角色已变更。"), _("从对方的下一次操作起生效。"))
            return redirect(url_for(".person", person_id=person_id), 303)
    return _person_page(page, form), status


@blueprint.post("/<person_id>/disable")
@needs("people.manage")
def disable(person_id: str) -> Response:
    return _do(flow.disable, person_id, _("账号已停用。"), _("对方在各处的登录都已退出。"))


@blueprint.post("/<person_id>/enable")
@needs("people.manage")
def enable(person_id: str) -> Response:
    return _do(flow.enable, person_id, _("账号已恢复。"), _("角色与停用前相同。"))


@blueprint.post("/<person_id>/authenticator")
@needs("people.manage")
def reset_authenticator(person_id: str) -> Response:
    text = _("对方下次登录时须绑定新的验证器。")
    return _do(flow.reset_authenticator, person_id, _("动态验证码已重置。"), text)


def _do(act: Any, person_id: str, head: str, text: str) -> Response:
    try:
        write("people", act, actor(), now(), person_id)
    except InvalidInput as error:
        notify("warn", _("没有办理。"), " ".join(_(one) for one in error.errors.values()))
    else:
        notify("ok", head, text)
    return redirect(url_for(".person", person_id=person_id), 303)


def _show(form: RolesForm, error: InvalidInput) -> int:
    add_errors(form, {name: _(text) for name, text in error.errors.items()})
    return explain(error).status


def _person_page(page: queries.PersonPage, form: RolesForm) -> str:
    return render_template(
        "portals/people/person.html",
        page=page,
        person=page.person,
        form=form,
        plain=PlainPost(),
        notes=_notes(),
        events=EVENTS,
        itself=page.person.id == actor().person_id,
    )


def _notes() -> dict[str, str]:
    return {role: _(text) for role, text in ROLE_NOTES.items()}
