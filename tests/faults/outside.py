"""What stands outside the process that is killed: bank, timekeeper and signer, over real sockets.

They run in the process of the test and outlive every kill, as other processes and machines do.
"""

import base64
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.processes.log_signer import LogSigner
from guarantees.ports import LetterOrder
from signing import wire
from signing.log.heads import MemoryHeads
from signing.timekeeper.cosigner import LogCosigner
from signing.timekeeper.cosigner import handlers as cosigner_handlers
from signing.timekeeper.server import handlers as timekeeper_handlers
from signing.wire import Fields, Handler, Peer
from tests.house import OPENING, WorldTimekeeper
from tests.serving import serving_http
from tests.world import World


class Bank:
    """Takes orders and holds a signed notice for each until it was answered.

    Every run has a bank of its own under a path of its own: POST /<run>/orders, GET
    /<run>/notices, POST /<run>/answered/<reference>.
    """

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.public_key = self.key.public_key().public_bytes_raw()
        self.orders: dict[str, dict[str, dict[str, Any]]] = {}
        """Run → reference → order, as it was first given."""
        self.calls: Counter[tuple[str, str]] = Counter()
        self.answered: set[tuple[str, str]] = set()
        self.lock = threading.Lock()

    def order(self, run: str, document: dict[str, Any]) -> int:
        """201 for a new order, 200 for the same again, 409 for another under its reference."""
        reference = document["reference"]
        with self.lock:
            self.calls[run, reference] += 1
            held = self.orders.setdefault(run, {})
            new = reference not in held
            first = held.setdefault(reference, document)
        return 409 if first != document else 201 if new else 200

    def notices(self, run: str) -> list[dict[str, str]]:
        """What was not yet answered: the bank repeats until then."""
        with self.lock:
            waiting = [
                order
                for reference, order in self.orders.get(run, {}).items()
                if (run, reference) not in self.answered
            ]
        return [self.notice(order) for order in waiting]

    def notice(self, order: dict[str, Any]) -> dict[str, str]:
        """The signed word that the premium was paid."""
        document = {
            "bank_reference": f"SB{order['reference']}",
            "reference": order["reference"],
            "outcome": "paid",
            "amount_fen": order["amount_fen"],
            "payer_account": order["payer_account"],
            "reason": "",
            "at": datetime.now(UTC).isoformat(),
        }
        body = json.dumps(document)
        signature = base64.b64encode(self.key.sign(body.encode())).decode()
        return {"reference": order["reference"], "body": body, "signature": signature}


class _BankHandler(BaseHTTPRequestHandler):
    bank: Bank

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, run, what, *rest = self.path.split("/")
        if what == "orders":
            self._answer(self.bank.order(run, json.loads(body)), {})
        else:
            self.bank.answered.add((run, rest[0]))
            self._answer(200, {})

    def do_GET(self) -> None:
        self._answer(200, self.bank.notices(self.path.split("/")[1]))

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Not a word."""


class Outside:
    """Where they can be reached."""

    def __init__(self, world: World, bank: Bank, bank_url: str, folder: Path) -> None:
        self.world = world
        self.bank = bank
        self.bank_url = bank_url
        self.signer = folder / "signer.sock"
        self.timekeeper = folder / "timekeeper.sock"


@contextmanager
def outside(world: World) -> Iterator[Outside]:
    """All three, for a world whose T has come by the timekeeper's clock."""
    world.now = OPENING
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bh-")))
        bank = Bank()
        handler = type("Bound", (_BankHandler,), {"bank": bank})
        made = Outside(world, bank, stack.enter_context(serving_http(handler)), folder)
        stack.enter_context(wire_server(made.signer, _signer(world)))
        stack.enter_context(wire_server(made.timekeeper, _timekeeper(world)))
        yield made


@contextmanager
def wire_server(path: Path, handlers: Mapping[str, Handler]) -> Iterator[None]:
    stop, ready = threading.Event(), threading.Event()
    users = frozenset({Path("/proc/self").stat().st_uid})
    thread = threading.Thread(
        target=wire.serve, args=(path, handlers, users, stop), kwargs={"ready": ready.set}
    )
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        stop.set()
        thread.join()


def _timekeeper(world: World) -> Mapping[str, Handler]:
    keeper = WorldTimekeeper(world)
    key = keeper.store.signing_key
    cosigner = LogCosigner(keeper, keeper.lock, key, MemoryHeads(), keeper.journal.events)
    return {**timekeeper_handlers(keeper), **cosigner_handlers(cosigner)}


def _signer(world: World) -> Mapping[str, Handler]:
    """Each call makes another letter, as the real signer does."""
    letters = world.letter_factory()

    def produce(fields: Fields, peer: Peer) -> Fields:
        fields.pop("person")
        recipients = tuple((label, key) for label, key in fields.pop("recipients"))
        trustees = tuple((role, key) for role, key in fields.pop("trustees"))
        made = letters.produce(LetterOrder(**fields, recipients=recipients, trustees=trustees))
        return {**vars(made), "signed_at": made.signed_at.isoformat()}

    def sign_list(fields: Fields, peer: Peer) -> Fields:
        return {"pdf": letters.sign_list(fields["document"])}

    ours = LogSigner(Ed25519PrivateKey.generate(), MemoryHeads())
    return {"produce": produce, "sign_list": sign_list, **ours.handlers()}
