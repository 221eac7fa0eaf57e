"""gettext with types: `_` for text shown now, `_l` for text fixed at import (labels of forms).

Chinese is the source text. Never pass what somebody typed: only literals, and text marked N_().
A per cent sign is written once here where no field is given, and always twice in templates.
"""

from gettext import NullTranslations
from typing import Any

from flask import g, has_app_context
from flask_babel import get_translations  # type: ignore[import-untyped]  # Flask-Babel is not typed
from flask_babel.speaklater import LazyString  # type: ignore[import-untyped]  # the same


def catalogue() -> NullTranslations:
    """Of the reader's language. Looked up once a request: a page of 200 rows has 2,000 texts, and
    Flask-Babel asks for the locale's name at each of them."""
    if not has_app_context():
        return NullTranslations()
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = get_translations()
    return found


def _(text: str, **fields: object) -> str:
    """`text` in the reader's language, its %(field)s places filled."""
    found = catalogue().gettext(text)
    return found % fields if fields else found


def ngettext(one: str, many: str, num: int, **fields: object) -> str:
    """The form for `num`, which also fills %(num)d; Chinese gives the same text twice."""
    return catalogue().ngettext(one, many, num) % {"num": num, **fields}


def _l(text: str, **fields: object) -> Any:
    """Like `_`, looked up each time it is shown."""
    return LazyString(_, text, **fields)
