"""Language and appearance: a cookie each, set by a plain link, for everybody."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, redirect, request

from app.auth.guard import needs
from app.language import COOKIE as LANGUAGE_COOKIE
from app.language import LANGUAGES
from app.shell import THEME_COOKIE, THEMES

blueprint = Blueprint("preferences", __name__, url_prefix="/preferences")

KEEP = timedelta(days=365)


@blueprint.get("/language/<key>")
@needs("public.read")
def language(key: str) -> Response:
    """Read the site in another language."""
    if key not in LANGUAGES:
        abort(404)
    return _remember(LANGUAGE_COOKIE, key)


@blueprint.get("/theme/<key>")
@needs("public.read")
def theme(key: str) -> Response:
    """Light, dark, or as the system has it."""
    if key not in THEMES:
        abort(404)
    return _remember(THEME_COOKIE, key)


def _remember(cookie: str, value: str) -> Response:
    response = make_response(redirect(local_path(request.args.get("back", ""))))
    response.set_cookie(
        cookie,
        value,
        max_age=KEEP,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def local_path(address: str) -> str:
    """`address` if it is a path of this site, else `/`: no open redirect (CWE-601)."""
    try:
        parts = urlsplit(address)
    except ValueError:  # "http://[" and the like
        return "/"
    foreign = parts.scheme or parts.netloc or not address.startswith("/")
    # Browsers read a backslash as a slash, and drop tabs and line breaks.
    odd = "\\" in address or any(ord(character) < 0x21 for character in address)
    return "/" if foreign or odd or address.startswith("//") else address
