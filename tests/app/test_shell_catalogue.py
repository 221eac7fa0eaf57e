"""The catalogue: everything the shell says can be read in English, with its places kept."""

import re

import pytest

from app import catalogue
from app.language import LANGUAGES, SOURCE, load

SHELL = (
    "app/components.py",
    "app/display.py",
    "app/forms.py",
    "app/problem_table.py",
    "app/shell.py",
    "app/portals/public/components.py",
    "app/portals/public/home.py",
    "app/portals/public/preferences.py",
    "app/portals/public/sample_form.py",
    "app/status.py",
    "guarantees/errors.py",
    "guarantees/values/codes.py",
    "guarantees/values/money.py",
    "templates/base.html",
    "templates/components/",
    "templates/errors/",
    "templates/public/components.html",
    "templates/public/home.html",
)
DOCUMENTS = ("templates/letters/", "templates/reports/")
OTHERS = sorted(LANGUAGES.keys() - {SOURCE})
PLACE = re.compile(r"%\((\w+)\)")


def shell_texts() -> set[str]:
    found = (
        text if isinstance(text, str) else text[0]
        for text, file in catalogue.texts()
        if file.startswith(SHELL)
    )
    return set(found)


@pytest.mark.parametrize("key", OTHERS)
def test_every_text_of_the_shell_is_translated(key: str) -> None:
    translations = load(key)
    known = {text if isinstance(text, str) else text[0] for text in translations._catalog}
    missing = shell_texts() - known
    assert not missing, "python -m app.catalogue, then translate"


@pytest.mark.parametrize("key", OTHERS)
def test_translations_keep_the_places_of_the_source(key: str) -> None:
    for text, translated in load(key)._catalog.items():
        source = text if isinstance(text, str) else text[0]
        if source:
            assert set(PLACE.findall(translated)) == set(PLACE.findall(source)), source


def test_texts_are_found_in_python_and_in_templates() -> None:
    texts = shell_texts()
    assert "没有找到这个页面" in texts
    assert "跳到正文" in texts
    assert "有 %(num)d 处需要改正，已填内容都保留" in texts


def test_signed_papers_are_not_translated() -> None:
    assert not [file for _text, file in catalogue.texts() if file.startswith(DOCUMENTS)]


def test_a_catalogue_that_is_behind_is_noticed_and_brought_up(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "messages.po"  # type: ignore[operator]
    path.write_text(
        catalogue.HEADER + 'msgid "登录"\nmsgstr "Sign in"\n\nmsgid "旧"\nmsgstr "old"\n'
    )
    monkeypatch.setattr(catalogue, "catalogue_path", lambda _key: path)
    monkeypatch.setattr(catalogue, "ROOT", path.parent)
    texts = [("登录", "base.html"), ("退出", "base.html")]
    monkeypatch.setattr(catalogue, "texts", lambda: iter(texts))
    assert catalogue.main(["--check"]) == 1
    assert catalogue.main([]) == 0
    assert catalogue.main(["--check"]) == 0
    written = path.read_text()
    assert 'msgid "退出"\nmsgstr ""' in written
    assert 'msgid "登录"\nmsgstr "Sign in"' in written
    assert "旧" not in written
