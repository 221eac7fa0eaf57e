"""Time stamps: the authority's answers, and a client that is lied to."""

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from asn1crypto import tsp
from hypothesis import given
from hypothesis import strategies as st

from signing.certificates import issue_timestamping
from signing.errors import TimestampError
from signing.timestamps import (
    CONTENT_TYPE_QUERY,
    CONTENT_TYPE_REPLY,
    DEMONSTRATION_POLICY,
    MAX_RESPONSE,
    HttpTimestamper,
    LocalTimestamper,
    TimeStampAuthority,
    _parts,
    ask,
    build_request,
    check_response,
    check_token,
    room_for,
)
from tests.signing.made import MADE, NOW, folder, pki, stamps_at

DIGEST = hashlib.sha256(b"letter").digest()
NONCE = 2**62 + 1


def authority() -> TimeStampAuthority:
    return pki().stamps._authority


def answered(**changes: object) -> bytes:
    """The authority's answer to a request with some fields changed."""
    request = tsp.TimeStampReq.load(build_request(DIGEST, NONCE)).copy()
    for name, value in changes.items():
        request[name] = value
    return authority().respond(request.dump(force=True), NOW)


def answer(**changes: object) -> tsp.TimeStampResp:
    """The same, granted and parsed."""
    return tsp.TimeStampResp.load(answered(**changes))


def info_of(response: tsp.TimeStampResp) -> tsp.TSTInfo:
    return response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed


def test_a_token_says_what_was_asked_and_when() -> None:
    response = answer()
    info = info_of(response)
    assert response["status"]["status"].native == "granted"
    assert info["message_imprint"]["hashed_message"].native == DIGEST
    assert info["nonce"].native == NONCE
    assert info["gen_time"].native == NOW
    assert info["policy"].dotted == DEMONSTRATION_POLICY
    assert info["accuracy"]["seconds"].native == 1
    assert info["serial_number"].native != info_of(answer())["serial_number"].native


def test_certificates_come_only_when_asked_for() -> None:
    assert len(answer()["time_stamp_token"]["content"]["certificates"]) == 2
    bare = answer(cert_req=False)["time_stamp_token"]["content"]["certificates"]
    assert bare.native is None


def test_a_request_without_nonce_gets_a_token_without() -> None:
    assert info_of(answer(nonce=None))["nonce"].native is None


def test_its_own_policy_may_be_asked_for() -> None:
    assert answer(req_policy=DEMONSTRATION_POLICY)["status"]["status"].native == "granted"


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"req_policy": "1.2.3"}, "unaccepted_policy"),
        ({"message_imprint": {"hash_algorithm": {"algorithm": "md5"},
                              "hashed_message": b"x" * 16}}, "bad_alg"),
        ({"message_imprint": {"hash_algorithm": {"algorithm": "sha256"},
                              "hashed_message": b"x" * 31}}, "bad_data_format"),
        ({"version": 2}, "bad_request"),
        ({"extensions": [{"extn_id": "1.2.3", "critical": True, "extn_value": b"\x05\x00"}]},
         "unaccepted_extensions"),
    ],
)  # fmt: skip
def test_what_is_not_served_is_rejected_with_its_reason(
    changes: dict[str, object], failure: str
) -> None:
    refused = answered(**changes)
    status, token = _parts(refused)
    assert status["status"].native == "rejection"
    assert status["fail_info"].native == {failure}
    assert token == b""
    with pytest.raises(TimestampError) as caught:
        check_response(refused, DIGEST, NONCE)
    assert (caught.value.reason, failure in caught.value.detail) == ("rejected", True)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=4).map(
    lambda tail: build_request(DIGEST, NONCE)[:-4] + tail)))  # fmt: skip
def test_garbage_is_answered(request: bytes) -> None:
    status, _ = _parts(authority().respond(request, NOW))
    assert status["status"].native in {"granted", "rejection"}


@cache
def whole_answer() -> bytes:
    return authority().respond(build_request(DIGEST, NONCE), NOW)


@given(st.integers(0, 4095), st.integers(1, 255))
def test_no_changed_answer_is_believed(place: int, difference: int) -> None:
    changed = bytearray(whole_answer())
    changed[place % len(changed)] ^= difference
    try:
        token = check_response(bytes(changed), DIGEST, NONCE)
    except TimestampError:
        return
    # What the signature does not cover may differ; what it says may not.
    assert token.time == NOW
    assert check_token(token.der, DIGEST).time == NOW


