"""The transparency log in public: static files for programs, two pages for people (/log/)."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, render_template, request
from wtforms import TextAreaField
from wtforms.validators import Length

from app import log_checks
from app.auth import throttle
from app.auth.guard import needs
from app.context import house, now, read
from app.forms import Form, add_errors
from app.log_checks import Checked
from app.text import _, _l
from guarantees.errors import NotFound
from guarantees.flow.publish_log import BATCH
from guarantees.queries import log as queries
from guarantees.tables.leaves import KINDS
from signing import log

blueprint = Blueprint("log", __name__, url_prefix="/log")

CHECKS = throttle.AddressLimit(120, timedelta(minutes=10))
"""Checks from one address; each reads a few tiles."""

FOR_EVER = "public, max-age=31536000, immutable"
"""Tiles never change."""

FOR_A_MOMENT = "public, max-age=5"
"""The checkpoint does; tlog-tiles: not more than a few seconds."""

SHOWN_CUTS = 10

TEXT = "text/plain; charset=utf-8"


class CheckForm(Form):
    """A file, or the text of a receipt."""

    receipt = TextAreaField(_l("密封回执（JSON）"), [Length(max=log_checks.LONGEST_RECEIPT)])


@blueprint.get("/")
@needs("public.read")
def show() -> str:
    """What the log is, how far it is, whose keys it rests on, how to check it."""
    opened = _opened()
    return render_template(
        "public/log.html",
        opened=opened,
        signed=_signed(opened),
        keys=house().log.folder.verifiers(),
        kinds=KINDS,
        batch=BATCH,
        cadence=int(house().log.cadence.total_seconds()),
        cuts=read(queries.cuts, SHOWN_CUTS),
    )


@blueprint.get("/checkpoint")
@needs("public.read")
def checkpoint() -> Response:
    """The latest checkpoint, a signed note (C2SP tlog-checkpoint)."""
    note = house().log.folder.checkpoint()
    if note is None:
        raise NotFound(noun="checkpoint")
    return _file(note, TEXT, FOR_A_MOMENT)


@blueprint.get("/keys")
@needs("public.read")
def keys() -> Response:
    """Verifier keys: the log's in the first line, then those of its cosigners."""
    found = "".join(f"{key.vkey()}\n" for key in house().log.folder.verifiers())
    return _file(found.encode(), TEXT, FOR_A_MOMENT)


@blueprint.get("/tile/<path:rest>")
@needs("public.read")
def tile(rest: str) -> Response:
    """Tiles and entry bundles, as they lie in the folder (C2SP tlog-tiles)."""
    try:
        path = log.Tile.of_path(f"tile/{rest}").path()
    except ValueError:
        raise NotFound(noun="tile") from None
    content = house().log.folder.get(path)
    if content is None:
        raise NotFound(noun="tile")
    return _file(content, "application/octet-stream", FOR_EVER)


@blueprint.get("/check")
@needs("public.read")
def check() -> str:
    return _page(CheckForm(None), None)


@blueprint.post("/check")
@needs("public.read")
def checked() -> str:
    """Hold a receipt or a letter against the log. Nothing is kept."""
    form = CheckForm()
    file = request.files.get("file")
    data = file.read() if file else b""
    if not form.validate_on_submit():
        return _page(form, None)
    data = data or (form.receipt.data or "").encode()
    if not data.strip():
        add_errors(form, {"": _("请选择文件，或粘贴回执内容。")})
        return _page(form, None)
    CHECKS.charge(throttle.address(), now())
    return _page(form, log_checks.check(house(), data))


def _page(form: CheckForm, found: Checked | None) -> str:
    return render_template("public/log_check.html", form=form, found=found)


def _opened() -> log.Opened | None:
    """None: nothing is published, or what lies there does not hold, which the audit explains."""
    try:
        return house().log.opened()
    except log.NoteInvalid:
        return None


def _signed(opened: log.Opened | None) -> list[tuple[str, datetime | None]]:
    """Who signed the latest checkpoint, and when, as far as a signature says."""
    return [
        (one.verifier.name, None if one.at is None else datetime.fromtimestamp(one.at, UTC))
        for one in (opened.by if opened else ())
    ]


def _file(content: bytes, kind: str, keep: str) -> Response:
    """For whoever asks, also from another site's page: nothing here depends on who it is."""
    response = Response(content, content_type=kind)
    response.headers["Cache-Control"] = keep
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
