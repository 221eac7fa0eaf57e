"""A reference witness (C2SP tlog-witness) over HTTP, by signing.log alone: for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing import log
from tests.serving import serving_http

AT = 1_772_413_200


@dataclass
class Witness:
    """Follows the logs whose keys it was given; remembers the latest head of each."""

    name: str = "witness.example/w1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    logs: dict[str, log.Verifier] = field(default_factory=dict)
    """Origin → key."""
    heads: dict[str, log.Head] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    down: bool = False
    noise: str = ""
    """Put before the answer: lines of other keys, or anything else."""

    @property
    def verifier(self) -> log.Verifier:
        return log.Verifier(self.name, self.key.public_key().public_bytes_raw(), log.COSIGNER)

    def add_checkpoint(self, body: bytes) -> tuple[int, str]:
        """HTTP status and body, as the specification has them."""
        if self.down:
            return 503, ""
        try:
            request = log.AddCheckpoint.read(body)
            origin = log.Note.read(request.note).text.split("\n")[0]
        except log.NoteInvalid:
            return 400, ""
        if origin not in self.logs:
            return 404, ""
        try:
            head = log.open_checkpoint(request.note, self.logs[origin]).checkpoint
        except log.NoteInvalid:
            return 403, ""
        if request.old > head.size:
            return 400, ""
        return self._follow(request, head)

    def _follow(self, request: log.AddCheckpoint, head: log.Checkpoint) -> tuple[int, str]:
        with self.lock:
            known = self.heads.get(head.origin, log.Head())
            try:
                self.heads[head.origin] = log.accept(known, head, request.old, request.proof)
            except log.OldSize as told:
                return 409, f"{told.size}\n"
            except log.ProofInvalid:
                same = known.size == head.size
                return (409, f"{known.size}\n") if same else (422, "")
        return 200, self.noise + log.cosign(self.name, self.key, head.text(), AT).line()


@contextmanager
def serving(witness: Witness) -> Iterator[str]:
    """The submission prefix at which the witness can be reached."""
    handler = type("Bound", (_Handler,), {"witness": witness})
    with serving_http(handler) as address:
        yield f"{address}/w"


class _Handler(BaseHTTPRequestHandler):
    witness: Witness

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        known = self.path == "/w/add-checkpoint"
        status, answer = self.witness.add_checkpoint(body) if known else (404, "")
        self.send_response(status)
        kind = "text/x.tlog.size" if status == 409 else "text/plain; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *args: object) -> None:
        """Not a word."""
