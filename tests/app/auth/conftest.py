"""The whole web application with accounts, on SQLite, with a clock that tests set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import Connection
from werkzeug.test import TestResponse

from app import settings
from app.adapters.database import make_engine
from app.auth.guard import actor, needs
from app.auth.second_factor import prove
from app.auth.setup import init_auth
from app.auth.throttle import Limits
from app.context import now
from app.factory import create_app
from app.house import House
from guarantees.tables import permissions
from tests.accounts import CHEAP, PASSWORD, START, Accounts, people_in, undone
from tests.databases import fresh_database


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with fresh_database("sqlite") as url:
        engine = make_engine(url)
        with people_in(engine) as made:
            yield made
        engine.dispose()


@pytest.fixture
def world(connection: Connection) -> Iterator[Accounts]:
    with undone(connection) as people:
        yield people


@dataclass
class Site:
    """The application and its clock; `browser()` is a new visitor."""

    app: Flask
    world: Accounts
    time: list[datetime]

    def browser(self, address: str = "127.0.0.1") -> "Browser":
        return Browser(self, self.app.test_client(), address)

    def wait(self, span: timedelta) -> None:
        self.time[0] += span
        self.world.now = self.time[0]

    def signed_in(self, login: str) -> "Browser":
        """A browser in which the person is signed in; a minute later than before."""
        self.wait(timedelta(minutes=1))
        browser = self.browser()
        browser.password(login)
        assert browser.code(login).status_code == 303
        return browser


@dataclass
class Browser:
    site: Site
    client: FlaskClient
    address: str
    seen: TestResponse | None = field(default=None, repr=False)

    def get(self, path: str, **more: Any) -> TestResponse:
        self.seen = self.client.get(path, environ_base={"REMOTE_ADDR": self.address}, **more)
        return self.seen

    def send(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Post a form with the CSRF token of a page that this browser just opened."""
        data = {"csrf_token": self.csrf(), **(form or {})}
        self.seen = self.client.post(
            path, data=data, environ_base={"REMOTE_ADDR": self.address}, **more
        )
        return self.seen

    def csrf(self) -> str:
        page = self.client.get("/join", environ_base={"REMOTE_ADDR": self.address}).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found
        return found[1]

    def password(self, login: str, password: str = PASSWORD, back: str = "") -> TestResponse:
        path = f"/sign-in?next={back}" if back else "/sign-in"
        return self.send(path, {"login": login, "password": password})

    def code(self, login: str) -> TestResponse:
        return self.send("/sign-in/code", {"otp": self.site.world.code(login)})

    def cookie(self, name: str = "login") -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for the tests of a file: making it takes a third of a second."""
    return make_app(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(app: Flask, world: Accounts) -> Site:
    return open_site(app, world)


def make_app(folder: Path, *, https: bool = False) -> Flask:
    environment = {
        "BAOHAN_DATA": str(folder / "data"),
        "BAOHAN_HTTPS": "1" if https else "",
        "BAOHAN_BASE_URL": "https://baohan.example" if https else "http://localhost",
    }
    chosen = settings.read(environment)
    app = create_app(
        chosen,
        secret_key="only for tests " * 3,
        clock=lambda: cast(House, app.extensions["baohan"]).now(),
    )
    app.config["settings"] = chosen
    _add_act(app)
    init_auth(app, passwords=CHEAP)
    app.testing = True
    return app


def open_site(app: Flask, world: Accounts) -> Site:
    """A house with these people at START, and no memory of earlier tests."""
    time = [START]
    nothing = cast(Any, None)
    app.extensions["baohan_limits"] = Limits()
    app.extensions["baohan"] = House(
        settings=app.config["settings"],
        sessions=world.sessions,
        files=nothing,
        gateway=nothing,
        letters=nothing,
        timekeeper=nothing,
        verifier=nothing,
        mailer=nothing,
        recovery_key=b"",
        now=lambda: time[0],
    )
    return Site(app, world, time)


def _add_act(app: Flask) -> None:
    """An act with a second factor, as a portal would have it."""

    @app.post("/acts/<name>")
    @needs("application.decide")
    def act(name: str) -> dict[str, str]:
        able = prove(request.form.get("otp"))
        permissions.check(able, "application.decide", now())
        return {"who": actor().name, "did": name}
