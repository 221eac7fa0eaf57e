"""Every page that somebody can read, and what it says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from werkzeug.routing import Rule

from app.factory import create_app
from app.settings import read
from tests.secrecy.person import Person

LINK = re.compile(r'href="(/[^"#]*)"')
MOST = 150
"""Pages of one person; a small house has fewer."""

HOUSE = ("/projects", "/openings", "/opening-keys", "/account", "/people", "/join", "/verify")
"""Where procurers, agencies, regulators and the public are at home."""

ELSEWHERE = ("/static/", "/bootstrap/", "/preferences/", "/sign-in", "/verify?")
"""The same for everybody, or a change of looks."""


@dataclass(frozen=True)
class Read:
    status: int
    content: bytes


def read_all(person: Person, known: Mapping[str, str], under: Sequence[str]) -> dict[str, Read]:
    """By address: each page of the URL map with the ids that are `known`, and what they link to."""
    found: dict[str, Read] = {}
    waiting = [path for path in _addresses(known) if path == "/" or path.startswith(tuple(under))]
    for path in waiting:
        answer = person.ask(path)
        found[path] = Read(answer.status_code, answer.content)
        links = LINK.findall(answer.text) if "html" in answer.headers["Content-Type"] else []
        waiting += [one for one in map(_tidy, links) if _unread(one, waiting, under)]
    return found


def _addresses(known: Mapping[str, str]) -> Iterator[str]:
    for rule in _rules():
        if set(rule.arguments) <= known.keys():
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: known[match[1]], rule.rule)
            if not path.startswith(ELSEWHERE):
                yield path


@cache
def _rules() -> tuple[Rule, ...]:
    app = create_app(read(), secret_key="for its URL map alone")
    return tuple(rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))


def _tidy(link: str) -> str:
    return link.replace("&amp;", "&")


def _unread(path: str, waiting: list[str], under: Sequence[str]) -> bool:
    wanted = path.startswith(tuple(under)) and not path.startswith(ELSEWHERE)
    return wanted and path not in waiting and len(waiting) < MOST
