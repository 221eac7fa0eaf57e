"""The application as one of several servers: python -m tests.races.server --fd N --stage JSON

Real pages, real database, real checks of forms and signatures; bank, signer and timekeeper are
nowhere, since nothing here asks them. Who acts stands in the header X-Test-Person, which only this
program honours: sign-in has tests of its own.
"""

import argparse
import json
import socket
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from waitress import serve

from app.adapters.database import Sessions, make_engine
from app.adapters.files_local import LocalFiles
from app.adapters.gateway import HttpBank
from app.adapters.letters import SignerClient
from app.adapters.mail import mailer
from app.adapters.timekeeper import TimekeeperClient
from app.adapters.vault import Vault
from app.auth.setup import init_auth
from app.factory import create_app
from app.house import House
from app.settings import read
from guarantees.queries.sign_ins import SignedIn
from tests.faults.stage import actor_of
from tests.house import PlainVerifier
from tests.world import START

PERSON = "X-Test-Person"
NOWHERE = Path("/nonexistent/socket")


def application(stage: dict[str, Any]) -> Flask:
    """`stage`: folder, url, begun_at, bank_key (hex)."""
    folder = Path(stage["folder"])
    notes = json.loads((folder / "world.json").read_text())
    settings = read({"BAOHAN_DATA": str(folder)})

    def now() -> datetime:
        return START + timedelta(seconds=time.time() - stage["begun_at"])

    house = House(
        settings=settings,
        sessions=Sessions(make_engine(stage["url"]), Vault.load(folder / "keys")),
        files=LocalFiles(folder / "files"),
        gateway=HttpBank("http://127.0.0.1:9", bytes.fromhex(stage["bank_key"])),
        letters=SignerClient(NOWHERE),
        timekeeper=TimekeeperClient(NOWHERE),
        verifier=PlainVerifier(),
        mailer=mailer(settings),
        recovery_key=bytes.fromhex(notes["recovery"]),
        now=now,
    )
    app = create_app(settings, secret_key=house.sessions.vault.tag("web").hex(), clock=now)
    app.extensions["baohan"] = house

    @app.before_request
    def sign_in() -> None:
        who = request.headers.get(PERSON, "")
        g.signed_in = SignedIn(actor_of(notes["people"][who]), who, None, "") if who else None

    init_auth(app)
    return app


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True, help="a listening socket")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--stage", type=json.loads, required=True)
    given = parser.parse_args(arguments)
    listener = socket.socket(fileno=given.fd)
    serve(
        application(given.stage),
        sockets=[listener],
        threads=given.threads,
        connection_limit=400,
        ident=None,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
