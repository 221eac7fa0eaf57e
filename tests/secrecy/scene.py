"""A running installation, the people in front of it, and a scan of everything after each step."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.secrecy.installation import Installation
from tests.secrecy.person import Person
from tests.secrecy.scanner import Finding, Scanner

PATIENCE = 150.0
"""Seconds that anything may take, the coming of T among it."""

KNOWN = {
    "supplier": (
        *("*/data/baohan.db*", "table organisation.name"),
        "operator reads /organisations/*",
    ),
    "credit code": (
        *("*/data/baohan.db*", "table organisation.credit_code"),
        "operator reads /organisations/*",
    ),
    "payer account": ("*/bank/books.db*",),
    "payment": ("*/bank/books.db*",),
    "premium": ("supplier-b reads /supplier/lots/*",),
    "capitals": ("supplier-b reads /supplier/lots/*",),
}
"""Secret → where it is known anyway. The register names every supplier, whether it bids or not; the
bank knows who paid it what; what a guarantee is about and costs is shown to every supplier."""


@dataclass
class Record:
    """What was seen, by step."""

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    places: dict[str, set[str]] = field(default_factory=dict)
    """Where it was looked."""
    temporary: dict[str, list[str]] = field(default_factory=dict)
    """Files that were made in TMPDIR, however short they lived."""
    seconds: dict[str, float] = field(default_factory=dict)


class Scene:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.record = Record()
        self.scanner = Scanner(KNOWN)
        for _place, data in installation.everything():
            self.scanner.add_public(data)  # nobody has typed anything yet: fonts, for the most part
        installation.watch.names()
        self._people: dict[str, Person] = {}

    def as_(self, login: str) -> Person:
        """Signed in once, when first needed; "" is the public."""
        if login not in self._people:
            installation = self.installation
            self._people[login] = Person(installation.url, login, installation.secrets())
        return self._people[login]

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What is done within, then a scan."""
        begun = time.monotonic()
        yield
        self.record.seconds[name] = time.monotonic() - begun
        self.record.temporary[name] = self.installation.watch.names()
        self.scan(name, self.installation.everything())

    def scan(self, name: str, found: Iterator[tuple[str, bytes]]) -> None:
        begun = time.monotonic()
        places = self.record.places.setdefault(name, set())

        def noted() -> Iterator[tuple[str, bytes]]:
            for place, data in found:
                places.add(place)
                yield place, data

        self.record.findings[name] = self.scanner.scan(noted())
        self.record.seconds[f"scan of {name}"] = time.monotonic() - begun

    def until(self, what: str, done: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, f"{what} took too long"
            time.sleep(0.2)
