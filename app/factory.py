"""The web application: create_app wires shell, security and portals, and knows no database."""

from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

from flask import Flask, Request, request
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from werkzeug.exceptions import BadRequest

from app.access_log import init_access_log
from app.assets import init_assets
from app.display import init_display, utc_now
from app.headers import init_headers
from app.language import init_language
from app.portals import BLUEPRINTS
from app.problems import API_PREFIX, init_problems
from app.shell import Clock, ViewerSource, init_shell, nobody, use_viewer
from app.status import init_status

ROOT = Path(__file__).resolve().parent.parent

UPLOAD_LIMIT = 20 * 2**20
"""Bytes of a request: letters have two pages, projects come in spreadsheets."""

FORM_LIMIT = 512 * 2**10
"""Bytes of all fields of a form that are not files."""

FORM_PARTS = 1000
"""Fields of a form."""


class ShellSettings(Protocol):
    """What the shell needs of app.settings.Settings."""

    @property
    def demonstration(self) -> bool:
        """Demonstration pages and the banner."""

    @property
    def https(self) -> bool:
        """Whether people reach the site over https: secure cookies, HSTS."""


class NulCharacter(BadRequest):
    """U+0000 in an address or a form."""


class InMemoryRequest(Request):
    """Uploads stay in memory, bounded by UPLOAD_LIMIT: no letter reaches a temporary file."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


class Application(Flask):
    request_class = InMemoryRequest


def create_app(
    settings: ShellSettings,
    *,
    secret_key: str,
    viewer: ViewerSource = nobody,
    clock: Clock = utc_now,
    portals: Sequence[str] = BLUEPRINTS,
) -> Flask:
    """A Flask application with everything but its services.

    `secret_key` signs sessions and CSRF tokens. `portals` are dotted modules with a `blueprint`.
    The caller sets `app.extensions["baohan"]` before the first request that needs the database.
    """
    app = Application("app", template_folder=str(ROOT / "templates"), static_folder="static")
    _configure(app, settings, secret_key)
    init_access_log(app)
    app.before_request(_refuse_nul)
    init_shell(app, clock=clock, demonstration=settings.demonstration)
    use_viewer(app, viewer)
    init_language(app)
    init_display(app)
    init_status(app)
    Bootstrap5(app)
    init_assets(app)
    CSRFProtect(app)
    init_problems(app)
    init_headers(app, https=settings.https)
    for module in portals:
        app.register_blueprint(import_module(module).blueprint)
    return app


def _refuse_nul() -> None:
    """No keyboard types U+0000, and PostgreSQL stores none: a sealed case that held one could not
    be written into rows at its opening, and would hold up the whole lot."""
    given = [request.path]
    body = () if request.path.startswith(API_PREFIX) else (request.form,)
    for fields in (request.args, *body):
        given += [text for name, values in fields.lists() for text in (name, *values)]
    if any("\0" in text for text in given):
        raise NulCharacter


def _configure(app: Flask, settings: ShellSettings, secret_key: str) -> None:
    https = settings.https
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(
        SECRET_KEY=secret_key,
        DEMONSTRATION=settings.demonstration,
        # __Host-: the browser refuses the cookie unless it is secure and of this host alone.
        SESSION_COOKIE_NAME="__Host-session" if https else "session",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        PREFERRED_URL_SCHEME="https" if https else "http",
        MAX_CONTENT_LENGTH=UPLOAD_LIMIT,
        MAX_FORM_MEMORY_SIZE=FORM_LIMIT,
        MAX_FORM_PARTS=FORM_PARTS,
        BOOTSTRAP_SERVE_LOCAL=True,
        # Tokens live as long as the session they belong to; signing in makes a new one.
        WTF_CSRF_TIME_LIMIT=None,
    )
