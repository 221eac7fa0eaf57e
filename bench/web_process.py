"""The web process that is measured: the real application on the real server, doubles for others.

python -m bench.web_process --fd N: settings from the environment, like app.processes.web.
"""

import argparse
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from flask import Flask

from app.adapters.database import Sessions, make_engine
from app.adapters.files_local import LocalFiles
from app.adapters.gateway import NoBank
from app.adapters.vault import Vault
from app.house import House, clock
from app.processes import child
from app.processes.loopback import inherited
from app.processes.warm import warm
from app.processes.web import application
from app.processes.web_server import WebServer
from app.settings import Settings, read
from guarantees.ports import LetterOrder, Produced
from signing.timekeeper.double import DoubleTimekeeper

PEER = "/-empty"
"""Answered by an empty page of another Flask application on the same server."""

CPU_HEADER = "X-Cpu-Microseconds"
"""CPU time that the answer took in its thread, the server's own work apart."""


class NotMeasured(Exception):
    """A page asked for something that pages which only read never ask for."""


class Letters:
    """No page that reads makes a letter."""

    def produce(self, order: LetterOrder) -> Produced:
        _never()

    def preview(self, terms: str, template: str, logo: bytes = b"", seal: bytes = b"") -> bytes:
        _never()

    def sign_list(self, document: dict[str, Any]) -> bytes:
        _never()

    def archive_stamp(self, sha256: bytes, before: Sequence[bytes]) -> bytes:
        _never()


class Verifier:
    def verify(self, pdf: bytes, at: datetime, password: str | None = None) -> Any:
        _never()


class Mailer:
    def send(self, to: str, subject: str, text: str) -> None:
        _never()


def _never() -> NoReturn:
    raise NotMeasured


def house(settings: Settings, vault: Vault) -> House:
    """Database, files and vault are real; signer, timekeeper and bank are doubles."""
    return House(
        settings=settings,
        sessions=Sessions(make_engine(settings.database_url), vault),
        files=LocalFiles(settings.data / "files"),
        gateway=NoBank(),
        letters=Letters(),
        timekeeper=DoubleTimekeeper(clock),
        verifier=Verifier(),
        mailer=Mailer(),
        recovery_key=bytes(32),
    )


@dataclass(frozen=True)
class Metered:
    """Adds CPU_HEADER to every answer; PEER goes to the other application."""

    ours: Any
    peer: Any

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = self.peer if environ["PATH_INFO"] == PEER else self.ours
        started: list[Any] = []
        began = time.thread_time_ns()
        body: Iterable[bytes] = asked(environ, lambda *more: started.append(more))
        spent = (time.thread_time_ns() - began) // 1000
        status, headers, *rest = started[0]
        start_response(status, [*headers, (CPU_HEADER, str(spent))], *rest)
        return body


def empty() -> Flask:
    """The peer: what the server and Flask cost by themselves."""
    app = Flask("empty")
    app.add_url_rule(PEER, "empty", lambda: "")
    return app


def main(argv: list[str]) -> int:
    arguments = argparse.ArgumentParser(prog="python -m bench.web_process", allow_abbrev=False)
    arguments.add_argument("--fd", type=int, required=True)
    listener: socket.socket = inherited(arguments.parse_args(argv).fd)
    stop = child.begin("web")
    settings = read()
    ours = application(house(settings, Vault.load(settings.keys)))
    warm(ours)
    ours.wsgi_app = Metered(ours.wsgi_app, empty().wsgi_app)  # type: ignore[method-assign]
    server = WebServer(ours, listener)
    server.start()
    stop.wait()
    server.drain(5)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
