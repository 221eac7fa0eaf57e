"""Opening keys (解密钥匙) of a procurer or agency: made, registered, changed, retired."""

from flask import Blueprint, redirect, render_template, url_for
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField

from app.auth.guard import actor, needs
from app.auth.passphrase import counted_try
from app.auth.second_factor import code_needed, prove, proved
from app.auth.throttle import PassphraseResting
from app.context import house, now, read, write
from app.forms import Form, add_errors, required
from app.jobs import key_changes
from app.portals.new_key import NEW, KeyForm, add_faults
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import InvalidInput, LastKey, PassphraseRefused
from guarantees.flow import make_opening_key, register_token, retire_key
from guarantees.queries import opening_keys
from guarantees.queries.opening_keys import KeyRow
from guarantees.tables.permissions import allowed
from signing.seal.tokens import MAX_FILE

blueprint = Blueprint("opening_keys", __name__, url_prefix="/opening-keys")


class TokenForm(Form):
    certificate = FileField(_l("证书文件"))


class ChangeForm(Form):
    """The new passphrase is asked for once: a change that was begun goes on with the old one."""

    old = PasswordField(_l("现在的口令"), [required(_l("请输入这把钥匙现在的口令。"))])
    passphrase = PasswordField(_l("新口令"), render_kw=NEW)
    passphrase_again = PasswordField(_l("再输入一次新口令"), render_kw=NEW)
    otp = StringField(_l("动态验证码"), [code_needed])


class RetireForm(Form):
    otp = StringField(_l("动态验证码"), [code_needed], id="retire-otp")


@blueprint.get("/")
@needs("project.read")
def index() -> str:
    """Keys of this organisation, and how to make one."""
    return _page(KeyForm())


@blueprint.post("/")
@needs("opening_key.make")
def make() -> str | Response | tuple[str, int]:
    """Make a pair."""
    form = KeyForm()
    if form.validate_on_submit():
        try:
            prepared = form.prepared()
            write("opening_key", make_opening_key.store, actor(), now(), prepared)
        except InvalidInput as error:
            add_faults(form, error)
        else:
            notify(
                "ok",
                _("解密钥匙已建立。"),
                _("请把口令保管好：平台不保存口令，忘记了谁也无法找回。"),
            )
            return redirect(url_for(".index"), 303)
    return _page(form), 422


@blueprint.post("/token")
@needs("opening_key.make")
def register() -> str | Response | tuple[str, int]:
    """Register the certificate of an own token; its private key never comes here."""
    form = TokenForm()
    if form.validate_on_submit():
        try:
            prepared = register_token.prepare(_uploaded(form.certificate.data), now())
            write("opening_key", make_opening_key.store, actor(), now(), prepared)
        except InvalidInput as error:
            add_faults(form, error)
        else:
            notify(
                "ok",
                _("证书已登记。"),
                _("此后密封的函件也能用它打开。请在开标室用它演练一次。"),
            )
            return redirect(url_for(".index"), 303)
    return _page(KeyForm(None), form), 422


@blueprint.get("/<key>")
@needs("opening_key.change")
def show(key: str) -> str:
    """One key: how to change it, or to take it out of use."""
    return _key_page(key, ChangeForm())


@blueprint.post("/<key>/change")
@needs("opening_key.change")
def change(key: str) -> str | Response | tuple[str, int]:
    """Begin a change, or go on with it. Both passphrases live in this process only."""
    form = ChangeForm()
    if form.validate_on_submit():
        typed = [one.data or "" for one in (form.old, form.passphrase, form.passphrase_again)]
        try:
            able = prove(form.otp.data or "")
            with counted_try(able, key, note=None):
                key_changes.start(house(), able, now(), key, *typed)
        except InvalidInput as error:
            add_faults(form, error)
        except (PassphraseRefused, PassphraseResting) as error:
            add_errors(form, {"old": explain(error).detail})
        else:
            notify(
                "act",
                _("正在更换钥匙。"),
                _("完成以前，原来的口令照常可用。可以离开本页。"),
            )
            return redirect(url_for(".show", key=key), 303)
    form.otp.data = ""
    return _key_page(key, form), 422


@blueprint.post("/<key>/retire")
@needs("opening_key.change")
def retire(key: str) -> str | Response | tuple[str, int]:
    """Later letters are sealed to the other keys; earlier ones still open with this one."""
    form = RetireForm()
    if form.validate_on_submit():
        try:
            write("opening_key", retire_key.retire, prove(form.otp.data or ""), now(), key)
        except InvalidInput as error:
            add_faults(form, error)
        except LastKey as error:
            add_errors(form, {"": explain(error).detail})
        else:
            notify("ok", _("钥匙已停用。"), _("此前密封的函件仍须用它打开，请不要丢弃。"))
            return redirect(url_for(".index"), 303)
    return _key_page(key, ChangeForm(None), form), 422


def _uploaded(file: object) -> bytes:
    return file.read(MAX_FILE + 1) if isinstance(file, FileStorage) else b""


def _page(form: KeyForm, token: TokenForm | None = None) -> str:
    return render_template(
        "portals/projects/keys.html",
        form=form,
        token=token or TokenForm(None),
        key_list=read(opening_keys.of_own, actor(), now()),
        may_make=allowed(actor(), "opening_key.make"),
        may_change=allowed(actor(), "opening_key.change"),
    )


def _key_page(key: str, form: ChangeForm, retiring: RetireForm | None = None) -> str:
    row: KeyRow = read(opening_keys.one, actor(), now(), key)
    return render_template(
        "portals/projects/key.html",
        form=form,
        retiring=retiring or RetireForm(None),
        key=row,
        running=key_changes.running(key),
        proved=proved(),
    )
