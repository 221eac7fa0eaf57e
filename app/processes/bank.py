"""The sandbox bank: `python -m app.processes.bank`, a small HTTP service with books of its own.

POST /orders {"reference", "amount_fen", "payer_account", "payee_account"}: 201, or 200 again; 409
if the reference belongs to another order; 503 when a rule says so. GET /key: the Ed25519 key of its
notices. It sends each notice to `--notify` until that answers 200; the body's bytes are signed, the
signature stands in X-Bank-Signature (base64). With the token of its folder: POST /control, GET
/orders/<reference>, GET /accounts/<number>.
"""

import argparse
import base64
import hmac
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.processes import child
from app.processes.bank_books import Books, Order, OrderDiffers, Rules, rule_from
from app.processes.bank_notices import Messenger
from app.processes.loopback import Answer, Handler, Route, Server, as_json, inherited, listen
from signing import private_files

RULES = Path(__file__).resolve().parent.parent / "data" / "bank_rules.json"
KEY_FILE = "signing.key"
TOKEN_FILE = "control.token"  # nosec B105 - a file's name
TOKEN_HEADER = "X-Control-Token"  # nosec B105 - a header's name
KEY_BYTES = 32
LONGEST_REFERENCE = 64
LARGEST_FEN = 10**13


class Bank:
    """Books, rules and key of one bank, in one folder (0700)."""

    def __init__(
        self,
        folder: Path,
        notify_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        private_files.make_folder(folder)
        self.clock = clock
        self.key = Ed25519PrivateKey.from_private_bytes(_kept(folder / KEY_FILE))
        self.token = _kept(folder / TOKEN_FILE).hex()
        self.books = Books(folder / "books.db")
        self.rules = Rules.read(RULES)
        self.messenger = Messenger(self.books, self.sign, notify_url, clock)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, notice: bytes) -> str:
        return base64.b64encode(self.key.sign(notice)).decode()

    def order(self, document: dict[str, Any]) -> Answer:
        order = _order(document)
        rule = self.rules.of(order.payer)
        if self.messenger.away.is_set() or self.rules.refuses(order.reference, rule):
            return as_json(503, {"error": "the bank is away"})
        try:
            new = self.books.take(order, rule, self.clock())
        except OrderDiffers:
            return as_json(409, {"error": "this reference belongs to another order"})
        return as_json(201 if new else 200, {"reference": order.reference})

    def control(self, document: dict[str, Any]) -> Answer:
        """{"rule": {…}} adds one, {"clear": true} drops those added, {"away": bool} hides it."""
        try:
            if "rule" in document:
                self.rules.add(rule_from(document["rule"]))
        except (ValueError, AttributeError) as error:
            return as_json(422, {"error": str(error)})
        if document.get("clear"):
            self.rules.clear()
        if document.get("away") is True:
            self.messenger.away.set()
        elif document.get("away") is False:
            self.messenger.away.clear()
            self.books.hurry(self.clock())
        return as_json(200, {})


def _kept(path: Path) -> bytes:
    if not path.exists():
        private_files.write_new(path, os.urandom(KEY_BYTES))
    return private_files.read(path, KEY_BYTES)


def _order(document: dict[str, Any]) -> Order:
    """Answer 422 for anything but an order."""
    reference, fen = document.get("reference"), document.get("amount_fen")
    payer, payee = document.get("payer_account"), document.get("payee_account")
    right = (
        isinstance(reference, str)
        and 0 < len(reference) <= LONGEST_REFERENCE
        and type(fen) is int
        and 0 < fen <= LARGEST_FEN
        and all(isinstance(one, str) and one.isdecimal() for one in (payer, payee))
    )
    if not right:
        raise as_json(422, {"error": "not an order: reference, accounts in digits, amount in fen"})
    return Order(str(reference), str(payer), str(payee), int(str(fen)))


def _take_order(request: Handler, rest: str) -> Answer:
    return request.service.order(request.json())  # type: ignore[no-any-return]  # the service is set by the server


def _tell_key(request: Handler, rest: str) -> Answer:
    key = request.service.public_key.hex()
    return as_json(200, {"algorithm": "ed25519", "public_key": key})


def _with_token(route: Route) -> Route:
    def guarded(request: Handler, rest: str) -> Answer:
        given = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), request.service.token.encode()):
            return request.last(as_json(403, {"error": "the token of the bank's folder is needed"}))
        return route(request, rest)

    return guarded


def _control(request: Handler, rest: str) -> Answer:
    return request.service.control(request.json())  # type: ignore[no-any-return]  # the service is set by the server


def _show_order(request: Handler, rest: str) -> Answer:
    found = request.service.books.order(rest)
    return as_json(200, found) if found else as_json(404, {"error": "no such order"})


def _show_account(request: Handler, rest: str) -> Answer:
    fen, bookings = request.service.books.balance(rest)
    return as_json(200, {"fen": fen, "bookings": bookings})


class BankHandler(Handler):
    routes: ClassVar[dict[tuple[str, str], Route]] = {
        ("POST", "/orders"): _take_order,
        ("GET", "/key"): _tell_key,
        ("POST", "/control"): _with_token(_control),
        ("GET", "/orders/"): _with_token(_show_order),
        ("GET", "/accounts/"): _with_token(_show_account),
    }


def serve(bank: Bank, server: Server, stop: threading.Event) -> None:
    """Until `stop`; what is due then stays in the books for the next start."""
    messenger = threading.Thread(target=bank.messenger.run, args=(stop,))
    messenger.start()
    server.run_until(stop)
    messenger.join()
    bank.books.close()


def make_server(bank: Bank, listener: Any) -> Server:
    return Server(listener, type("BoundBankHandler", (BankHandler,), {"service": bank}))


def main(argv: list[str]) -> int:
    arguments = argparse.ArgumentParser(prog="python -m app.processes.bank")
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--notify", required=True, help="URL that notices are sent to")
    where = arguments.add_mutually_exclusive_group()
    where.add_argument("--fd", type=int, help="a listening socket that was handed down")
    where.add_argument("--port", type=int, default=0)
    given = arguments.parse_args(argv)
    stop = child.begin("bank")
    listener = listen(given.port) if given.fd is None else inherited(given.fd)
    bank = Bank(given.folder, given.notify)
    serve(bank, make_server(bank, listener), stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
