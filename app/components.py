"""`ui` in templates: every macro of templates/components under one name.

`{{ ui.chip("ok", _("有效")) }}`, `{% call ui.sheet(_("当事人")) %}…{% endcall %}`. The macros see
no page variables: what they need is passed to them.
"""

from typing import Any

from flask import Flask
from wtforms import Field, FieldList
from wtforms.widgets import ListWidget

FILES = ("status", "verdicts", "sheets", "tables", "forms", "messages")
"""templates/components/NAME.html."""


def is_choice_list(field: Field) -> bool:
    """Whether a form field is a list of radio buttons or checkboxes, not one control."""
    return isinstance(field.widget, ListWidget)


def errors_in(form: Any) -> list[tuple[Field, str]]:
    """Every error of a form with the field it stands beside, those in lines of lists included."""
    found: list[tuple[Field, str]] = []
    for field in form:
        if isinstance(field, FieldList):
            for line in field:
                found += errors_in(line.form)
        else:
            found += [(field, error) for error in field.errors]
    return found


class Components:
    """Looks a macro up by name; the names are unique over all files (a test checks it)."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        app.jinja_env.tests["choice_list"] = is_choice_list
        app.jinja_env.filters["errors_in"] = errors_in
        self._macros: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if not self._macros or self._app.debug:
            self._macros = self._load()
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(f"no macro {name!r} in templates/components") from None

    def _load(self) -> dict[str, Any]:
        macros: dict[str, Any] = {}
        for file in FILES:
            module = self._app.jinja_env.get_template(f"components/{file}.html").module
            macros |= {name: value for name, value in vars(module).items() if name[0] != "_"}
        return macros
