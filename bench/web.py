"""Pages: what each GET rule of the URL map costs in a full house, for each role that reads it.

Every round is a new server process. Each page is asked for twice in a round, in random order: cold,
the first time ever in this process and as long as there are others with another id; then again. An
empty page of Flask on the same server is asked for in between.
"""

import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any

from app.adapters.vault import Vault
from app.processes.loopback import listen
from app.processes.web import application
from app.settings import ROOT, Settings, read
from bench.full_house import FullHouse, fill
from bench.measure import machine, percentile
from bench.names import company
from bench.stock import PASSWORD, REGION, Size
from bench.web_pages import HALF_WAY, JOINED, NEW, NOBODY, NOT_MEASURED, Page, pages
from bench.web_process import PEER, house
from bench.web_visit import Answer, Browser, Unexpected, sign_in
from guarantees.values.codes import make_credit_code

PROMISED_MS = 150
"""p95 of every page (README)."""

NEXT = re.compile(r'href="([^"]+)" rel="next"')
FURTHER_PAGES = 12
REDIRECTING = frozenset(
    {"institution.home", "auth.sign_in", "preferences.language", "preferences.theme"}
)
"""Endpoints whose answer is the way to another page."""


@dataclass
class Times:
    """Seconds of answers: wall time, and CPU time in the application."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        self.wall.append(answer.seconds)
        self.cpu.append(answer.cpu)

    def summary(self) -> dict[str, Any]:
        return {
            "n": len(self.wall),
            **{f"{name}_ms": round(1000 * value, 1) for name, value in _spread(self.wall).items()},
            **{f"cpu_{name}_ms": round(1000 * v, 1) for name, v in _spread(self.cpu).items()},
        }


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": statistics.median(ordered),
        "p95": percentile(ordered, 95),
        "max": ordered[-1],
    }


@dataclass
class Measured:
    page: Page
    cold: Times = field(default_factory=Times)
    again: Times = field(default_factory=Times)
    size: int = 0
    """Bytes of the largest answer."""


def run(count: int) -> dict[str, Any]:
    """`count` rounds; the figures as JSON would show them."""
    return measure(count, Size())


def measure(count: int, size: Size) -> dict[str, Any]:
    """Raises Unexpected or Unmapped if a page can't be measured."""
    with tempfile.TemporaryDirectory(prefix="baohan-bench-") as name:
        settings = _settings(Path(name))
        stored = house(settings, Vault.create(settings.keys))
        filled = fill(stored, size)
        _say(f"{size.opened + size.sealed} guarantees in {filled.seconds:.0f} s")
        measured = [Measured(page) for page in pages(application(stored), filled)]
        stored.sessions.engine.dispose()
        peer = Times()
        with _server(settings) as port:
            people = _people(port, filled)
            measured = [_discovered(one, people) for one in measured]
        for number in range(count):
            with _server(settings) as port:
                _round(number, port, filled, people, measured, peer)
            _say(f"round {number + 1} of {count}")
    return _figures(count, size, filled, measured, peer)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _settings(folder: Path) -> Settings:
    """As in production, on a database of its own."""
    (folder / "data").mkdir()
    return read(_environment(folder))


def _environment(folder: Path) -> dict[str, str]:
    return {
        "BAOHAN_DATA": str(folder / "data"),
        "BAOHAN_KEYS": str(folder / "keys"),
        "BAOHAN_RUN": str(folder / "run"),
        "BAOHAN_MODE": "production",
        "BAOHAN_HTTPS": "1",
        "BAOHAN_BASE_URL": "https://example.com",
    }


@contextmanager
def _server(settings: Settings) -> Iterator[int]:
    """A new process of the web application; its port."""
    folder = settings.data.parent
    passed = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")}
    with listen() as listener, (folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.web_process", "--fd", str(listener.fileno())],
            cwd=ROOT,
            env={**passed, **_environment(folder)},
            pass_fds=[listener.fileno()],
            stderr=log,
        )
        try:
            port = int(listener.getsockname()[1])
            waiting = Browser(port)
            waiting.get(PEER)
            waiting.close()
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _people(port: int, filled: FullHouse) -> dict[str, Browser]:
    """Everybody who is signed in throughout."""
    half = (HALF_WAY, NEW)
    known = filled.stock.accounts
    signed_in = {name: sign_in(port, one) for name, one in known.items() if name not in half}
    return {NOBODY: Browser(port), JOINED: _joined(port, filled), **signed_in}


def _joined(port: int, filled: FullHouse) -> Browser:
    """A supplier that has just registered."""
    rng = filled.stock.rng
    browser = Browser(port)
    fields = {
        "name": f"{REGION}{company(rng)}",
        "credit_code": make_credit_code("91140100", rng),
        "region": REGION,
        "account": "6222000012345678",
        "person_name": "周予安",
        "mail": "zhou@example.com",
        "login_wish": "zhou",
        "password": PASSWORD,
        "repeated": PASSWORD,
    }
    browser.post("/join", fields)
    return browser


