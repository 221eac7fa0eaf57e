"""Every GET page of the URL map, as everybody who may see it, at desktop and at phone size.

The addresses are found as people find them: from the rules without arguments on by links, over a
running platform that holds every state. So a rule that is new is read at once, and one that no link
leads to fails here. What is read is looked at in the browser wherever it shows something that no
page of its rule has shown before, and once in any case for each role that it is meant for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.routing import Rule

from app.auth.guard import action_of
from app.factory import create_app
from guarantees.tables.permissions import PERMISSIONS, ROLES_OF, allowed
from guarantees.values.actor import Actor
from tests.browser.looking import Complaints, head_faults, sideways, violations
from tests.browser.more_states import States
from tests.browser.reading import Answer, Crawl, Reader
from tests.browsers import DESKTOP, PHONE, Windows
from tests.live import Live
from tests.shell_app import TestSettings

pytestmark = pytest.mark.timeout(900)  # a platform is started, on a machine that others use too

PUBLIC = "public"
ROLES = (PUBLIC, *ROLES_OF)

REDIRECTING = frozenset({"institution.home", "preferences.language", "preferences.theme"})
"""Rules that have no page of their own, since they always lead to another."""

LACKING: Mapping[str, str] = {
    "holds.lift": "a legal hold",
    "institution.archive": "an archive copy that the crawl is led to",
    "log.tile": "a link to a file of the log",
    "opening_keys.show": "a key of each of its readers",
    "opening_shares.packet": "a token",
    "opening_shares.question": "a token",
    "projects.confirm_end": "a procurement that somebody asks to end",
    "projects.ends": "a project of each of its readers that is being ended",
    "projects.keep_end": "a procurement that is being ended",
    "recoveries.show": "somebody who lost a key after T",
    "recovery.request_file": "somebody who lost a key after T",
    "trustee.lot": "a lot that asks trustees",
    "trustee.request_file": "a lot that asks trustees",
    "trustee_keys.rehearsal_file": "a key that its trustee keeps",
    "trustee_keys.wrapped": "a key that its trustee keeps",
    "withdrawing.letter": "a sealed letter of each of its readers",
    "withdrawing.proof": "a letter that was taken back",
}
"""Endpoints that not all who may are led to → what the demonstration lacks. No other may miss."""

Pair = tuple[str, str]
"""Role of the organisation, role of the person; "" where that does not matter."""


@dataclass
class Site:
    """What everybody read of the running platform."""

    live: Live
    app: Flask
    answers: list[Answer]

    def rules(self) -> Iterator[Rule]:
        return (one for one in self.app.url_map.iter_rules() if "GET" in (one.methods or ()))

    def may(self, pair: Pair, endpoint: str) -> bool:
        organisation, role = pair
        roles = frozenset({role} if role else ())
        actor = Actor("", "", "", organisation, roles=roles)
        return allowed(actor, action_of(self.app, endpoint) or "")

    def is_public(self, endpoint: str) -> bool:
        return not PERMISSIONS[action_of(self.app, endpoint) or ""].organisations

    def readers(self, endpoint: str) -> set[Pair]:
        """Everybody for whom it is meant; what is open to all is meant for visitors."""
        if self.is_public(endpoint):
            return {(PUBLIC, "")}
        pairs = {(one, role) for one, roles in ROLES_OF.items() for role in roles}
        return {pair for pair in pairs if self.may(pair, endpoint)}

    def worth_a_look(self, role: str) -> list[Answer]:
        """Pages of a role: each is the role's first of its rule, or shows something new."""
        shown: dict[str, set[str]] = defaultdict(set)
        seen: set[Pair] = set()
        chosen = []
        pages = [one for one in self.answers if one.is_page]
        for one in sorted(pages, key=lambda one: -len(one.shape)):
            meant_for = PUBLIC if self.is_public(one.endpoint) else one.reader.organisation
            pair = (meant_for, one.endpoint)
            if pair not in seen or not one.shape <= shown[one.endpoint]:
                seen.add(pair)
                shown[one.endpoint] |= one.shape
                chosen += [one] if one.reader.organisation == role else []
        return chosen


