"""The web process: pages, the notice endpoint, the jobs' threads and the openings' threads.

python -m app.processes.web --fd N: settings from the environment, addresses from the run file.
"""

import argparse
import socket
import sys
import threading
import time
from collections.abc import Sequence

import structlog
from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app.adapters.assemble import assembled
from app.adapters.vault import VaultError
from app.auth.setup import init_auth
from app.factory import create_app
from app.house import House
from app.jobs import key_changes, openings
from app.jobs.archiving import Archiving
from app.jobs.reminders import Reminders
from app.jobs.rounds import Rounds
from app.jobs.sequencer import Sequencer
from app.jobs.table import HANDLERS
from app.jobs.worker import Jobs, Lane, Turn
from app.processes import child, run_file
from app.processes.loopback import inherited, listen
from app.processes.places import Places
from app.processes.warm import warm
from app.processes.web_server import WebServer
from app.settings import BadSetting, read
from guarantees.ports import Vault
from signing.errors import SigningError

DRAIN_SECONDS = 20.0
"""After the first signal, requests, jobs and openings under way may take this long."""

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

log = structlog.get_logger("baohan.web")


def application(house: House, lanes: Sequence[Lane] = ()) -> Flask:
    """The whole web application over a house; `lanes` are woken after whatever writes."""
    vault = house.sessions.vault
    app = create_app(house.settings, secret_key=_secret(vault), clock=house.now)
    app.extensions["baohan"] = house
    app.extensions["baohan_jobs"] = tuple(lanes)

    @app.after_request
    def wake(response: Response) -> Response:
        if request.method in WRITING:
            for lane in lanes:
                lane.wake()
        return response

    init_auth(app)
    _believe_proxies(app, house.settings.proxies)
    return app


def _believe_proxies(app: Flask, count: int) -> None:
    """Behind proxies an address is what the outermost trusted one saw: limits of tries go by it.

    Without them the headers are a stranger's claim, and waitress drops them (web_server.py).
    """
    app.config["PROXIES"] = count
    if count:
        trusted = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
        app.wsgi_app = trusted  # type: ignore[method-assign]  # how Flask is wrapped


def _secret(vault: Vault) -> str:
    """Of sessions and forms: the same in every process that has the vault's keys."""
    return vault.tag("web-secret").hex()


def lanes_of(house: House) -> tuple[Lane, ...]:
    """One for each kind of message: a bank that hangs holds up no letter; one for the rounds, and
    each for reminders and archive time-stamps."""
    jobs = (Jobs(house, {kind: handler}) for kind, handler in HANDLERS.items())
    return (*jobs, Rounds(house), Reminders(house), Archiving(house))


def main(argv: list[str]) -> int:
    """Exit code: 0 ended when asked, 1 could not start (one line says why)."""
    arguments = argparse.ArgumentParser(prog="python -m app.processes.web", allow_abbrev=False)
    where = arguments.add_mutually_exclusive_group(required=True)
    where.add_argument("--fd", type=int, help="a listening socket that was handed down")
    where.add_argument("--port", type=int)
    given = arguments.parse_args(argv)
    stop = child.begin("web")
    try:
        settings = read()
        running = run_file.read(Places(settings).run_file)
        with assembled(settings, running) as house:
            listener = listen(given.port) if given.fd is None else inherited(given.fd)
            _serve(house, listener, stop)
    except (BadSetting, VaultError, SigningError, OSError) as error:
        log.error("cannot run", why=str(error))
        return 1
    return 0


def _serve(house: House, listener: socket.socket, stop: threading.Event) -> None:
    lanes, sequencer = lanes_of(house), Sequencer(house)
    app = application(house, lanes)
    warm(app)
    server = WebServer(app, listener)
    turn = Turn(house.settings.data / "jobs.lock")
    runs = [*(lane.run for lane in lanes), sequencer.run]
    threads = [threading.Thread(target=run, args=(stop, turn)) for run in runs]
    for thread in threads:
        thread.start()
    server.start()
    log.info("listening")
    stop.wait()
    _end(server, lanes, threads)
    turn.close()


def _end(server: WebServer, lanes: Sequence[Lane], threads: Sequence[threading.Thread]) -> None:
    """Requests first, then jobs and openings under way: all within DRAIN_SECONDS."""
    until = time.monotonic() + DRAIN_SECONDS
    for lane in lanes:
        lane.wake()
    server.drain(DRAIN_SECONDS)
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    openings.wait_for_all(max(0.0, until - time.monotonic()))
    key_changes.wait_for_all(max(0.0, until - time.monotonic()))
    log.info("ended")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
