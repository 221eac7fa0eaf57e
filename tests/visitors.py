"""A browser without a screen: pages of the whole application over a world, as any of its people.

Signing in has tests of its own; here the person is set for each request, and the code of the
authenticator counts as proved.
"""

import re
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask, g
from werkzeug.test import TestResponse

from app.auth.setup import init_auth
from app.factory import create_app
from app.house import House
from app.jobs.worker import Jobs
from app.portals.institution import offers, underwriting
from app.portals.opening import recoveries, recovery, rooms, shares
from app.portals.operator import holds
from app.portals.people import trust
from app.portals.projects import ending, keys
from app.portals.trustee import pages as trustee
from guarantees.queries.sign_ins import SignedIn
from guarantees.values.actor import Actor
from tests import house as houses
from tests.world import World


@dataclass
class Pages:
    app: Flask
    house: House
    world: World
    who: list[str] = field(default_factory=lambda: [""])

    def as_(self, who: str) -> "Visitor":
        return Visitor(self, who)

    def work(self) -> int:
        """Do what the outbox holds, once."""
        return Jobs(self.house).run_due()


@dataclass
class Visitor:
    pages: Pages
    who: str

    def get(self, path: str) -> str:
        answer = self._ask("GET", path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def status(self, path: str, method: str = "GET") -> int:
        return self._ask(method, path).status_code

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form, CSRF token and all."""
        return self._ask("POST", path, data={**fields, "csrf_token": self.token()})

    def sent(self, path: str, **fields: Any) -> str:
        """Send a form that is accepted; answers where it leads."""
        answer = self.post(path, **fields)
        assert answer.status_code in (302, 303), said(answer.text)
        return answer.location

    def token(self) -> str:
        answer = self._ask("GET", "/verify")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
        assert found is not None
        return found[1]

    def _ask(self, method: str, path: str, **more: Any) -> TestResponse:
        self.pages.who[0] = self.who
        client = self.pages.app.extensions["test_clients"].setdefault(
            self.who, self.pages.app.test_client()
        )
        answer: TestResponse = client.open(path, method=method, **more)
        return answer


def said(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def visit(world: World, folder: Path, monkeypatch: Any) -> Pages:
    """The application over `world`, with doubles for other processes."""
    house = houses.around(world, folder)
    app = create_app(house.settings, secret_key="only for tests " * 3, clock=house.now)
    app.extensions["baohan"] = house
    app.extensions["test_clients"] = {}
    pages = Pages(app, house, world)

    def sign_in() -> None:
        who = pages.who[0]
        g.signed_in = SignedIn(world.people[who], who, None, "") if who else None

    def prove(_typed: str) -> Actor:
        return replace(world.people[pages.who[0]], second_factor_at=world.now)

    app.before_request(sign_in)
    init_auth(app)
    modules = (offers, underwriting, rooms, keys, shares, recovery, recoveries, trust, trustee)
    for module in (*modules, ending, holds):
        monkeypatch.setattr(module, "prove", prove)
    return pages
