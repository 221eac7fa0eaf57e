"""One's own account: who I am here, password, logins elsewhere."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from app.auth import login
from app.auth.guard import actor, needs, signed_in
from app.context import now, read, write
from app.forms import add_errors
from app.portals.people.forms import ChangePasswordForm, PlainPost
from app.portals.people.wording import EVENTS
from app.problems import explain
from app.shell import notify
from app.text import _
from guarantees.errors import SignInLocked, SignInRefused
from guarantees.flow import sign_in as flow
from guarantees.queries import people as queries
from guarantees.records.web_session import new_token
from guarantees.tables.permissions import PERSON_ROLES, allowed

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.get("/")
@needs("session.use")
def show() -> str:
    page = read(queries.person, actor(), now(), actor().person_id)
    return render_template(
        "portals/people/account.html",
        page=page,
        who=actor(),
        roles=[_(PERSON_ROLES[role]) for role in page.person.roles],
        may_manage=allowed(actor(), "people.manage"),
        may_admit=allowed(actor(), "operator.read"),
        events=EVENTS,
    )


@blueprint.route("/password", methods=["GET", "POST"])
@needs("session.use")
def password() -> str | Response | tuple[str, int]:
    """A new password ends every other login of the person."""
    found = signed_in()
    if found is None:  # the guard lets nobody else in
        raise Unauthorized
    form = ChangePasswordForm(found.login)
    status = 200
    if form.validate_on_submit():
        try:
            changed = _change(found.login, form)
        except (SignInRefused, SignInLocked) as error:
            said = explain(error)
            wrong = _("现在的密码不正确，请重新输入。")
            locked = isinstance(error, SignInLocked)
            add_errors(form, {"old_password": said.detail if locked else wrong})
            status = said.status
        else:
            if changed:
                notify("ok", _("密码已修改。"), _("其他设备上的登录都已退出。"))
                return redirect(url_for(".show"), 303)
            form.form_errors.append(_("账号刚被改动，请重新提交。"))
    return render_template("portals/people/password.html", form=form), status


@blueprint.post("/sign-out-everywhere")
@needs("session.use")
def sign_out_everywhere() -> Response:
    if PlainPost().validate_on_submit():
        write("sign_out", flow.sign_out_everywhere, actor(), now())
        login.end()
        notify("ok", _("所有设备上的登录都已退出。"))
    return redirect(url_for("auth.sign_in"), 303)


def _change(name: str, form: ChangePasswordForm) -> bool:
    right = login.check_password(name, form.old_password.data)
    token = new_token()
    answer = write(
        "sign_in",
        flow.change_password,
        actor(),
        now(),
        right.token,
        right.encoded,
        login.passwords().hash(form.password.data),
        token,
    )
    if answer.result == "done":
        login.continue_as(token)
    return answer.result == "done"
