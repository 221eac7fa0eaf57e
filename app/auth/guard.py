"""Every route names an action of the permission table; nobody gets past without the right.

    @blueprint.get("/people")
    @needs("people.manage")
    def index(): …

`actor()` is who acts in this request. Routes without an action end the start of the application.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response
from wtforms import ValidationError

from app.auth import cookie, kept
from app.auth.actors import VISITOR
from app.context import now, read
from app.headers import STATIC_ENDPOINTS
from app.problems import API_PREFIX
from app.shell import here, notify
from app.text import _
from guarantees.errors import Forbidden
from guarantees.queries import sign_ins
from guarantees.queries.sign_ins import SignedIn
from guarantees.tables.permissions import PERMISSIONS, allowed
from guarantees.values.actor import Actor

View = TypeVar("View", bound=Callable[..., Any])

MARK = "needs_action"


class UnguardedRoutes(Exception):
    """Routes without an action, or with one that people can't have; the start ends here."""

    def __init__(self, endpoints: list[str]) -> None:
        super().__init__(endpoints)
        self.endpoints = endpoints

    def __str__(self) -> str:
        return f"routes without @needs(action of tables/permissions): {', '.join(self.endpoints)}"


def needs(action: str) -> Callable[[View], View]:
    """Mark a view with the action that it takes; LookupError for an unknown one."""
    if action not in PERMISSIONS:
        raise LookupError(f"tables/permissions has no action {action!r}")

    def mark(view: View) -> View:
        setattr(view, MARK, action)
        return view

    return mark


def action_of(app: Flask, endpoint: str) -> str | None:
    """The action of a route; files that are the same for everybody are public."""
    if endpoint in STATIC_ENDPOINTS:
        return "public.read"
    return getattr(app.view_functions[endpoint], MARK, None)


def check_routes(app: Flask) -> None:
    """UnguardedRoutes unless every route names an action that people can have."""
    endpoints = sorted({rule.endpoint for rule in app.url_map.iter_rules()})
    lacking = [one for one in endpoints if not _for_people(action_of(app, one))]
    if lacking:
        raise UnguardedRoutes(lacking)


def signed_in() -> SignedIn | None:
    """Who is signed in; asked once per request, and judged by today's rights."""
    if "signed_in" not in g:
        g.signed_in = None
        found = cookie.held()
        if found is not None and not found.idle:
            g.signed_in = read(sign_ins.who, now(), found.token)
    return cast(SignedIn | None, g.signed_in)


def actor() -> Actor:
    """Who acts in this request: the signed-in person without a fresh code, or the visitor."""
    found = signed_in()
    return VISITOR if found is None else found.actor


def enforce() -> Response | None:
    """Before every request: let it pass, send it to the login, or raise Forbidden."""
    if request.endpoint is None:
        return None  # no such page; answered by routing
    action = action_of(current_app, request.endpoint)
    if action is None:
        raise UnguardedRoutes([request.endpoint])
    if not PERMISSIONS[action].organisations:
        return None
    found = signed_in()
    if found is None:
        return _to_sign_in()
    if not allowed(found.actor, action):
        raise Forbidden(action=action, role=found.actor.organisation_role)
    kept.restore_or_forget(found.actor)
    return None


def rescue(_endpoint: str | None, _values: object) -> None:
    """Before CSRF is checked: a form of ours that is older than the login comes back filled.

    Its token is none of this login's, as after signing in again in another window. The browser
    itself vouches that the form was ours (Sec-Fetch-Site); nothing is done with it but keeping.
    """
    if request.method != "POST" or request.path.startswith(API_PREFIX) or _own_token():
        return
    found, held = signed_in(), cookie.held()
    if request.headers.get("Sec-Fetch-Site") != "same-origin" or held is None:
        return
    if found is None:
        abort(_to_sign_in())
    page = kept.page_of_form()
    if page is None:
        return
    if kept.keep(held.token, page):
        kept.mark(found.actor, page)
    else:
        notify("wait", _("页面已过期，已为您刷新。"), _("请核对后再办理一次。"))
    abort(redirect(page, 303))


def _own_token() -> bool:
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return False
    return True


def _to_sign_in() -> Response:
    """To the login and back; what was typed in a form waits for its person."""
    if request.path.startswith(API_PREFIX):
        raise Unauthorized
    ran_out = cookie.held()
    back = here()
    saved = False
    if request.method == "POST":
        page = kept.page_of_form()
        saved = page is not None and ran_out is not None and kept.keep(ran_out.token, page)
        back = page or "/"
    if ran_out is not None:
        text = _("您填写的内容已保留，登录后接着办理。") if saved else _("请重新登录后接着办理。")
        notify("wait", _("登录已过期。"), text)
    return redirect(url_for("auth.sign_in", next=back), 303)


def _for_people(action: str | None) -> bool:
    if action is None:
        return False
    return PERMISSIONS[action].organisations != frozenset({"system"})