@pytest.fixture(scope="module")
def site(live: Live) -> Site:
    app = create_app(TestSettings(), secret_key="only for tests")
    crawl = Crawl(app, live.address)
    made = Site(live, app, [])
    for reader in States(live).make():
        made.answers += crawl.read_all(reader, starts(made, reader))
    return made


def starts(site: Site, reader: Reader) -> Iterable[str]:
    """Addresses without arguments that are meant for the reader."""
    pairs = pairs_of(reader)
    return [
        rule.rule
        for rule in site.rules()
        if not rule.arguments and pairs & site.readers(rule.endpoint)
    ]


def pairs_of(reader: Reader) -> set[Pair]:
    return {(reader.organisation, role) for role in reader.roles or {""}}


def test_every_rule_is_read_by_everybody_who_may(site: Site) -> None:
    read: dict[str, set[Pair]] = defaultdict(set)
    for one in site.answers:
        read[one.endpoint] |= pairs_of(one.reader)
    unread = {
        rule.endpoint: sorted(missing)
        for rule in site.rules()
        if (missing := site.readers(rule.endpoint) - read[rule.endpoint])
        and rule.endpoint not in LACKING
    }
    assert unread == {}


def test_every_rule_has_a_page_or_a_file(site: Site) -> None:
    """A rule that answers nobody with a page answers with what is none, or leads to one."""
    pages = {one.endpoint for one in site.answers if one.is_page}
    others = {rule.endpoint for rule in site.rules()} - pages
    files = {
        one.endpoint
        for one in site.answers
        if one.endpoint in others and one.status == 200 and one.content_type
    }
    assert others - files - LACKING.keys() == REDIRECTING
    assert len(pages) >= 40


def test_every_link_leads_to_what_its_reader_may_see(site: Site) -> None:
    """What somebody knows by heart may be no more, or not be there for everybody."""
    assert not [
        (one.reader.name, one.address, one.status)
        for one in site.answers
        if not (one.is_page or one.leads_on or one.status == 200)
        if not (one.by_heart and one.status == 404)
    ]


def test_every_form_may_be_sent_by_its_reader(site: Site) -> None:
    assert not {
        (one.reader.name, one.address, offer)
        for one in site.answers
        for offer in one.offers
        if not any(site.may(pair, offer) for pair in pairs_of(one.reader))
    }


@pytest.mark.parametrize("role", ROLES)
def test_everybody_can_use_every_page(site: Site, windows: Windows, role: str) -> None:
    page = windows.open(DESKTOP)
    page.emulate_media(reduced_motion="reduce")  # axe must not look while colours change
    complaints = Complaints(page)
    looked = site.worth_a_look(role)
    found = {
        f"{one.reader.name} {one.address}": faults
        for one in looked
        if (faults := look(page, complaints, site.live.address, one))
    }
    print(f"{role}: {len(looked)} pages")
    assert found == {}
    assert looked


def look(page: Page, complaints: Complaints, address: str, one: Answer) -> list[Any]:
    """At desktop size and light, then at the size of a phone and dark."""
    go(page, address, one)
    faults: list[Any] = [*head_faults(page), *judged(page)]
    page.set_viewport_size(dict(zip(("width", "height"), PHONE, strict=True)))
    page.emulate_media(color_scheme="dark")
    faults += sideways(page) + judged(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(dict(zip(("width", "height"), DESKTOP, strict=True)))
    return faults + complaints.taken()


def judged(page: Page) -> list[Any]:
    """A page that waits for bank or opening may reload itself where its reader can stop that."""
    stops = page.locator("a[href$='still=1']").count()
    return [one for one in violations(page) if not (stops and one["rule"] == "meta-refresh")]


def go(page: Page, address: str, one: Answer) -> None:
    page.context.clear_cookies()
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": address}
            for name, value in one.reader.cookies.items()
        ]
    )
    page.goto(f"{address}{one.address}")
    if page.locator("meta[http-equiv=refresh]").count():
        page.wait_for_load_state("networkidle")
        page.evaluate("window.stop()")  # it would reload itself while it is looked at
