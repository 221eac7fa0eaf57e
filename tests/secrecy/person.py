"""A person in front of a browser, over HTTP: signs in with two factors, reads, sends forms."""

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import requests

from app.demo.secrets import DemoSecrets
from guarantees.values.one_time_codes import code_of, step_at

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SECONDS = 60


@dataclass
class Person:
    """One of the demonstration's logins; "" is a visitor."""

    url: str
    login: str
    secrets: DemoSecrets
    http: requests.Session = field(default_factory=requests.Session)
    used: int = 0
    """Last step of a one-time code: each counts once."""

    def __post_init__(self) -> None:
        self.http.trust_env = False
        if self.login:
            self._sign_in()

    def _sign_in(self) -> None:
        password = self.secrets.password(self.login)
        self.sent("/sign-in", page="/sign-in", login=self.login, password=password)
        self.sent("/sign-in/code", page="/sign-in/code", otp=self.code())

    def code(self) -> str:
        """A fresh one: of the step before the present one, if it is unused and will still count."""
        soon = step_at(datetime.now(UTC) + timedelta(seconds=10))
        self.used = max(self.used + 1, soon - 1)
        while step_at(datetime.now(UTC)) + 1 < self.used:
            time.sleep(0.2)
        return code_of(self.secrets.authenticator(self.login), self.used)

    # --- reading

    def ask(self, path: str) -> requests.Response:
        return self.http.get(f"{self.url}{path}", timeout=SECONDS, allow_redirects=False)

    def page(self, path: str) -> str:
        answer = self.ask(path)
        assert answer.status_code == 200, (path, answer.status_code, said(answer.text))
        return answer.text

    # --- sending

    def post(
        self,
        path: str,
        page: str = "/verify",
        headers: Any = None,
        files: Any = None,
        **fields: Any,
    ) -> requests.Response:
        """A form as it stands on `page`, with its CSRF token unless one is given."""
        if "csrf_token" not in fields:
            token = TOKEN.search(self.page(page))
            assert token is not None, page
            fields["csrf_token"] = token[1]
        return self.http.post(
            f"{self.url}{path}",
            data=fields,
            files=files,
            headers=headers,
            timeout=SECONDS,
            allow_redirects=False,
        )

    def sent(self, path: str, page: str = "/verify", **fields: Any) -> str:
        """A form that is accepted; answers where it leads."""
        answer = self.post(path, page, **fields)
        assert answer.status_code in (302, 303), (path, answer.status_code, said(answer.text))
        return str(answer.headers["Location"])


def said(page: str) -> str:
    """The words of a page, without what stands in every page's margin."""
    body = page.partition("<main")[2].partition("</main>")[0] or page
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))[:2000]
