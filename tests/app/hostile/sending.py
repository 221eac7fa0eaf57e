"""Sending a form as a browser would, or as none would, and looking at what comes back."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes

from werkzeug.test import TestResponse

from tests.app.hostile.recipe import Recipe
from tests.app.hostile.stage import Stage

CHINESE = re.compile("[一-鿿]")
TYPED_AGAIN = re.compile("password|passphrase|otp|csrf|secret|token|repeated", re.IGNORECASE)
"""Fields that no page shows again."""

Pairs = list[tuple[str, bytes]]


class Fields(HTMLParser):
    """Names and values in the forms of a page that post to `path`."""

    def __init__(self, page: str, path: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.typed: dict[str, str] = {}
        """Lines and paragraphs that a person writes."""
        self.errors: list[str] = []
        self._path = path
        self._inside = False
        self._area = self._error = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            action = given.get("action", "") or self._path
            self._inside = given.get("method") == "post" and action == self._path
        elif tag == "p" and given.get("class") == "error":
            self._error = " "
        elif self._inside and tag == "textarea":
            self._area = given["name"]
            self.typed[self._area] = ""
        elif self._inside and tag == "input" and "name" in given:
            if given.get("type") == "hidden":
                self.hidden[given["name"]] = given.get("value", "")
            elif given.get("type") not in ("checkbox", "radio", "file", "password"):
                self.typed[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.typed[self._area] += data
        if self._error:
            self._error += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            # A browser drops the line break right after the tag, which WTForms writes.
            held = self.typed[self._area]
            self.typed[self._area] = held.removeprefix("\r\n").removeprefix("\n")
            self._area = ""
        elif tag == "p" and self._error:
            self.errors.append(self._error.strip())
            self._error = ""
        elif tag == "form":
            self._inside = False


def base(stage: Stage, recipe: Recipe) -> Pairs:
    """What a browser would send: hidden fields of the page, then what is typed."""
    visitor = stage.pages.as_(recipe.who)
    if recipe.path.startswith("/api/"):
        return []
    answer = visitor._ask("GET", recipe.page or recipe.path)
    assert answer.status_code == 200, (recipe.path, answer.status_code)
    found = Fields(answer.text, recipe.path)
    sent = {**found.hidden, **found.typed, **recipe.fields}
    sent["csrf_token"] = visitor.token()
    return [
        (name, one.encode())
        for name, value in sent.items()
        for one in (value if isinstance(value, list) else [value])
    ]


def post(stage: Stage, recipe: Recipe, pairs: Iterable[tuple[str, bytes]]) -> TestResponse:
    """Percent-encoded; in parts where a file goes along."""
    if recipe.file is None:
        body = "&".join(f"{quote_from_bytes(n.encode())}={quote_from_bytes(v)}" for n, v in pairs)
        return raw(stage, recipe, body.encode(), "application/x-www-form-urlencoded")
    name, content = recipe.file
    parts = [_part(f'name="{one}"', value) for one, value in pairs]
    parts.append(_part(f'name="{name}"; filename="a.bin"', content))
    body_ = b"".join(parts) + b"--limit--\r\n"
    return raw(stage, recipe, body_, "multipart/form-data; boundary=limit")


def _part(head: str, value: bytes) -> bytes:
    return (
        b"--limit\r\nContent-Disposition: form-data; "
        + head.encode()
        + b"\r\n\r\n"
        + value
        + b"\r\n"
    )


def raw(stage: Stage, recipe: Recipe, body: bytes, kind: str) -> TestResponse:
    """Any bytes at all."""
    return stage.pages.as_(recipe.who)._ask("POST", recipe.path, data=body, content_type=kind)


def changed(pairs: Pairs, names: list[str], value: bytes | None) -> Pairs:
    """With another value in those fields; None: without them."""
    kept = [pair for pair in pairs if pair[0] not in names]
    return kept if value is None else [*kept, *((name, value) for name in names)]
