"""`./baohan bench web`: every page of the URL map is asked for, and none can be forgotten."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.adapters.vault import Vault
from app.auth.guard import needs
from app.processes.web import application
from app.settings import read
from bench import web
from bench.full_house import fill
from bench.stock import MEMBERS, SMALL
from bench.web_pages import NOT_MEASURED, Page, Unmapped, pages
from bench.web_process import house

Asked = Callable[[Flask], list[Page]]


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return web.measure(1, SMALL)


def test_pages_are_measured_cold_and_again_beside_the_peer(figures: dict[str, Any]) -> None:
    found = [page for rule in figures["rules"].values() for page in rule["pages"]]
    assert figures["guarantees"] == SMALL.opened + SMALL.sealed
    assert all(page["cold"]["n"] == page["again"]["n"] == 1 for page in found)
    assert all(page["cold"]["p95_ms"] > page["cold"]["cpu_p95_ms"] > 0 for page in found)
    assert figures["peer"]["n"] == 2 * len(found)
    assert {page["who"] for page in found} >= {next(iter(one)) for one in MEMBERS.values()}


def test_the_table_shows_each_rule_by_its_slowest_page(figures: dict[str, Any]) -> None:
    lines = web.table(figures)
    for rule, one in figures["rules"].items():
        (line,) = [line for line in lines if line.startswith(f"{rule} ")]
        assert line.endswith(one["slowest"])
        assert one["cold"]["p95_ms"] == max(page["cold"]["p95_ms"] for page in one["pages"])
    assert lines[-1].startswith("slower than 150 ms: ")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Callable[[], Flask], Asked]:
    """A new application over a small full house, and what is asked of one."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "data").mkdir()
    settings = read({"BAOHAN_DATA": str(folder / "data"), "BAOHAN_KEYS": str(folder / "keys")})
    stored = house(settings, Vault.create(settings.keys))
    full = fill(stored, SMALL)
    return lambda: application(stored), lambda app: pages(app, full)


def test_every_rule_that_answers_get_is_asked_for(
    filled: tuple[Callable[[], Flask], Asked],
) -> None:
    make, asked = filled
    app = make()
    expected = {one.rule for one in app.url_map.iter_rules() if "GET" in (one.methods or ())}
    assert {page.rule for page in asked(app)} == expected - set(NOT_MEASURED)
    assert expected > set(NOT_MEASURED)


def test_a_new_rule_that_nobody_said_how_to_ask_for_ends_the_run(
    filled: tuple[Callable[[], Flask], Asked],
) -> None:
    make, asked = filled
    app = make()
    app.add_url_rule("/new/<thing>", "new", needs("public.read")(lambda thing: thing))
    with pytest.raises(Unmapped) as raised:
        asked(app)
    assert raised.value.rules == ["/new/<thing>"]
