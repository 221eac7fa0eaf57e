"""Accounts for an application: cookie, guard, who is looking, limits."""

from datetime import timedelta

from flask import Flask

from app.auth import cookie, guard
from app.auth.passwords import Passwords
from app.auth.throttle import Limits
from app.shell import Viewer, use_viewer
from app.text import _
from guarantees.tables.permissions import PERSON_ROLES
from guarantees.tables.sign_in import ABSOLUTE

FORMS_OUTLIVE_LOGINS = timedelta(hours=12)
"""CSRF tokens hold so much longer than a login, so that what is sent too late can be kept."""


def init_auth(app: Flask, passwords: Passwords | None = None, limits: Limits | None = None) -> None:
    """Guard every route of `app`; call it last, when all portals are registered.

    `app.extensions["baohan"]` holds the house. Raises UnguardedRoutes.
    """
    guard.check_routes(app)
    app.extensions["baohan_passwords"] = passwords or Passwords()
    app.extensions["baohan_limits"] = limits or Limits()
    app.config["PERMANENT_SESSION_LIFETIME"] = ABSOLUTE + FORMS_OUTLIVE_LOGINS
    app.url_value_preprocessor(guard.rescue)  # runs before CSRFProtect's own check
    app.before_request(guard.enforce)
    cookie.init_cookie(app)
    use_viewer(app, viewer)


def viewer() -> Viewer | None:
    """The signed-in person, as the header of the page names it."""
    found = guard.signed_in()
    if found is None:
        return None
    person = found.actor
    duties = [_(name) for role, name in PERSON_ROLES.items() if role in person.roles]
    return Viewer(
        role=person.organisation_role,
        organisation=person.organisation_name,
        person=person.name,
        duty=_("、").join(duties),
    )
