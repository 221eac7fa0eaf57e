"""Signing in and out: password, then the code of the authenticator, enrolled at the first login."""

from io import BytesIO

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.auth import login
from app.auth.guard import needs, signed_in
from app.auth.paths import home_of
from app.forms import add_errors
from app.portals.people.forms import CodeForm, SignInForm
from app.problems import explain
from app.shell import notify
from app.text import _
from guarantees.errors import InvalidInput, NotFound, SignInLocked, SignInRefused
from guarantees.values.one_time_codes import enrolment_address

blueprint = Blueprint("auth", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@needs("session.start")
def sign_in() -> str | AnyResponse | tuple[str, int]:
    """Login and password; one answer for everything that may be wrong."""
    found = signed_in()
    if found is not None and request.method == "GET":
        return redirect(home_of(found.actor.organisation_role))
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("portals/people/sign_in.html", form=form)
    try:
        answer = login.begin(form.login.data, form.password.data, request.args.get("next", ""))
    except (SignInRefused, SignInLocked) as error:
        said = explain(error)
        form.form_errors.append(said.detail)
        return render_template("portals/people/sign_in.html", form=form), said.status
    if answer.result in NEXT_STEP:
        return redirect(url_for(NEXT_STEP[answer.result]), 303)
    return render_template("portals/people/barred.html", reason=answer.result), 403


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@needs("session.start")
def code() -> str | AnyResponse | tuple[str, int]:
    """The code of the authenticator."""
    half = login.half_way()
    if half is None or half.secret is not None:
        return _again()
    return _code_page("portals/people/code.html", login_name=half.login)


@blueprint.route("/sign-in/authenticator", methods=["GET", "POST"])
@needs("session.start")
def enrol() -> str | AnyResponse | tuple[str, int]:
    """At the first login: scan, then type the first code."""
    half = login.half_way()
    if half is None or half.secret is None:
        return _again()
    secret = half.secret
    return _code_page(
        "portals/people/enrol.html",
        login_name=half.login,
        groups=[secret[i : i + 4] for i in range(0, len(secret), 4)],
        address=enrolment_address(secret, half.login),
    )


@blueprint.get("/sign-in/authenticator.svg")
@needs("session.start")
def enrol_code() -> Response:
    """The QR code of the page above, for the browser that typed the password."""
    half = login.half_way()
    if half is None or half.secret is None:
        raise NotFound(noun="authenticator", id="")
    drawing = BytesIO()
    # Dark on white in every theme: many telephones don't read inverted codes.
    segno.make(enrolment_address(half.secret, half.login), error="m", micro=False).save(
        drawing,
        kind="svg",
        scale=5,
        border=4,
        dark="#000",
        light="#fff",
        svgclass=None,
        lineclass=None,
    )
    response = make_response(drawing.getvalue())
    response.mimetype = "image/svg+xml"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/sign-out")
@needs("session.start")
def sign_out() -> AnyResponse:
    """This login ends; a second click finds nobody signed in, which is as well."""
    login.end()
    notify("ok", _("已退出。"), _("如在公用电脑上，请关闭浏览器。"))
    return redirect(url_for(".sign_in"), 303)


NEXT_STEP = {"code": "auth.code", "enrol": "auth.enrol"}


def _code_page(template: str, **shown: object) -> str | AnyResponse | tuple[str, int]:
    form = CodeForm()
    status = 200
    if form.validate_on_submit():
        try:
            done = login.complete(form.otp.data or "")
        except (InvalidInput, SignInLocked) as error:
            said = explain(error)
            add_errors(form, dict(said.items) or {"otp": said.detail})
            status = said.status
        else:
            return redirect(login.destination(), 303) if done else _again()
    return render_template(template, form=form, **shown), status


def _again() -> AnyResponse:
    """No password was typed here lately."""
    if signed_in() is None:
        notify("wait", _("请重新输入用户名和密码。"), _("输入密码后请在 10 分钟内完成验证。"))
    return redirect(url_for(".sign_in"), 303)
