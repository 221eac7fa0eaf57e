"""Templates hold no text that cannot be translated and nothing that the content policy forbids."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from app.components import FILES

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STYLES = ROOT / "app" / "static" / "css"

DOCUMENTS = ("letters", "reports")
"""Signed papers: Chinese in every language, and WeasyPrint renders them, not a browser."""

PAGES = sorted(
    path
    for path in TEMPLATES.rglob("*.html")
    if path.relative_to(TEMPLATES).parts[0] not in DOCUMENTS
)

CHINESE = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff]")
"""Characters; punctuation alone says nothing that needs another language."""

TRANSLATORS = {"_", "gettext", "ngettext", "pgettext", "npgettext"}

FORBIDDEN = {
    "inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "script": re.compile(r"<script\b", re.IGNORECASE),
    "event handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "data: address": re.compile(r"[\"'(]\s*data:", re.IGNORECASE),
    "javascript: address": re.compile(r"[\"'(]\s*javascript:", re.IGNORECASE),
    "text taken as markup": re.compile(r"\|\s*safe\b"),
    "autoescaping off": re.compile(r"autoescape\s+false", re.IGNORECASE),
    "other site": re.compile(r"(src|href)\s*=\s*[\"'](https?:)?//", re.IGNORECASE),
    "Bootstrap control that loads data:": re.compile(
        r"\b(form-select|form-check-input|is-invalid|is-valid|btn-close|accordion-button)\b"
    ),
}


def untranslated(source: str) -> Iterator[str]:
    """Chinese text of a template that no gettext function sees."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    yield from _look(environment.parse(source))


def _look(node: nodes.Node) -> Iterator[str]:
    if _translates(node):
        return
    texts = {nodes.TemplateData: "data", nodes.Const: "value"}
    if type(node) in texts:
        text = getattr(node, texts[type(node)])
        if isinstance(text, str) and CHINESE.search(text):
            yield text.strip()
    for child in node.iter_child_nodes():
        yield from _look(child)


def _translates(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.Call)
        and isinstance(node.node, nodes.Name)
        and node.node.name in TRANSLATORS
    )


def forbidden(source: str) -> list[str]:
    """What a template holds besides markup, as names of FORBIDDEN."""
    bare = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    return [name for name, pattern in FORBIDDEN.items() if pattern.search(bare)]


def test_there_are_templates_to_look_at() -> None:
    assert TEMPLATES / "base.html" in PAGES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_chinese_text_is_translatable(path: Path) -> None:
    found = list(untranslated(path.read_text(encoding="utf-8")))
    assert not found, f"put these into _(): {found}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_needs_more_than_the_content_policy_gives(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>查验</p>",
        '<p title="查验"></p>',
        "{{ '查验' }}",
        "{{ chip('ok', '通过') }}",
        "<p>（选填）</p>",
        "<!-- 备注 -->",
    ],
)
def test_untranslatable_text_is_noticed(source: str) -> None:
    assert list(untranslated(source))


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ _('查验') }}</p>",
        "{{ chip('ok', _('通过')) }}",
        "{% trans %}查验{% endtrans %}",
        "{% trans n=3 %}{{ n }} 份{% pluralize %}{{ n }} 份{% endtrans %}",
        "{# 备注 #}",
        "<p>{{ name }} · {{ code }}（{{ unit }}）</p>",
    ],
)
def test_translatable_text_is_let_through(source: str) -> None:
    assert list(untranslated(source)) == []


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: red">',
        "<script>1</script>",
        '<a onclick="go()">',
        '<img src="data:image/png;base64,AA">',
        '<a href="javascript:go()">',
        "{{ text|safe }}",
        '<link href="https://cdn.example/a.css">',
        '<select class="form-select">',
    ],
)
def test_forbidden_markup_is_noticed(source: str) -> None:
    assert forbidden(source)


def test_both_dark_lists_are_the_same() -> None:
    css = (STYLES / "tokens.css").read_text(encoding="utf-8")
    by_system = re.search(r':root:not\(\[data-bs-theme="light"\]\)\s*\{(.*?)\}', css, re.DOTALL)
    by_choice = re.search(r':root\[data-bs-theme="dark"\]\s*\{(.*?)\}', css, re.DOTALL)
    assert by_system
    assert by_choice
    assert _declarations(by_system[1]) == _declarations(by_choice[1])
    assert len(_declarations(by_choice[1])) > 20


def _declarations(block: str) -> dict[str, str]:
    pairs = (one.split(":", 1) for one in block.split(";") if one.strip())
    return {name.strip(): " ".join(value.split()) for name, value in pairs}


@pytest.mark.parametrize("path", sorted(STYLES.glob("*.css")), ids=lambda path: path.name)
def test_styles_hold_no_text_and_load_nothing(path: Path) -> None:
    css = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    fonts = re.sub(r"font-family:[^;]*;|--(sans|mono):[^;]*;", "", css)
    assert not CHINESE.search(fonts), "text in style sheets cannot be translated"
    assert not re.search(r"url\(|@import", css)


def macros() -> dict[str, list[str]]:
    """Public macros of templates/components by name, with the files that define them."""
    found: dict[str, list[str]] = {}
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for path in sorted((TEMPLATES / "components").glob("*.html")):
        for macro in environment.parse(path.read_text(encoding="utf-8")).find_all(nodes.Macro):
            if not macro.name.startswith("_"):
                found.setdefault(macro.name, []).append(path.name)
    return found


def test_the_name_of_a_macro_says_which_one_it_is() -> None:
    assert {name: files for name, files in macros().items() if len(files) > 1} == {}
    assert {file for files in macros().values() for file in files} == {
        f"{name}.html" for name in FILES
    }


INNER = {"csrf", "errors", "result_word"}
"""Shown by form, post_button and result_chip."""


@pytest.mark.parametrize("name", sorted(macros().keys() - INNER))
def test_the_page_of_components_shows_every_macro(name: str) -> None:
    shown = (TEMPLATES / "public" / "components.html").read_text(encoding="utf-8")
    assert f"ui.{name}(" in shown, f"show ui.{name} on templates/public/components.html"
