"""gettext with types: `_` for text shown now, `_l` for text fixed at import (labels of forms).

Chinese is the source text. Never pass what somebody typed: only literals, and text marked N_().
A per cent sign is written once here where no field is given, and always twice in templates.
"""

from typing import Any

from flask_babel import gettext, lazy_gettext  # type: ignore[import-untyped]  # Flask-Babel is not typed
from flask_babel import ngettext as _ngettext


def _(text: str, **fields: object) -> str:
    """`text` in the reader's language, its %(field)s places filled."""
    return str(gettext(text, **fields))


def ngettext(one: str, many: str, num: int, **fields: object) -> str:
    """The form for `num`, which also fills %(num)d; Chinese gives the same text twice."""
    return str(_ngettext(one, many, num, **fields))


def _l(text: str, **fields: object) -> Any:
    """Like `_`, looked up each time it is shown."""
    return lazy_gettext(text, **fields)
