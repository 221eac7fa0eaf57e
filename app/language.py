"""Languages: the source text is Chinese; other languages come from catalogues in translations/.

Catalogues are read as .po when the application starts: no compiled files to forget. Chinese stays
the default whatever the browser asks for, since it is the language of the law and of the letters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, has_request_context, request
from flask_babel import Babel  # type: ignore[import-untyped]  # Flask-Babel is not typed

from app.text import catalogue

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
COOKIE = "language"


@dataclass(frozen=True, slots=True)
class Language:
    name: str
    """In its own words."""
    tag: str
    """BCP 47, for the `lang` attribute."""
    locale: str
    """Babel's identifier."""


LANGUAGES: Mapping[str, Language] = {
    "zh": Language("简体中文", "zh-CN", "zh_Hans_CN"),
    "en": Language("English", "en", "en"),
}
SOURCE = "zh"


def language() -> str:
    """Key of the language the reader chose, else Chinese; also outside a request."""
    chosen = request.cookies.get(COOKIE, SOURCE) if has_request_context() else SOURCE
    return chosen if chosen in LANGUAGES else SOURCE


def init_language(app: Flask) -> None:
    """Set up Flask-Babel and load every catalogue but the source's."""
    babel = Babel(
        app,
        default_locale=LANGUAGES[SOURCE].locale,
        default_timezone="Asia/Shanghai",
        default_translation_directories=str(CATALOGUES),
        locale_selector=lambda: LANGUAGES[language()].locale,
    )
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by its extension
        gettext=lambda text: catalogue().gettext(text),
        ngettext=lambda one, many, num: catalogue().ngettext(one, many, num),
        newstyle=True,
    )
    with app.app_context():
        for key in LANGUAGES.keys() - {SOURCE}:
            locale = Locale.parse(LANGUAGES[key].locale)
            babel.domain_instance.cache[str(locale), babel.domain] = load(key)


def load(key: str) -> Translations:
    """The catalogue translations/KEY/LC_MESSAGES/messages.po; empty entries stay Chinese."""
    with catalogue_path(key).open("rb") as source:
        catalogue = read_po(source, locale=LANGUAGES[key].locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain="messages")


def catalogue_path(key: str) -> Path:
    return CATALOGUES / key / "LC_MESSAGES" / "messages.po"
