"""Every page of the application, with hostile values in its address, filters and headers."""

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import app as application
from app.auth.guard import action_of
from app.factory import create_app
from app.headers import STATIC_ENDPOINTS
from guarantees.tables.permissions import allowed
from tests.app.hostile.sending import CHINESE
from tests.app.hostile.stage import Faults, Stage
from tests.app.hostile.values import VALUES
from tests.shell_app import TestSettings

MACHINES = frozenset({"health.alive", "health.ready", "health.metrics"})
"""For programs, in English; they read nothing of the address."""

CURSORS = ([10**30, "x"], ["\ud800", "x"], ["a\0", "b"], ["x", -1], [1, 2], ["9" * 200, "x"])


FEW = ("nul", "many digits", "address", "lone surrogate", "html")


def rules() -> list[Rule]:
    """Pages of the URL map."""
    app = create_app(TestSettings(), secret_key="only for tests")
    skipped = STATIC_ENDPOINTS | MACHINES
    found = [one for one in app.url_map.iter_rules() if "GET" in (one.methods or ())]
    return sorted((one for one in found if one.endpoint not in skipped), key=str)


RULES = [pytest.param(rule, id=rule.rule) for rule in rules()]


def parameters() -> list[str]:
    """Every name that the pages look for behind the question mark."""
    found: set[str] = set()
    for path in Path(application.__path__[0]).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'args\.get(?:list)?\("([\w-]+)"', text))
    assert {"q", "next", "after"} <= found
    return sorted(found)


def values(stage: Stage) -> dict[str, bytes]:
    """All on PostgreSQL, which is the stricter one; on SQLite what it takes amiss itself."""
    return VALUES if stage.strict else {name: VALUES[name] for name in FEW}


def who_may(stage: Stage, rule: Rule) -> str:
    """One of the world's people who may read the page; empty: anybody."""
    action = action_of(stage.app, rule.endpoint) or ""
    people = stage.pages.world.people
    visitor = action in ("public.read", "letter.verify", "session.start", "people.join")
    if visitor or action == "organisation.apply":
        return ""
    return next(who for who, actor in people.items() if allowed(actor, action))


def address(stage: Stage, rule: Rule, given: bytes | None = None) -> str:
    """The rule filled with what there is, or with `given` in every place."""
    known = {
        "case": stage.cases["submitted"],
        "lot": stage.ids["free lot"],
        "project": stage.ids["other project" if "/end" in rule.rule else "draft"],
        "organisation_id": stage.ids["pending"],
        "person_id": stage.ids["colleague"],
        "series": stage.ids["series"],
        "token": stage.ids["token"],
        "hold": stage.ids["hold"],
        "request": stage.ids["end asked"],
        "request_id": stage.ids["policy"],
        "number": "1",
        "rest": "0/000",
        "key": key_in(stage, rule),
    }

    def place(match: re.Match[str]) -> str:
        name = match[1].rpartition(":")[2]
        return quote_from_bytes(known[name].encode() if given is None else given, safe="")

    return re.sub(r"<([^>]+)>", place, rule.rule)


def key_in(stage: Stage, rule: Rule) -> str:
    """What `<key>` is of."""
    if rule.endpoint.startswith("preferences"):
        return "en"
    return stage.ids["trustee key" if rule.endpoint.startswith("trustee") else "opening key"]


def asked(stage: Stage, who: str, path: str, **more: object) -> TestResponse:
    answer = stage.pages.as_(who)._ask("GET", path, **more)
    assert answer.status_code < 500, f"status {answer.status_code}"
    if answer.status_code not in (301, 302, 303, 308) and answer.mimetype == "text/html":
        assert CHINESE.search(answer.text), "not in Chinese"
        assert "<script>alert" not in answer.text, "not escaped"
    assert stage.commits == [], f"wrote {stage.commits}"
    return answer


@pytest.mark.parametrize("rule", RULES)
def test_filters_and_cursors(stage: Stage, faults: Faults, rule: Rule) -> None:
    who, path = who_may(stage, rule), address(stage, rule)
    for what, value in values(stage).items():
        query = "&".join(f"{name}={quote_from_bytes(value[:3000])}" for name in parameters())
        with stage.undone(), faults.of(what):
            asked(stage, who, f"{path}?{query}")
    for cursor in CURSORS:
        word = base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode()
        for direction in ("after", "before"):
            with stage.undone(), faults.of(f"{direction} {cursor}"):
                asked(stage, who, f"{path}?{direction}={word}")


@pytest.mark.parametrize("rule", [one for one in RULES if "<" in one.id])
def test_places_of_the_address(stage: Stage, faults: Faults, rule: Rule) -> None:
    who = who_may(stage, rule)
    for what, value in values(stage).items():
        if value:
            with stage.undone(), faults.of(what):
                answer = asked(stage, who, address(stage, rule, value[:3000]))
                assert answer.status_code in (400, 404), f"status {answer.status_code}"


HEADERS = {
    "Cookie": "login=x; session=.eJx; __Host-login=\xff; language=../../x; theme='\"",
    "Referer": "http://[::1",
    "Accept-Language": "x" * 5000,
    "Host": "[::1",
    "User-Agent": "<script>alert(1)</script>",
    "X-Forwarded-For": "'; DROP TABLE",
    "Range": "bytes=-1-9,,",
    "If-None-Match": "\xe4",
    "If-Modified-Since": "31 Feb 99999",
    "Content-Length": "x",
}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("path", ["/", "/verify", "/sign-in", "/people/", "/no-such-page"])
def test_headers(stage: Stage, name: str, path: str) -> None:
    with stage.undone():
        asked(stage, "", path, headers={name: HEADERS[name]})
        who = stage.pages.as_("supplier")
        answer = who._ask("POST", "/supplier/lots/x/apply", headers={name: HEADERS[name]})
        assert answer.status_code < 500
