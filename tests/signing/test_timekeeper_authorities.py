"""signing/timekeeper/authorities.py against an authority that answers over HTTP."""

import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing import certificates, timestamps
from signing.keys.protocol import SigningKey
from signing.timekeeper.authorities import Authority, span
from signing.timekeeper.clock import SourceProblem
from tests.signing.timekeeper_process import LETTER, Running, Sealed

SECOND = timedelta(seconds=1)


class Tsa:
    """An HTTP time-stamping authority whose clock can be set."""

    def __init__(self, key: SigningKey) -> None:
        self.authority = timestamps.TimeStampAuthority(key)
        self.key = key
        self.ahead = timedelta()
        self.replay = b""
        self.answered = 0
        tsa = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(tsa.answer(body))

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def answer(self, body: bytes) -> bytes:
        self.answered += 1
        return self.replay or self.authority.respond(body, datetime.now(UTC) + self.ahead)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    folder = tmp_path_factory.mktemp("pki")
    authority = certificates.create_authority(folder / "ca", datetime.now(UTC), passphrase=b"test")
    return certificates.issue_timestamping(authority, "时间戳机构", datetime.now(UTC))


@pytest.fixture
def tsa(key: SigningKey) -> Iterator[Tsa]:
    made = Tsa(key)
    yield made
    made.close()


def now() -> datetime:
    return datetime.now(UTC)


def test_a_clock_that_is_right_is_confirmed(tsa: Tsa) -> None:
    assert Authority(tsa.url).offset(now) == timedelta()


@pytest.mark.parametrize("ahead", [60, -60])
def test_a_clock_that_is_wrong_is_found_out(tsa: Tsa, ahead: int) -> None:
    tsa.ahead = ahead * SECOND
    offset = Authority(tsa.url).offset(now)
    assert abs(offset - ahead * SECOND) <= 3 * SECOND  # a token's precision and two of its digits


def test_a_token_spans_its_accuracy_and_last_digit(tsa: Tsa) -> None:
    token = timestamps.ask(tsa.url, hashlib.sha256(b"").digest())
    earliest, latest = span(token.der)
    assert (earliest, latest) == (token.time - SECOND, token.time + 2 * SECOND)


def test_a_pinned_certificate_and_no_other_may_sign(tsa: Tsa) -> None:
    token = timestamps.ask(tsa.url, hashlib.sha256(b"").digest())
    pin = hashlib.sha256(token.certificate).digest()
    assert Authority(tsa.url, [bytes(32), pin]).offset(now) == timedelta()
    with pytest.raises(SourceProblem, match="not pinned"):
        Authority(tsa.url, [bytes(32)]).offset(now)


def test_a_replayed_token_is_refused(tsa: Tsa) -> None:
    request = timestamps.build_request(hashlib.sha256(b"").digest(), nonce=1 << 62)
    tsa.replay = tsa.authority.respond(request, now())
    with pytest.raises(SourceProblem, match=r"imprint|nonce"):
        Authority(tsa.url).offset(now)


def test_nobody_there_is_said() -> None:
    with pytest.raises(SourceProblem, match="unavailable"):
        Authority("http://127.0.0.1:9/").offset(now)


def test_a_release_asks_afresh_and_an_absent_authority_stops_it_only_unconfirmed(
    tsa: Tsa, tmp_path: Path
) -> None:
    certificate_file = tmp_path / "tsa.pem"
    token = timestamps.ask(tsa.url, hashlib.sha256(b"").digest())
    signer = x509.load_der_x509_certificate(token.certificate)
    certificate_file.write_bytes(signer.public_bytes(Encoding.PEM))
    running = Running(tmp_path, "--tsa", tsa.url, "--tsa-certificate", str(certificate_file))
    assert running.start()
    t = now() + 2 * SECOND
    certificate = running.client.register("lot", t, t)
    letter = Sealed(certificate)
    time.sleep(max(0.0, (t - now()).total_seconds()))
    answered = tsa.answered
    (share,) = running.client.release(certificate.opening, [letter.request])
    assert letter.opened(share) == LETTER
    assert tsa.answered > answered
    (source,) = running.client.status().sources
    assert (source.name, source.offset_seconds, source.problem) == (tsa.url, 0.0, "")
    tsa.close()
    assert running.client.release(certificate.opening, [letter.request]) == [share]
    running.kill()
    assert running.start()  # the confirmation is in the journal
    assert running.client.release(certificate.opening, [letter.request]) == [share]
    assert running.stop() == 0
