"""RFC 3161 time stamps: the authority's side, and a client that believes only what it checked."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import requests
from asn1crypto import cms, core, tsp, x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError, SigningError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import (
    extract_certs_for_validation,
    validate_sig_integrity,
)

from signing.cms import SEQUENCE, TST_INFO, CmsSigner, tlv
from signing.errors import TimestampError
from signing.keys.protocol import SigningKey

CONTENT_TYPE_QUERY: Final = "application/timestamp-query"
CONTENT_TYPE_REPLY: Final = "application/timestamp-reply"
TIMEOUT: Final = (3.0, 10.0)
"""Seconds to connect and to wait for the answer."""
MAX_RESPONSE: Final = 64 * 1024
"""Bytes of an answer; real ones have two to eight thousand."""
LONGEST_TOKEN: Final = 8 * 1024
"""Bytes that a signature keeps free for a token while nothing better is known."""
DEMONSTRATION_POLICY: Final = "1.3.6.1.4.1.99999.1.1"
"""Policy of the demonstration authority, from the arc that nobody owns."""
_ACCURACY_SECONDS: Final = 1
_HASHES: Final[dict[str, int]] = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Hashes that a token may be about, with their length in bytes."""


@dataclass(frozen=True, slots=True)
class Token:
    """A time-stamp token that was checked against the request it answers."""

    time: datetime
    """When the authority saw the digest, UTC."""
    der: bytes
    """The token, a CMS ContentInfo."""
    certificate: bytes
    """DER of the certificate that signed it; whether it is trusted is the caller's question."""


class Timestamper(Protocol):
    """Gets tokens; HttpTimestamper does, and LocalTimestamper in tests and demonstrations."""

    @property
    def last(self) -> Token | None:
        """The token before, if any: the next one is about as long and of the same certificate."""

    def token(self, digest: bytes) -> Token:
        """A token over a SHA-256 digest. Raises TimestampError."""


def ask(url: str, digest: bytes, *, session: requests.Session | None = None) -> Token:
    """One nonce-bound token for a SHA-256 `digest` from the authority at `url`.

    Checks HTTP and PKI status, imprint, nonce, usage of the certificate, and signature; not trust.
    Raises TimestampError.
    """
    nonce = secrets.randbits(63) | 1 << 62
    body = build_request(digest, nonce)
    answer = _post(url, body, session)
    try:
        return check_response(answer, digest, nonce)
    except TimestampError as error:
        raise TimestampError(error.reason, url=url, detail=error.detail) from None


