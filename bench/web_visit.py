"""A person with a browser, as far as pages need one: cookies, the login form, one connection."""

import http.client
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from bench.stock import PASSWORD, Account
from bench.web_process import CPU_HEADER
from guarantees.values.one_time_codes import code_of, step_at

FORM = "application/x-www-form-urlencoded"
KEPT_SECONDS = 20
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Unexpected(Exception):
    """A page answered what it should not; measuring ends."""

    def __init__(self, address: str, status: int) -> None:
        super().__init__(f"{address} answered {status}")
        self.status = status


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: bytes
    seconds: float
    """From the first byte asked to the last byte read."""
    cpu: float
    """CPU seconds of the application."""

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Browser:
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None
    _used_at: float = 0.0

    def get(self, address: str) -> Answer:
        return self._ask("GET", address, b"")

    def post(self, address: str, fields: dict[str, str]) -> Answer:
        """A form with the CSRF token of the page that shows it."""
        found = TOKEN.search(self.get(address).text)
        if found is None:
            raise Unexpected(f"{address} (no form)", 200)
        data = urlencode({**fields, "csrf_token": found[1]}).encode()
        answer = self._ask("POST", address, data)
        if answer.status not in (302, 303):
            raise Unexpected(address, answer.status)
        return answer

    def at(self, port: int) -> "Browser":
        """The same person, at a server that took the place of the old one."""
        self.close()
        self.port = port
        return self

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        """Kept between requests, as browsers do, but not so long that the server ends it."""
        if time.monotonic() - self._used_at > KEPT_SECONDS:
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            self._connection.connect()
        self._used_at = time.monotonic()
        return self._connection

    def _ask(self, method: str, address: str, data: bytes) -> Answer:
        connection = self._connected()
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if data:
            headers["Content-Type"] = FORM
            # As every browser does, and the site on https demands.
            headers["Referer"] = f"https://127.0.0.1:{self.port}{address}"
        began = time.perf_counter()
        connection.request(method, address, data or None, headers)
        response = connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - began
        for line in response.headers.get_all("Set-Cookie", ()):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        if response.will_close:
            self.close()
        cpu = int(response.headers.get(CPU_HEADER, "0")) / 1e6
        return Answer(response.status, response.headers.get("Location", ""), body, seconds, cpu)


def sign_in(port: int, account: Account, *, half: bool = False) -> Browser:
    """Password, then, unless only `half` the way is wanted, the code of the authenticator."""
    browser = Browser(port)
    browser.post("/sign-in", {"login": account.login, "password": PASSWORD})
    if not half:
        code = code_of(account.secret, step_at(datetime.now(UTC)))
        browser.post("/sign-in/code", {"otp": code})
    return browser
