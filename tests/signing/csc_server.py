"""An institution's signing service: Cloud Signature Consortium API v2, and its agent who looks.

A reference for institutions, and the other side in tests. It reads documents with pikepdf and by
itself, not with the platform's code. The agent signs only what it saw: the hash that it computes
over the document, the terms that the institution decided, its own certificate.
"""

import base64
import hashlib
import io
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pikepdf
from asn1crypto import cms, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.serving import serving_http

CREDENTIAL = "letters-1"
TOKEN = "an access token"
PIN = "2468"
SAD_LIFE = 1
"""Uses of a SAD."""


class Refused(Exception):
    """An answer that is not 200; `error` is the API's word."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(status, error)
        self.status, self.error = status, error


@dataclass
class Agent:
    """Who decides in the institution what its key may sign."""

    certificate: bytes
    """DER, its own."""
    decided: Mapping[str, bytes]
    """Terms (canonical form) by letter number, as the institution's own books have them."""
    seen: set[bytes] = field(default_factory=set)
    """Digests of signed attributes that it agreed to."""

    def look(self, attributes: bytes, document: bytes) -> None:
        """Agree to sign, or Refused with what is wrong."""
        parsed = {
            item["type"].native: item["values"][0] for item in cms.CMSAttributes.load(attributes)
        }
        first, gap, rest, tail = map(int, _byte_range(document))
        if first or rest + tail != len(document) or document[gap + 1 : rest - 1].strip(b"0"):
            raise Refused(403, "not_whole")
        digest = hashlib.new(
            parsed["cms_algorithm_protection"]["digest_algorithm"]["algorithm"].native,
            document[:gap] + document[rest:],
        ).digest()
        if parsed["message_digest"].native != digest:
            raise Refused(403, "other_document")
        named = tsp.SigningCertificateV2.load(parsed["signing_certificate_v2"].dump())["certs"]
        if named[0]["cert_hash"].native != hashlib.sha256(self.certificate).digest():
            raise Refused(403, "other_certificate")
        terms = _attached(document)
        number = json.loads(terms).get("number")
        if number not in self.decided:
            raise Refused(403, "not_decided")
        if self.decided[number] != terms:
            raise Refused(403, "other_terms")
        self.seen.add(attributes)


def _byte_range(document: bytes) -> list[bytes]:
    found = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", document)
    if len(found) != 1:
        raise Refused(403, "not_one_signature")
    return list(found[0])


def _attached(document: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(document)) as pdf:
        if "terms.json" not in pdf.attachments:
            raise Refused(403, "no_terms")
        return pdf.attachments["terms.json"].get_file().read_bytes()


@dataclass
class Service:
    """The service's state. Tests may change how it behaves."""

    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: bytes
    algorithm: str
    """OID."""
    agent: Agent
    mode: str = "explicit"
    status: str = "enabled"
    sads: dict[str, tuple[str, int]] = field(default_factory=dict)
    """SAD to the hash it is for and the uses that are left."""
    calls: list[str] = field(default_factory=list)
    twist: Callable[[str, dict[str, Any]], dict[str, Any]] = field(default=lambda _, told: told)
    """What becomes of an answer, by method: for services that misbehave."""

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """By path, without the leading slash."""
        methods = {
            "csc/v2/info": self._info,
            "csc/v2/credentials/list": lambda _: {"credentialIDs": [CREDENTIAL]},
            "csc/v2/credentials/info": self._credential,
            "csc/v2/credentials/authorize": self._authorize,
            "csc/v2/signatures/signHash": self._sign,
            "agent/v1/documents": self._document,
        }
        self.calls.append(path)
        if path not in methods:
            raise Refused(404, "not_found")
        if body.get("credentialID", CREDENTIAL) != CREDENTIAL:
            raise Refused(400, "invalid_request")
        return self.twist(path, methods[path](body))

    def _info(self, _: dict[str, Any]) -> dict[str, Any]:
        methods = ["credentials/list", "credentials/info", "credentials/authorize"]
        return {
            "specs": "2.0.0.2", "name": "示范机构签名服务", "region": "CN", "lang": "zh-CN",
            "authType": ["oauth2client"], "methods": [*methods, "signatures/signHash"],
        }  # fmt: skip

    def _credential(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "key": {"status": self.status, "algo": [self.algorithm], "len": self.private.key_size},
            "cert": {"status": "valid", "certificates": [_text(self.certificate)]},
            "auth": {"mode": self.mode},
            "multisign": 1,
            "SCAL": "2",
        }

    def _document(self, body: dict[str, Any]) -> dict[str, Any]:
        self.agent.look(
            base64.b64decode(body["signedAttributes"]), base64.b64decode(body["document"])
        )
        return {"accepted": True}

    def _authorize(self, body: dict[str, Any]) -> dict[str, Any]:
        [wanted] = body["hashes"]
        agreed = {_text(self._hash(seen)) for seen in self.agent.seen}
        if wanted not in agreed or body["numSignatures"] != 1:
            raise Refused(403, "not_agreed")
        if self.mode == "explicit" and body.get("authData") != [{"id": "PIN", "value": PIN}]:
            raise Refused(400, "invalid_pin")
        sad = secrets.token_urlsafe(24)
        self.sads[sad] = (wanted, SAD_LIFE)
        return {"SAD": sad, "expiresIn": 60}

    def _sign(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted, left = self.sads.get(body["SAD"], ("", 0))
        if [wanted] != body["hashes"] or not left or body["signAlgo"] != self.algorithm:
            raise Refused(400, "invalid_sad")
        self.sads[body["SAD"]] = (wanted, left - 1)
        digest, method = base64.b64decode(wanted), Prehashed(self._method())
        if isinstance(self.private, rsa.RSAPrivateKey):
            return {"signatures": [_text(self.private.sign(digest, padding.PKCS1v15(), method))]}
        return {"signatures": [_text(self.private.sign(digest, ec.ECDSA(method)))]}

    def _method(self) -> hashes.HashAlgorithm:
        wide = isinstance(self.private, ec.EllipticCurvePrivateKey) and self.private.key_size == 384
        return hashes.SHA384() if wide else hashes.SHA256()

    def _hash(self, data: bytes) -> bytes:
        return hashlib.new(self._method().name, data).digest()


def service_of(
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    algorithm: str,
    decided: Mapping[str, bytes],
) -> Service:
    """A service with one credential."""
    der = certificate.dump()
    return Service(private, der, algorithm, Agent(der, decided))


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The service's address while it runs on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    raise Refused(401, "invalid_token")
                self._send(200, service.answer(self.path.lstrip("/"), body))
            except Refused as error:
                self._send(error.status, {"error": error.error})

        def _send(self, status: int, told: dict[str, Any]) -> None:
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving_http(Handler) as address:
        yield address


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