class HttpTimestamper:
    """A Timestamper over HTTP that keeps its connection. Not to be shared between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.last: Token | None = None
        self._session = requests.Session()

    def token(self, digest: bytes) -> Token:
        """A token over a SHA-256 digest. Raises TimestampError."""
        self.last = ask(self.url, digest, session=self._session)
        return self.last

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()


class LocalTimestamper:
    """A Timestamper that asks an authority in this process: the test double."""

    def __init__(self, authority: "TimeStampAuthority", clock: Callable[[], datetime]) -> None:
        self._authority = authority
        self._clock = clock
        self.last: Token | None = None

    def token(self, digest: bytes) -> Token:
        """A token over a SHA-256 digest, made and checked as over HTTP."""
        nonce = secrets.randbits(63) | 1 << 62
        answer = self._authority.respond(build_request(digest, nonce), self._clock())
        self.last = check_response(answer, digest, nonce)
        return self.last


def room_for(last: Token | None) -> int:
    """Bytes to keep free for an authority's next token: one as long, and a little more."""
    return LONGEST_TOKEN if last is None else -(-(len(last.der) + 128) // 512) * 512


def build_request(digest: bytes, nonce: int) -> bytes:
    """DER of a TimeStampReq for a SHA-256 digest that asks for the certificate."""
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
    request = tsp.TimeStampReq(
        {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    )
    return bytes(request.dump())


def _post(url: str, body: bytes, session: requests.Session | None) -> bytes:
    headers = {"Content-Type": CONTENT_TYPE_QUERY, "Accept": CONTENT_TYPE_REPLY}
    try:
        with (session or requests).post(
            url, data=body, headers=headers, timeout=TIMEOUT, stream=True, allow_redirects=False
        ) as response:
            content: bytes = response.raw.read(MAX_RESPONSE + 1, decode_content=True)
            status, kind = response.status_code, response.headers.get("Content-Type", "")
    except (requests.RequestException, OSError) as error:
        raise TimestampError("unavailable", url=url, detail=type(error).__name__) from None
    if status != requests.codes.ok:
        raise TimestampError("http_status", url=url, detail=str(status))
    if len(content) > MAX_RESPONSE or not kind.startswith(CONTENT_TYPE_REPLY):
        raise TimestampError("not_a_response", url=url, detail=kind)
    return content


_BAD_ASN1: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError)
"""What asn1crypto raises, lazily, on bytes that are not what they should be."""


def check_response(der: bytes, digest: bytes, nonce: int) -> Token:
    """Check a TimeStampResp against its request (RFC 3161, 2.2, 2.4.2). Raises TimestampError."""
    try:
        status, token = _parts(der)
        if status["status"].native not in ("granted", "granted_with_mods"):
            raise TimestampError("rejected", detail=str(status["fail_info"].native))
    except _BAD_ASN1:
        raise TimestampError("not_a_response") from None
    return check_token(token, digest, nonce)


def _parts(der: bytes) -> tuple[tsp.PKIStatusInfo, bytes]:
    """Status and token of a TimeStampResp; no token with a rejection."""
    answer = core.SequenceOf.load(der, spec=core.Any, strict=True)
    return answer[0].parse(spec=tsp.PKIStatusInfo), answer[1].dump() if len(answer) > 1 else b""


def check_token(der: bytes, digest: bytes, nonce: int | None = None) -> Token:
    """Check a token over a SHA-256 `digest`; `nonce` if it answers a request. See `ask`."""

    def imprint(name: str) -> bytes:
        return digest if name == "sha256" else b""

    return read_token(der, imprint, nonce)


def read_token(der: bytes, imprint: Callable[[str], bytes], nonce: int | None = None) -> Token:
    """Check a token; `imprint` gives the digest it must be about, by name of the hash, or nothing.

    Raises TimestampError.
    """
    try:
        signed = cms.ContentInfo.load(der, strict=True)["content"]
        info = signed["encap_content_info"]["content"].parsed
        claimed = info["message_imprint"]
        expected = imprint(claimed["hash_algorithm"]["algorithm"].native)
        if not expected or not secrets.compare_digest(claimed["hashed_message"].native, expected):
            raise TimestampError("imprint")
        if nonce is not None and info["nonce"].native != nonce:
            raise TimestampError("nonce")
        certificate = _verify(signed)
        return Token(info["gen_time"].native.astimezone(UTC), der, certificate.dump())
    except _BAD_ASN1:
        raise TimestampError("not_a_response") from None


def _verify(signed: cms.SignedData) -> x509.Certificate:
    content = signed["encap_content_info"]["content"]
    signer = signed["signer_infos"][0]
    try:
        certificate = extract_certs_for_validation(signed).signer_cert
        hashed = hashlib.new(signer["digest_algorithm"]["algorithm"].native, bytes(content))
        intact, valid = validate_sig_integrity(signer, certificate, "tst_info", hashed.digest())
    except (
        SignatureValidationError, CMSStructuralError, CMSExtractionError, SigningError,
        InvalidSignature, UnsupportedAlgorithm,
    ):  # fmt: skip
        raise TimestampError("signature") from None
    if not (intact and valid):
        raise TimestampError("signature")
    usage = certificate.extended_key_usage_value
    if usage is None or usage.native != ["time_stamping"]:
        raise TimestampError("usage")
    return certificate


class TimeStampAuthority:
    """The server's side of RFC 3161 with a held key."""

    def __init__(self, key: SigningKey, *, policy: str = DEMONSTRATION_POLICY) -> None:
        self._signer = CmsSigner(key, content_type=TST_INFO)
        self._policy = policy

    def respond(self, request_der: bytes, now: datetime) -> bytes:
        """DER of the TimeStampResp: a token with the time `now`, or a rejection that says why."""
        try:
            request = tsp.TimeStampReq.load(request_der, strict=True)
            failure = self._refusal(request)
            if failure:
                return _rejection(failure)
            return self._grant(request, now)
        except _BAD_ASN1:
            return _rejection("bad_data_format")

    def _refusal(self, request: tsp.TimeStampReq) -> str:
        """PKIFailureInfo for a request that is not served, or nothing."""
        imprint = request["message_imprint"]
        wanted = request["req_policy"].native
        if request["version"].native != "v1":
            return "bad_request"
        size = _HASHES.get(imprint["hash_algorithm"]["algorithm"].native)
        if size is None:
            return "bad_alg"
        if len(imprint["hashed_message"].native) != size:
            return "bad_data_format"
        if wanted is not None and wanted != self._policy:
            return "unaccepted_policy"
        return "unaccepted_extensions" if len(request["extensions"]) else ""

    def _grant(self, request: tsp.TimeStampReq, now: datetime) -> bytes:
        fields: dict[str, Any] = {
            "version": "v1",
            "policy": self._policy,
            "message_imprint": request["message_imprint"],
            "serial_number": secrets.randbits(127) | 1 << 126,
            "gen_time": now.astimezone(UTC).replace(microsecond=0),
            "accuracy": tsp.Accuracy({"seconds": _ACCURACY_SECONDS}),
        }
        if request["nonce"].native is not None:
            fields["nonce"] = request["nonce"]
        info = tsp.TSTInfo(fields).dump()
        digest = hashlib.new(self._signer.digest, info).digest()
        token = self._signer.sign(
            digest, content=info, with_certificates=bool(request["cert_req"].native)
        )
        # Put together here: asn1crypto now and then encodes a loaded token anew, for a second, and
        # differently.
        return tlv(SEQUENCE, tsp.PKIStatusInfo({"status": "granted"}).dump(), token)


def _rejection(failure: str) -> bytes:
    """The status alone; asn1crypto takes the token for required (RFC 3161, 2.4.2 does not)."""
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {failure}})
    return tlv(SEQUENCE, status.dump())
