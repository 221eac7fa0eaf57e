"""What was typed into a form whose login had run out: kept sealed, shown again after the login.

app.forms.Form fills itself from `g.kept_form`. Passwords, passphrases and codes are never kept.
"""

import re
from urllib.parse import urlsplit

from flask import current_app, g, request, session
from werkzeug.datastructures import MultiDict

from app.auth.actors import VISITOR
from app.context import now, read, write
from app.shell import notify
from app.text import _
from guarantees.flow import keep_form as flow
from guarantees.queries import sign_ins
from guarantees.records.kept_form import KeptForm
from guarantees.values.actor import Actor

NEVER_KEPT = re.compile("password|passphrase|otp|csrf|secret|token", re.IGNORECASE)
"""Names of fields that are typed again."""

MARK = "kept_page"
"""In the session: the page whose form waits to be shown again."""


def page_of_form() -> str | None:
    """Where the form of this POST is shown: its own address, or the page it stood on."""
    own = request.full_path.rstrip("?")
    if _can_be_read(request.path):
        return own
    try:
        came_from = urlsplit(request.referrer or "")
    except ValueError:  # "http://[" and the like
        return None
    if came_from.netloc != request.host or not _can_be_read(came_from.path):
        return None
    return f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path


def keep(token: str, page: str) -> bool:
    """Keep this POST's fields for the person whose login `token` was; False if nobody's."""
    fields = {name: values for name, values in request.form.lists() if not NEVER_KEPT.search(name)}
    if not fields:
        return False
    form = KeptForm(page, now(), fields)
    return write("draft", flow.keep, VISITOR, now(), token, form)


def mark(actor: Actor, page: str) -> None:
    """After a login that leads to `page`: show what waits there, if anything does."""
    if read(sign_ins.kept, actor, page) is not None:
        session[MARK] = page


def restore_or_forget(actor: Actor) -> None:
    """On the page itself fill its form; when it is sent again, forget what was kept."""
    if MARK not in session:
        return
    page = request.full_path.rstrip("?") if request.method == "GET" else page_of_form()
    if page is None or page != session[MARK]:
        return
    if request.method == "GET":
        _restore(actor, page)
    elif request.method == "POST":
        session.pop(MARK)
        write("draft", flow.forget, actor, now(), page)


def _restore(actor: Actor, page: str) -> None:
    form = read(sign_ins.kept, actor, page)
    if form is not None:
        g.kept_form = MultiDict(form.fields)
        notify("ok", _("已恢复您上次填写的内容。"), _("请核对后重新提交，密码和验证码须重新填写。"))


def _can_be_read(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(path, "GET")
