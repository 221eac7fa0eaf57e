"""Who signs the log's checkpoints, as seen from the web process: signer, timekeeper, witnesses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import requests

from app.settings import BadSetting
from signing import faults, log
from signing.wire import Client, Fields, RemoteError, Unavailable, WireError

SIGNING = faults.declare("log.signer.before_call")
SIGNED = faults.declare("log.signer.after_call")
COSIGNING = faults.declare("log.cosigner.before_call")
COSIGNED = faults.declare("log.cosigner.after_call")

PATIENCE = 10.0
"""Seconds for a process of this machine."""

WITNESS_SECONDS = 5.0
"""For an outside witness, to connect and to answer; the next checkpoint tells it what it missed."""

LONGEST_ANSWER = 64 * 1024
PIECE = 4096


class NoSigner:
    """Where no log is published: tests, commands."""

    def key(self, origin: str) -> log.Verifier:
        raise log.FollowerAway("signer")

    def sign(self, checkpoint: log.Checkpoint, old: int, proof: Sequence[bytes]) -> log.Signature:
        raise log.FollowerAway("signer")


@dataclass(frozen=True)
class _Points:
    """Fault points around one kind of call."""

    before: str
    after: str


TO_SIGNER = _Points(SIGNING, SIGNED)
TO_COSIGNER = _Points(COSIGNING, COSIGNED)


class _Caller:
    """Calls a process of this machine over its socket; its refusals as the log's errors."""

    def __init__(self, name: str, socket: Path, points: _Points) -> None:
        self._name, self._points = name, points
        self._client = Client(socket, PATIENCE)

    def _call(self, operation: str, **values: Any) -> Fields:
        faults.point(self._points.before)
        try:
            answer = self._client.call(operation, **values)
        except RemoteError as error:
            if error.code == "old_size":
                raise log.OldSize(int(error.detail["size"])) from None
            if error.code == "log_inconsistent":
                raise log.RolledBack(self._name, int(values["old"])) from None
            raise log.NotFollowed(self._name, error.code) from None
        except (Unavailable, WireError):
            raise log.FollowerAway(self._name) from None
        faults.point(self._points.after)
        return answer

    def _key(self, origin: str) -> log.Verifier:
        return log.Verifier.of_vkey(self._call("log_key", origin=origin)["key"])


class SocketSigner(_Caller):
    """log.CheckpointSigner over the signer's socket (app/processes/log_signer.py)."""

    def __init__(self, socket: Path) -> None:
        super().__init__("signer", socket, TO_SIGNER)

    def key(self, origin: str) -> log.Verifier:
        return self._key(origin)

    def sign(self, checkpoint: log.Checkpoint, old: int, proof: Sequence[bytes]) -> log.Signature:
        text, steps = checkpoint.text(), list(proof)
        answer = self._call("sign_checkpoint", checkpoint=text, old=old, proof=steps)
        return log.Signature.of_line(answer["line"].rstrip("\n"))


class TimekeeperCosigner(_Caller):
    """log.Cosigner over the timekeeper's socket (signing/timekeeper/cosigner.py)."""

    def __init__(self, socket: Path) -> None:
        super().__init__("timekeeper", socket, TO_COSIGNER)

    def verifier(self, origin: str) -> log.Verifier:
        return self._key(origin)

    def cosign(
        self, note: bytes, key: log.Verifier, old: int, proof: Sequence[bytes]
    ) -> log.Signature:
        answer = self._call("cosign", note=note, key=key.vkey(), old=old, proof=list(proof))
        by, text = self.verifier(key.name), log.Note.read(note).text
        return log.signature_in(answer["line"].encode(), text, by)

    def latest(self, head: log.Checkpoint, note: bytes | None) -> int:
        del note
        answer = self._call("log_head", origin=head.origin)
        size, root = int(answer["size"]), bytes(answer["root"])
        if size == head.size and root != head.root:
            raise log.RolledBack("timekeeper", head.size)
        return size


def _direct() -> requests.Session:
    """Without the proxies and passwords of whoever started us."""
    session = requests.Session()
    session.trust_env = False
    return session


@dataclass(frozen=True)
class HttpWitness:
    """log.Cosigner by C2SP tlog-witness: POST <url>/add-checkpoint."""

    known: log.Verifier
    url: str
    """Submission prefix, without a slash at its end."""
    seconds: float = WITNESS_SECONDS
    _http: requests.Session = field(default_factory=_direct, compare=False)

    def verifier(self, origin: str) -> log.Verifier:
        del origin
        return self.known

    def cosign(
        self, note: bytes, key: log.Verifier, old: int, proof: Sequence[bytes]
    ) -> log.Signature:
        del key
        status, answer = self._post(log.AddCheckpoint(old, tuple(proof), note).to_bytes())
        if status == requests.codes.ok:
            return log.signature_in(answer, log.Note.read(note).text, self.known)
        if status == requests.codes.conflict:
            raise log.OldSize(self._size(answer, old))
        if status == requests.codes.unprocessable_entity:
            raise log.RolledBack(self.known.name, old)
        if status >= requests.codes.server_error:
            raise log.FollowerAway(self.known.name)
        raise log.NotFollowed(self.known.name, f"HTTP {status}")

    def latest(self, head: log.Checkpoint, note: bytes | None) -> int:
        if note is None:
            return 0
        try:
            self.cosign(note, self.known, head.size, ())
        except log.OldSize as told:
            return told.size
        return head.size

    def _post(self, body: bytes) -> tuple[int, bytes]:
        faults.point(TO_COSIGNER.before)
        try:
            with self._http.post(
                f"{self.url}/add-checkpoint",
                data=body,
                headers={"Content-Type": "text/plain; charset=utf-8"},
                timeout=self.seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = b"".join(islice(response.iter_content(PIECE), LONGEST_ANSWER // PIECE))
        except (requests.RequestException, OSError):
            raise log.FollowerAway(self.known.name) from None
        faults.point(TO_COSIGNER.after)
        return response.status_code, answer

    def _size(self, answer: bytes, old: int) -> int:
        """A conflict that names the size we said is about the root: two trees of one size."""
        try:
            size = int(answer.decode("ascii").strip())
        except ValueError:
            size = old
        if size == old or size < 0:
            raise log.RolledBack(self.known.name, old)
        return size


def read_witnesses(path: str) -> tuple[HttpWitness, ...]:
    """Outside witnesses of a file: a line for each, verifier key and URL; "" has none. BadSetting.

    Empty lines and lines that begin with # are passed over.
    """
    if not path:
        return ()
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"BAOHAN_LOG_WITNESSES: {path} cannot be read ({error})") from None
    wanted = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return tuple(_witness(path, parts) for parts in wanted)


def _witness(path: str, parts: list[str]) -> HttpWitness:
    try:
        key, url = parts
        known = log.Verifier.of_vkey(key)
        if known.kind != log.COSIGNER or not url.startswith(("https://", "http://")):
            raise ValueError(url)
    except (ValueError, log.NoteInvalid):
        raise BadSetting(
            f"BAOHAN_LOG_WITNESSES: {path} has a line that is not a cosigner's verifier key, a"
            f" space and an http(s) address: {' '.join(parts)[:80]}"
        ) from None
    return HttpWitness(known, url.rstrip("/"))