def _discovered(one: Measured, people: dict[str, Browser]) -> Measured:
    """The addresses of the pages after the first, where such are asked for."""
    if one.page.variant != "next":
        return one
    found: list[str] = []
    address = one.page.addresses[0]
    while len(found) < FURTHER_PAGES:
        link = NEXT.search(_got(people[one.page.who], one.page, address).text)
        if link is None:
            break
        address = unescape(link[1])
        if address.startswith("?"):
            address = one.page.addresses[0] + address
        found.append(address)
    return Measured(replace(one.page, addresses=tuple(found) or one.page.addresses))


def _round(
    number: int,
    port: int,
    filled: FullHouse,
    people: dict[str, Browser],
    measured: list[Measured],
    peer: Times,
) -> None:
    """All pages cold, then all of them again, each time in an order of its own."""
    for browser in people.values():
        browser.at(port)
    known = filled.stock.accounts
    half = {name: sign_in(port, known[name], half=True) for name in (HALF_WAY, NEW)}
    everybody = {**people, **half}
    rng = random.Random(number)  # nosec B311 - an order
    for cold in (True, False):
        for one in rng.sample(measured, len(measured)):
            address = one.page.addresses[number % len(one.page.addresses)]
            answer = _got(everybody[one.page.who], one.page, address)
            (one.cold if cold else one.again).add(answer)
            one.size = max(one.size, len(answer.body))
            peer.add(people[NOBODY].get(PEER))
    for browser in everybody.values():
        browser.close()


def _got(browser: Browser, page: Page, address: str) -> Answer:
    answer = browser.get(address)
    redirected = answer.status in (302, 303) and page.endpoint in REDIRECTING
    if answer.status != 200 and not redirected:
        raise Unexpected(f"{address} as {page.name}", answer.status)
    return answer


def _figures(
    count: int, size: Size, filled: FullHouse, measured: list[Measured], peer: Times
) -> dict[str, Any]:
    rules: dict[str, list[Measured]] = {}
    for one in measured:
        rules.setdefault(one.page.rule, []).append(one)
    slow = [one for one in measured if _p95(one) > PROMISED_MS]
    return {
        "stage": "web",
        "count": count,
        "machine": machine(),
        "guarantees": size.opened + size.sealed,
        "sealed": size.sealed,
        "filled_in_seconds": round(filled.seconds, 1),
        "promised_p95_ms": PROMISED_MS,
        "rules": {rule: _rule(found) for rule, found in sorted(rules.items())},
        "slower": [f"{one.page.rule} as {one.page.name}" for one in slow],
        "not_measured": dict(NOT_MEASURED),
        "peer": {"name": "an empty page of Flask on the same server", **peer.summary()},
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
    }


def _p95(one: Measured) -> float:
    return float(one.cold.summary()["p95_ms"])


def _rule(found: list[Measured]) -> dict[str, Any]:
    """The rule's figures are those of its slowest page, cold and again."""
    slowest = max(found, key=_p95)
    return {
        "endpoint": slowest.page.endpoint,
        "slowest": slowest.page.name,
        "cold": slowest.cold.summary(),
        "again": slowest.again.summary(),
        "pages": [
            {
                "who": one.page.who or "nobody",
                "variant": one.page.variant,
                "addresses": len(one.page.addresses),
                "bytes": one.size,
                "cold": one.cold.summary(),
                "again": one.again.summary(),
            }
            for one in sorted(found, key=_p95, reverse=True)
        ],
    }


def table(figures: dict[str, Any]) -> list[str]:
    """The figures as lines for people: each rule by its slowest page."""
    machine_ = figures["machine"]
    head = ("n", "median", "p95", "max", "CPU", "again", "CPU")
    lines = [
        f"web: {figures['guarantees']} guarantees, {figures['sealed']} of them sealed,"
        f" {figures['count']} processes; milliseconds, of each rule's slowest page",
        f"machine: {machine_['processor']}, Python {machine_['python']}",
        "",
        f"{'':<44}{''.join(f'{word:>8}' for word in head)}  page",
    ]
    for rule, one in figures["rules"].items():
        lines.append(f"{rule:<44}{_cells(one['cold'])}{_short(one['again'])}  {one['slowest']}")
    peer = figures["peer"]
    lines += [
        f"{'peer: empty page':<44}{_cells(peer)}",
        "",
        f"peak memory {figures['peak_memory_mb']} MB",
        *(f"not measured: {rule}, {why}" for rule, why in figures["not_measured"].items()),
        f"slower than {figures['promised_p95_ms']} ms: {', '.join(figures['slower']) or 'none'}",
    ]
    return lines


def _cells(times: dict[str, Any]) -> str:
    names = ("n", "median_ms", "p95_ms", "max_ms", "cpu_p95_ms")
    return "".join(f"{times[name]:>8}" for name in names)


def _short(times: dict[str, Any]) -> str:
    return f"{times['p95_ms']:>8}{times['cpu_p95_ms']:>8}"
