"""Every form of the application, with every hostile value in every field of it.

The answer is never an error of ours, always in Chinese, with what was typed; what was refused has
written nothing, and what was taken is whole and can be shown.
"""

import re
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from app.factory import create_app
from tests.app.hostile import sending
from tests.app.hostile.recipe import Recipe
from tests.app.hostile.recipes import recipes
from tests.app.hostile.sending import CHINESE, Fields, Pairs
from tests.app.hostile.stage import Faults, Stage
from tests.app.hostile.values import VALUES, as_read
from tests.shell_app import TestSettings
from tests.visitors import said

AUDITED = frozenset({"apply", "withdraw", "underwrite", "order_payment", "payment_notice"})
"""Commits that change what the audit looks at."""

COUNTED = frozenset({"sign_in", "passphrase"})
"""Commits of what is refused: attempts are counted."""


def endpoints() -> list[str]:
    """Of the URL map, so that a new form is found."""
    app = create_app(TestSettings(), secret_key="only for tests")
    return sorted(
        {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    )


def ready(stage: Stage, endpoint: str) -> tuple[Recipe, Pairs]:
    """The form as it would be sent."""
    recipe = recipes(stage)[endpoint]
    if recipe.before is not None:
        recipe.before(stage)
        recipe = recipes(stage)[endpoint]  # with what came to be
        stage.commits.clear()
    return recipe, sending.base(stage, recipe)


def test_every_form_has_a_recipe(stage: Stage) -> None:
    assert sorted(recipes(stage)) == endpoints()


@pytest.mark.parametrize("endpoint", endpoints())
def test_sent_rightly_it_is_taken(stage: Stage, endpoint: str) -> None:
    """Else the other tests would prove nothing."""
    with stage.undone():
        recipe, pairs = ready(stage, endpoint)
        answer = sending.post(stage, recipe, pairs)
        if recipe.refused or recipe.shows_result:
            assert answer.status_code == (recipe.refused or 200), sent_back(answer)
        else:
            assert answer.status_code in (302, 303), sent_back(answer)
        look(stage, recipe, answer)


def sent_back(answer: TestResponse) -> str:
    return f"{answer.status_code}: {said(answer.text)[:1500]}"


@pytest.mark.timeout(1200)  # thousands of requests, on a machine that others use too
@pytest.mark.parametrize("endpoint", endpoints())
def test_every_field_with_every_value(stage: Stage, faults: Faults, endpoint: str) -> None:
    """All fields at once; then one at a time, of those to which the form itself has no objection:
    what is right elsewhere lets it through to the records. That on PostgreSQL, the stricter one."""
    with stage.undone():
        recipe, pairs = ready(stage, endpoint)
        names = [one for one in dict.fromkeys(name for name, _ in pairs) if one != "csrf_token"]
        for what, value in VALUES.items():
            refused = _tried(stage, faults, recipe, pairs, names, what)
            if recipe.stores and stage.strict and b"\0" not in value:
                for name in names:
                    if name not in refused:
                        _tried(stage, faults, recipe, pairs, [name], what)


def _tried(
    stage: Stage, faults: Faults, recipe: Recipe, pairs: Pairs, names: list[str], what: str
) -> set[str]:
    """Send it; answers the fields that got an error of their own."""
    value = VALUES[what]
    with stage.undone(), faults.of(f"{names} = {what}"):
        answer = sending.post(stage, recipe, sending.changed(pairs, names, value))
        look(stage, recipe, answer)
        keeps(answer, recipe, names, value)
        if names and b"\0" in value:
            assert "U+0000" in answer.text, "it is not said what is wrong"
        return set(re.findall(r'id="([\w-]+)-error"', answer.text))
    return set()


@pytest.mark.parametrize("endpoint", endpoints())
def test_fields_that_are_missing_or_there_twice(
    stage: Stage, faults: Faults, endpoint: str
) -> None:
    with stage.undone():
        recipe, pairs = ready(stage, endpoint)
        names = dict.fromkeys(name for name, _ in pairs)
        for name in names if stage.strict else ():
            for sent in (
                sending.changed(pairs, [name], None),
                [*pairs, *((name, b"x") for _ in range(3))],
                [(name, b"x"), *pairs],
            ):
                with stage.undone(), faults.of(f"{name} missing or repeated"):
                    look(stage, recipe, sending.post(stage, recipe, sent))
        with stage.undone(), faults.of("nothing at all"):
            look(stage, recipe, sending.post(stage, recipe, []))


BODIES = {
    "json": ("application/json", b'{"a": [1, null]}'),
    "broken json": ("application/json", b'{"a": '),
    "text": ("text/plain", "甲=乙".encode()),
    "no kind": ("", b"a=b"),
    "odd kind": ("application/x-www-form-urlencoded; charset=utf-7", b"a=+AGI-"),
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n"),
    "broken parts": (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: nonsense\r\n",
    ),
    "cut off": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a',
    ),
    "not UTF-8": ("application/x-www-form-urlencoded", b"\xff\xfe=\xc3&%=%&%zz=%e4%b8"),
    "many fields": ("application/x-www-form-urlencoded", b"a=1&" * 5000),
    "xml": ("text/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
}


@pytest.mark.parametrize("endpoint", endpoints())
def test_bodies_that_are_no_form(stage: Stage, faults: Faults, endpoint: str) -> None:
    with stage.undone():
        recipe, _pairs = ready(stage, endpoint)
        for what, (kind, body) in BODIES.items():
            with stage.undone(), faults.of(what):
                answer = sending.raw(stage, recipe, body, kind)
                assert answer.status_code >= 400, "it was taken"
                look(stage, recipe, answer)


FILES = {
    "empty": b"",
    "nul": bytes(1000),
    "half a character": rb'[{"id": "\ud800", "name": "x"}]',
    "half a character as key": rb'[{"\udfff": "a", "name": "x"}]',
    "nul in json": rb'[{"id": "a", "name": "x\u0000y"}]',
    "html in json": rb'[{"id": "a", "name": "<script>alert(1)</script>"}]',
    "places in json": rb'[{"id": "a", "name": "%(x)s %s {0}"}]',
    "too large a number": b'[{"id": "a", "name": "x", "budget_yuan": 1e400}]',
    "not UTF-8": b'[{"id": "a", "name": "\xff\xfe"}]',
    "long name": b'[{"id": "a", "name": "' + b"x" * 10_000 + b'"}]',
    "csv": "项目名称,预算\n甲,１e400\n".encode(),
    "half a pdf": b"%PDF-1.7\n1 0 obj\n<<",
    "half a zip": b"PK\x03\x04" + bytes(30),
}


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("endpoint", ["projects.import_file", "components.show"])
def test_files_that_are_none(stage: Stage, endpoint: str, what: str) -> None:
    """What /verify says of files has tests of its own (tests/attacks)."""
    with stage.undone():
        whole, pairs = ready(stage, endpoint)
        assert whole.file is not None
        recipe = replace(whole, file=(whole.file[0], FILES[what]))
        look(stage, recipe, sending.post(stage, recipe, pairs))


def look(stage: Stage, recipe: Recipe, answer: TestResponse) -> None:
    """What holds for every answer."""
    assert answer.status_code < 500, f"status {answer.status_code}"
    if answer.status_code not in (302, 303):
        _look_at_refusal(stage, recipe, answer)
        return
    assert len(set(stage.commits) - COUNTED) <= 1, f"several commits {stage.commits}"
    assert not AUDITED.intersection(stage.commits) or stage.broken() == []
    shown = stage.pages.as_(recipe.who)._ask("GET", answer.location)
    assert shown.status_code < 500, f"then {answer.location} {shown.status_code}"
    assert shown.status_code in (302, 303) or CHINESE.search(shown.text), answer.location


def _look_at_refusal(stage: Stage, recipe: Recipe, answer: TestResponse) -> None:
    text = answer.json["detail"] if answer.is_json else answer.text
    assert CHINESE.search(text), "not in Chinese"
    assert "Traceback" not in text, "a traceback"
    for error in Fields(answer.text, recipe.path).errors:
        assert CHINESE.search(error.partition("：")[2]), f"not in Chinese: {error}"
    if not recipe.shows_result:
        assert set(stage.commits) <= COUNTED, f"committed {stage.commits}"


def keeps(answer: TestResponse, recipe: Recipe, names: list[str], value: bytes) -> None:
    """Where the form is shown again, its fields hold what was typed, but for white space around."""
    if answer.status_code in (302, 303) or answer.is_json or b"\0" in value:
        return
    typed = [_lines(one) for one in as_read(value)]
    found = Fields(answer.text, recipe.path)
    for name in found.typed.keys() & set(names):
        if not sending.TYPED_AGAIN.search(name):
            kept = _lines(found.typed[name])
            assert kept in typed, f"{name} kept {kept[:60]!r}"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
