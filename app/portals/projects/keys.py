"""Opening keys (解密钥匙): a procurer's or agency's people make theirs, under a passphrase."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField

from app.auth.guard import actor, needs
from app.context import now, read, write
from app.forms import Form, add_errors
from app.shell import notify
from app.text import _, _l
from guarantees.errors import InvalidInput
from guarantees.flow import make_opening_key
from guarantees.queries import project_detail
from guarantees.tables.permissions import allowed

blueprint = Blueprint("opening_keys", __name__, url_prefix="/opening-keys")

NEW = {"autocomplete": "new-password"}


class KeyForm(Form):
    passphrase = PasswordField(_l("口令"), render_kw=NEW)
    passphrase_again = PasswordField(_l("再输入一次口令"), render_kw=NEW)


@blueprint.get("/")
@needs("project.read")
def index() -> str:
    """Keys of this organisation, and how to make one."""
    return _page(KeyForm())


@blueprint.post("/")
@needs("opening_key.make")
def make() -> str | Response | tuple[str, int]:
    """Make a pair. The passphrase lives in this request only, never in the database."""
    form = KeyForm()
    if form.validate_on_submit():
        try:
            # Before the transaction: Argon2id takes its time.
            prepared = make_opening_key.prepare(
                actor(), form.passphrase.data or "", form.passphrase_again.data or ""
            )
            write("opening_key", make_opening_key.store, actor(), now(), prepared)
        except InvalidInput as error:
            add_errors(form, _translated(error.errors))
        else:
            notify(
                "ok",
                _("解密钥匙已建立。"),
                _("请把口令保管好：平台不保存口令，忘记了谁也无法找回。"),
            )
            return redirect(url_for(".index"), 303)
    return _page(form), 422


def _translated(errors: dict[str, str]) -> dict[str, str]:
    """Several faults of a passphrase stand on lines of their own."""
    return {name: " ".join(map(_, text.split("\n"))) for name, text in errors.items()}


def _page(form: KeyForm) -> str:
    return render_template(
        "portals/projects/keys.html",
        form=form,
        key_list=read(project_detail.opening_keys, actor(), now()),
        may_make=allowed(actor(), "opening_key.make"),
    )