@pytest.mark.parametrize(
    ("digest", "nonce", "reason"),
    [
        (hashlib.sha256(b"other").digest(), NONCE, "imprint"),
        (DIGEST, NONCE + 1, "nonce"),
    ],
)
def test_an_answer_to_another_question_is_refused(digest: bytes, nonce: int, reason: str) -> None:
    whole = authority().respond(build_request(DIGEST, NONCE), NOW)
    with pytest.raises(TimestampError) as caught:
        check_response(whole, digest, nonce)
    assert caught.value.reason == reason


def test_a_signing_certificate_makes_no_time_stamps() -> None:
    whole = TimeStampAuthority(pki().key).respond(build_request(DIGEST, NONCE), NOW)
    with pytest.raises(TimestampError) as caught:
        check_response(whole, DIGEST, NONCE)
    assert caught.value.reason == "usage"


def test_a_token_without_certificate_proves_nothing() -> None:
    bare = answer(cert_req=False).dump()
    with pytest.raises(TimestampError) as caught:
        check_response(bare, DIGEST, NONCE)
    assert caught.value.reason == "signature"


def test_openssl_accepts_the_answer(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"letter")
    (tmp_path / "answer").write_bytes(answer(nonce=None).dump())
    root = pki().authority.directory / "root.pem"
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "data", "-in", "answer", "-CAfile", str(root),
         "-attime", str(int(NOW.timestamp()))],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Verification: OK" in done.stdout


class Answers(BaseHTTPRequestHandler):
    """Serves one prepared answer; a function makes it from the request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == CONTENT_TYPE_QUERY
        status, kind, content = self.server.prepared(body)
        self.server.connections.add(self.client_address)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@contextmanager
def serving(prepared) -> Iterator[tuple[str, set[object]]]:  # type: ignore[no-untyped-def]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.block_on_close = False  # a kept connection would be waited for
    server.prepared, server.connections = prepared, set()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa", server.connections
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def granted(body: bytes) -> tuple[int, str, bytes]:
    return 200, CONTENT_TYPE_REPLY, authority().respond(body, NOW)


def test_over_http_with_a_kept_connection() -> None:
    with serving(granted) as (url, connections):
        stamps = HttpTimestamper(url)
        tokens = [stamps.token(DIGEST) for _ in range(3)]
        stamps.close()
    assert [token.time for token in tokens] == [NOW] * 3
    assert len(connections) == 1
    assert len(tokens[0].der) < room_for(stamps.last) < len(tokens[0].der) + 1024


@pytest.mark.parametrize(
    ("prepared", "reason"),
    [
        (lambda body: (500, CONTENT_TYPE_REPLY, b""), "http_status"),
        (lambda body: (302, CONTENT_TYPE_REPLY, b""), "http_status"),
        (lambda body: (200, "text/html", granted(body)[2]), "not_a_response"),
        (lambda body: (200, CONTENT_TYPE_REPLY, bytes(MAX_RESPONSE + 1)), "not_a_response"),
        (lambda body: (200, CONTENT_TYPE_REPLY, b"no"), "not_a_response"),
        (lambda body: (200, CONTENT_TYPE_REPLY,
                       authority().respond(build_request(DIGEST, NONCE), NOW)), "nonce"),
    ],
)  # fmt: skip
def test_a_server_that_errs_or_lies(prepared, reason: str) -> None:  # type: ignore[no-untyped-def]
    with serving(prepared) as (url, _), pytest.raises(TimestampError) as caught:
        ask(url, DIGEST)
    assert caught.value.reason == reason
    assert caught.value.url == url


def test_nobody_there() -> None:
    with serving(granted) as (url, _):
        pass
    with pytest.raises(TimestampError) as caught:
        ask(url, DIGEST)
    assert caught.value.reason == "unavailable"


def test_time_is_the_authority_s() -> None:
    later = NOW + timedelta(days=3)
    key = issue_timestamping(pki().authority, "另一时间戳", MADE, directory=folder() / "tsa")
    assert stamps_at(key, later).token(DIGEST).time == later
    assert isinstance(stamps_at(key, later), LocalTimestamper)
