"""Many requests at one moment, over HTTP, to every server in turn."""

import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

from tests.races.server import PERSON

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90
PATIENCE = 120


@dataclass(frozen=True)
class Ask:
    """One request."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    text: str


@dataclass(frozen=True)
class Servers:
    ports: tuple[int, ...]

    def get(self, path: str, who: str) -> tuple[str, str]:
        """Text of a page, and the cookie that came with it."""
        connection = HTTPConnection("127.0.0.1", self.ports[0], timeout=PATIENCE)
        connection.request("GET", path, headers={PERSON: who})
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, text[:500]
        connection.close()
        return text, (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def at_once(self, asks: Sequence[Ask]) -> list[Answer]:
        """All of them together: connected first, sent when everybody is ready."""
        together = threading.Barrier(len(asks))
        answers: list[Answer | None] = [None] * len(asks)

        def send(place: int) -> None:
            ask = asks[place]
            port = self.ports[place % len(self.ports)]
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.connect()
            together.wait(PATIENCE)
            connection.request("POST", ask.path, ask.body, ask.headers)
            answers[place] = _read(connection.getresponse())
            connection.close()

        threads = [threading.Thread(target=send, args=(place,)) for place in range(len(asks))]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        found = [one for one in answers if one is not None]
        assert len(found) == len(asks), "a request had no answer"
        return found


def _read(answer: HTTPResponse) -> Answer:
    return Answer(answer.status, answer.getheader("Location") or "", answer.read().decode())


@dataclass(frozen=True)
class Form:
    """A form as a browser has it: its cookie and its hidden fields."""

    path: str
    cookie: str
    hidden: dict[str, str]

    def ask(self, who: str, **fields: object) -> Ask:
        body = urlencode({**self.hidden, **fields}, doseq=True).encode()
        headers = {
            PERSON: who,
            "Cookie": self.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return Ask(self.path, body, headers)


def form_of(servers: Servers, path: str, who: str) -> Form:
    text, cookie = servers.get(path, who)
    hidden = {
        name: found[1]
        for name in ("csrf_token", "key")
        if (found := re.search(rf'name="{name}"[^>]*value="([^"]+)"', text))
    }
    assert set(hidden) == {"csrf_token", "key"}
    return Form(path.partition("?")[0], cookie, hidden)


@contextmanager
def servers(count: int, threads: int, stage: str) -> Iterator[Servers]:
    """`count` processes over the same world, gone at the end of the block."""
    with ExitStack() as stack:
        ports = [stack.enter_context(_server(threads, stage)) for _ in range(count)]
        for port in ports:
            _until_ready(port)
        yield Servers(tuple(ports))


@contextmanager
def _server(threads: int, stage: str) -> Iterator[int]:
    with tempfile.TemporaryFile() as log, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.listen(256)
        handed = str(listener.fileno())
        options = ("--fd", handed, "--threads", str(threads), "--stage", stage)
        process = subprocess.Popen(
            (sys.executable, "-m", "tests.races.server", *options),
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )
        try:
            yield int(listener.getsockname()[1])
            assert process.poll() is None, "a server ended"
        finally:
            process.kill()
            process.wait()
            log.seek(0)
            print(log.read()[-3000:].decode(errors="replace"))


def _until_ready(port: int) -> None:
    """The kernel holds the first request until the server has begun."""
    end = time.monotonic() + READY_SECONDS
    connection = HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
    connection.request("GET", "/verify")
    assert connection.getresponse().status == 200
    assert time.monotonic() < end
    connection.close()
