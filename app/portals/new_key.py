"""A new key under a passphrase (解密钥匙、受托钥匙): its form, and what is said of its faults."""

from wtforms import PasswordField

from app.auth.guard import actor
from app.forms import Form, add_errors
from app.text import _, _l
from guarantees.errors import InvalidInput
from guarantees.flow import make_opening_key
from guarantees.flow.make_opening_key import PreparedKey

NEW = {"autocomplete": "new-password"}


class KeyForm(Form):
    passphrase = PasswordField(_l("口令"), render_kw=NEW)
    passphrase_again = PasswordField(_l("再输入一次口令"), render_kw=NEW)

    def prepared(self) -> PreparedKey:
        """The pair, before any transaction: Argon2id takes its time. InvalidInput. The passphrase
        lives in this request only, never in the database."""
        typed = (self.passphrase.data or "", self.passphrase_again.data or "")
        return make_opening_key.prepare(actor(), *typed)


def add_faults(form: Form, error: InvalidInput) -> None:
    """Several faults of a passphrase stand on lines of their own; a field that the form has not
    is said of the whole."""
    for name, text in error.errors.items():
        said = " ".join(map(_, text.split("\n")))
        if name in form or len(error.errors) == 1:
            add_errors(form, {name if name in form else "": said})
