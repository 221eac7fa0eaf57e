"""What each person can come to by links and addresses: read without a browser, in milliseconds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import requests
from flask import Flask

HTML = "text/html"
SECONDS = 60
MOST = 400
"""Addresses that one person comes to; beyond that, links breed links."""

UNHEARD_OF = "查无此项"
"""Typed into every filter once: what a list says when nothing is found."""

VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
"""Elements that have no end."""
BACK = "back"
"""Parameter of links that only says where to return to."""


@dataclass(frozen=True)
class Reader:
    """Somebody with a browser of its own."""

    name: str
    """Login, or what a visitor is about."""
    organisation: str
    """Role of its organisation; "public" for visitors."""
    roles: frozenset[str] = frozenset()
    cookies: dict[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    """Besides those without arguments: known from mails, letters or by heart."""


@dataclass(frozen=True)
class Answer:
    reader: Reader
    address: str
    endpoint: str
    status: int
    content_type: str
    shape: frozenset[str] = frozenset()
    """Of a page; empty for anything else."""
    by_heart: bool = False
    """The reader typed the address; no link led there."""
    offers: frozenset[str] = frozenset()
    """Endpoints that the forms of a page send to."""

    @property
    def is_page(self) -> bool:
        """410 is the page of what is no more: an invitation that was used."""
        return self.status in (200, 410) and self.content_type == HTML

    @property
    def leads_on(self) -> bool:
        return self.status in (301, 302, 303, 307, 308)


class Page(HTMLParser):
    """Links, forms and shape of a page.

    The shape is the set of its elements' ways from the root, with classes and what axe looks at,
    and the order of its headings: pages of one shape differ in their words only, and in how many
    rows their lists have.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sends: list[str] = []
        """Where its forms are posted to; "" is the page itself."""
        self.shape: set[str] = set()
        self._way: list[tuple[str, str]] = []
        self._headings: list[str] = []
        self._action: str | None = None
        self.feed(text)
        self.shape.add(" ".join(self._headings))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._way.append((tag, _described(tag, given)))
        self.shape.add("/".join(described for _, described in self._way))
        if tag in VOID:
            self._way.pop()
        if tag in ("h1", "h2", "h3", "h4") and self._headings[-1:] != [tag]:
            self._headings.append(tag)
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        self._form(tag, given)

    def handle_endtag(self, tag: str) -> None:
        while self._way and self._way.pop()[0] != tag:
            pass

    def _form(self, tag: str, given: dict[str, str]) -> None:
        """A form that only reads is one more link."""
        if tag == "form":
            reads = given.get("method", "get") == "get"
            self._action = given.get("action", "") if reads else None
            self.sends += [] if reads else [given.get("action", "")]
        elif "formaction" in given:
            self.sends.append(given["formaction"])
        elif tag == "input" and self._action is not None and given.get("type", "text") == "text":
            self.links.append(f"{self._action}?{given['name']}={quote(UNHEARD_OF)}")


def _described(tag: str, given: dict[str, str]) -> str:
    kept = [f"{name}={given[name]}" for name in ("role", "type", "aria-current") if name in given]
    named = sorted(name for name in given if name.startswith("aria-") or name == "disabled")
    return " ".join([tag, *sorted(given.get("class", "").split()), *kept, *named])


@dataclass
class Crawl:
    """Reads a site that the application `app` serves at `site`."""

    app: Flask
    site: str

    def __post_init__(self) -> None:
        self._routes = self.app.url_map.bind("")
        self._http = requests.Session()
        self._http.trust_env = False

    def read_all(self, reader: Reader, starts: Iterable[str]) -> list[Answer]:
        """Every address of the site that the reader comes to, each once. NotFound for a link that
        no rule of the application answers."""
        by_heart = {*starts, *reader.addresses}
        waiting, seen = sorted(by_heart), set(by_heart)
        answers = []
        while waiting:
            assert len(seen) < MOST, (reader.name, sorted(seen))
            answer, links = self._read(reader, waiting.pop())
            answers.append(replace(answer, by_heart=answer.address in by_heart))
            new = set(links) - seen
            seen |= new
            waiting += sorted(new)
        return answers

    def _read(self, reader: Reader, address: str) -> tuple[Answer, list[str]]:
        """What an address answers, and where that leads. Nothing that an answer sets is kept: no
        language, no message that was shown already."""
        self._http.cookies.clear()
        got = self._http.get(
            f"{self.site}{address}", cookies=reader.cookies, timeout=SECONDS, allow_redirects=False
        )
        endpoint, _ = self._routes.match(urlsplit(address).path)
        kind = got.headers.get("Content-Type", "").partition(";")[0]
        answer = Answer(reader, address, endpoint, got.status_code, kind)
        if answer.leads_on:
            return answer, list(self._addresses(address, [got.headers["Location"]]))
        if not answer.is_page:
            return answer, []
        page = Page(got.text)
        offers = frozenset(self._sent_to(address, one) for one in page.sends)
        answer = replace(answer, shape=frozenset(page.shape), offers=offers)
        return answer, list(self._addresses(address, page.links))

    def _addresses(self, address: str, links: list[str]) -> Iterator[str]:
        """Those within the site, as paths with their queries."""
        for link in links:
            whole = urlsplit(urljoin(f"{self.site}{address}", link))
            if f"{whole.scheme}://{whole.netloc}" == self.site:
                query = urlencode([one for one in parse_qsl(whole.query) if one[0] != BACK])
                yield f"{whole.path}?{query}" if query else whole.path

    def _sent_to(self, address: str, action: str) -> str:
        path = urlsplit(urljoin(f"{self.site}{address}", action)).path
        endpoint, _ = self._routes.match(path, method="POST")
        return endpoint
