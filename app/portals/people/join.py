"""Becoming part of the platform: suppliers register, invited people accept."""

from flask import Blueprint, redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from app.auth import throttle
from app.auth.actors import VISITOR
from app.auth.guard import needs
from app.auth.login import limits, passwords
from app.context import now, read, write
from app.forms import add_errors
from app.portals.people.forms import AcceptForm, RegisterForm
from app.problems import explain
from app.text import _
from guarantees.errors import InvalidInput, TooLate
from guarantees.flow import join as flow
from guarantees.queries import people as queries
from guarantees.queries.people import OpenInvitation
from guarantees.tables.permissions import PERSON_ROLES

blueprint = Blueprint("join", __name__)

DONE = "new_login"
"""In the session: the login that was just given, and which page gave it."""


@blueprint.route("/join", methods=["GET", "POST"])
@needs("organisation.apply")
def register() -> str | Response | tuple[str, int]:
    """A supplier registers with its first person."""
    form = RegisterForm()
    if not form.validate_on_submit():
        return render_template("portals/people/register.html", form=form)
    try:
        limits().registrations.charge(throttle.address(), now())
        login = write("join", flow.register_supplier, VISITOR, now(), _registration(form))
    except (InvalidInput, throttle.AddressResting) as error:
        said = explain(error)
        add_errors(form, {name: _(text) for name, text in said.items.items()} or {"": said.detail})
        return render_template("portals/people/register.html", form=form), said.status
    session[DONE] = (login, "registered")
    return redirect(url_for(".done"), 303)


@blueprint.route("/invitations/<token>", methods=["GET", "POST"])
@needs("people.join")
def accept(token: str) -> str | Response | tuple[str, int]:
    """The link of the mail: choose a login and a password, once."""
    invitation = read(queries.invitation, now(), token)
    form = AcceptForm()
    if not invitation.open or not form.validate_on_submit():
        return _invitation_page(invitation, form), 200 if invitation.open else 410
    encoded = passwords().hash(form.password.data)
    try:
        login = write(
            "join", flow.accept_invitation, VISITOR, now(), token, form.login_wish.data, encoded
        )
    except TooLate:  # accepted by another click a moment ago
        return _invitation_page(read(queries.invitation, now(), token), form), 410
    session[DONE] = (login, "accepted")
    return redirect(url_for(".done"), 303)


@blueprint.get("/join/done")
@needs("public.read")
def done() -> str | Response:
    """The login that belongs to the person now; shown to this browser alone."""
    if DONE not in session:
        return redirect(url_for("auth.sign_in"))
    login, how = session[DONE]
    return render_template("portals/people/joined.html", login_name=login, how=how)


def _registration(form: RegisterForm) -> flow.Registration:
    return flow.Registration(
        credit_code=form.credit_code.data,
        name=form.name.data,
        region=form.region.data,
        account=form.account.data,
        person_name=form.person_name.data,
        mail=form.mail.data,
        login_wish=form.login_wish.data,
        password_hash=passwords().hash(form.password.data),
    )


def _invitation_page(invitation: OpenInvitation, form: AcceptForm) -> str:
    roles = [_(PERSON_ROLES[role]) for role in invitation.roles]
    return render_template(
        "portals/people/invitation.html", invitation=invitation, form=form, roles=roles
    )
