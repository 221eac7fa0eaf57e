"""BAOHAN_PROXIES: whose address counts, through the real server and its own header policy."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from flask import jsonify, request

from app.auth import throttle
from app.auth.guard import needs
from app.auth.throttle import SIGN_IN_WINDOW, AddressLimit, Limits
from app.house import House
from app.processes.loopback import listen
from app.processes.web import application
from app.processes.web_server import WebServer
from app.settings import BadSetting, read

TRIES = 3

Open = Callable[[int], str]


@pytest.fixture
def site(house: House) -> Iterator[Open]:
    """Opens the whole application behind so many proxies; answers its address."""
    with ExitStack() as stack:

        def opened(proxies: int) -> str:
            behind = replace(house, settings=replace(house.settings, proxies=proxies))
            app = application(behind)
            app.extensions["baohan_limits"] = Limits(sign_ins=AddressLimit(TRIES, SIGN_IN_WINDOW))
            app.add_url_rule("/seen", view_func=needs("public.read")(seen))
            listener = stack.enter_context(closing(listen()))
            server = WebServer(app, listener)
            server.start()
            stack.callback(server.drain, 10)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield opened


def seen() -> object:
    return jsonify([throttle.address(), request.scheme, request.host])


FORWARDED = {
    "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "baohan.example",
}


def test_headers_of_strangers_are_ignored(site: Open) -> None:
    url = site(0)
    answer = requests.get(f"{url}/seen", headers=FORWARDED, timeout=10).json()
    assert answer == ["127.0.0.1", "http", url.removeprefix("http://")]


@pytest.mark.parametrize(
    ("proxies", "address"), [(1, "198.51.100.7"), (2, "203.0.113.9"), (3, "127.0.0.1")]
)
def test_as_many_are_believed_as_there_are_proxies(site: Open, proxies: int, address: str) -> None:
    """From the right: what stands further left a visitor may have written."""
    answer = requests.get(f"{site(proxies)}/seen", headers=FORWARDED, timeout=10).json()
    assert answer[0] == address
    if proxies == 1:
        assert answer[1:] == ["https", "baohan.example"]


def tried(url: str, address: str) -> int:
    """A wrong password from that address, as the proxy tells it."""
    with requests.Session() as http:
        http.headers["X-Forwarded-For"] = address
        page = http.get(f"{url}/sign-in", timeout=10).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        form = {"csrf_token": token[1], "login": address, "password": "wrong"}
        return http.post(f"{url}/sign-in", data=form, timeout=10).status_code


def test_behind_a_proxy_one_visitors_tries_hold_up_no_other(site: Open) -> None:
    url = site(1)
    assert [tried(url, "203.0.113.9") for _ in range(TRIES + 1)] == [401] * TRIES + [429]
    assert tried(url, "203.0.113.10") == 401


def test_without_one_nobody_escapes_by_claiming_another_address(site: Open) -> None:
    url = site(0)
    answers = [tried(url, f"203.0.113.{n}") for n in range(TRIES + 1)]
    assert answers == [401] * TRIES + [429]


def test_the_setting_is_a_small_number(tmp_path: Path) -> None:
    assert read({}).proxies == 0
    assert read({"BAOHAN_PROXIES": "2"}).proxies == 2
    for wrong in ("", "-1", "10", "1.0", "yes", "２", " 1", "8000"):
        with pytest.raises(BadSetting, match="BAOHAN_PROXIES"):
            read({"BAOHAN_PROXIES": wrong})
