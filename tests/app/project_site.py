"""The whole web application around a small world, with whoever a test says signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.auth import guard
from app.auth.setup import init_auth
from app.factory import create_app
from guarantees.queries.sign_ins import SignedIn
from tests.guarantees.flow.project_samples import Kept, Office
from tests.house import around


class Forms(HTMLParser):
    """Forms of a page: what a browser would send if its last button were pressed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form" and given.get("method") == "post":
            self.forms.append((given.get("action", ""), {}))
        elif not self.forms or "name" not in given:
            return
        elif tag == "textarea":
            self._text = given["name"]
            self.forms[-1][1][self._text] = ""
        elif tag == "input":
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in dict(attributes)
            if ticked:
                self.forms[-1][1][given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self.forms[-1][1][self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            # A browser drops the line break right after the tag, which WTForms writes.
            fields = self.forms[-1][1]
            fields[self._text] = fields[self._text].removeprefix("\r\n").removeprefix("\n")
            self._text = None


@dataclass
class Site:
    app: Flask
    client: FlaskClient
    office: Office
    who: str = "agency"

    def get(self, path: str, status: int = 200) -> str:
        return self.read(self.client.get(path), status)

    def read(self, answer: TestResponse, status: int = 200) -> str:
        page = answer.get_data(as_text=True)
        assert answer.status_code == status, page[:3000]
        return page

    def send(self, path: str, page: str, marked: str = "name", **changed: Any) -> TestResponse:
        """Fill in the form of `page` that has a field `marked`, and send it."""
        [fields] = [one for _, one in Forms(page).forms if marked in one][:1]
        return self.client.post(path, data=fields | changed)

    def press(self, page: str, action: str, **fields: Any) -> TestResponse:
        """Press the button of the form that posts to `action`."""
        [given] = [one for where, one in Forms(page).forms if where == action]
        return self.client.post(action, data=given | fields)

    def follow(self, answer: TestResponse) -> str:
        assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
        return self.get(answer.location)


@contextmanager
def site(kept: Kept, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with kept.open(folder) as office:
        house = replace(around(office.world, folder), timekeeper=office.timekeeper)
        app = create_app(house.settings, secret_key="tests " * 8, clock=house.now)
        app.extensions["baohan"] = house
        init_auth(app)
        made = Site(app, app.test_client(), office)

        def signed_in() -> SignedIn | None:
            if made.who == "nobody":
                return None
            return SignedIn(office.world.as_(made.who, code=False), made.who, None, "")

        monkeypatch.setattr(guard, "signed_in", signed_in)
        yield made
