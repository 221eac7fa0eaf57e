"""A key that the institution holds and uses itself: Cloud Signature Consortium API v2.

The institution's agent gets the whole document besides, before it is asked to authorize: it can
compute the hash by itself, compare the terms with what was decided, and refuse. What it signed is
checked against the certificate before anything is made of it.
"""

import base64
import hashlib
import json
import queue
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests
from asn1crypto import algos

from signing import private_files
from signing.errors import KeyStoreError, KeyUnavailable
from signing.keys.certified import CertifiedKey
from signing.keys.software import load_certificates

TIMEOUT: Final = (3.0, 30.0)
"""Seconds to connect, and to wait for an answer: an agent may look at the document meanwhile."""
MAX_ANSWER: Final = 64 * 1024
"""Bytes; a chain of certificates has ten thousand."""
_MAX_FILE: Final = 8192
_EXPIRED: Final = frozenset({"invalid_sad", "sad_expired", "invalid_request"})
"""Errors of signHash after which a new authorization may help (CSC API 2.0, 11.11)."""
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class RemoteAddress:
    """Where the key is asked for, and how the platform shows who it is."""

    url: str
    """Of the service, without /csc/v2; https but on this machine."""
    credential: str
    """credentialID."""
    token: str = field(repr=False)
    """Access token (OAuth 2.0 bearer)."""
    pin: str = field(default="", repr=False)
    """For credentials with explicit authorization."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a JSON file (0600) of these fields. Raises KeyStoreError."""
        try:
            address = cls(**json.loads(private_files.read(path, _MAX_FILE)))
            parts = urlsplit(address.url)
        except (ValueError, TypeError, AttributeError):
            raise KeyStoreError(str(path), "must name url, credential and token") from None
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            raise KeyStoreError(str(path), "url must begin with https")
        return address


class RemoteKey(CertifiedKey):
    """A SeeingKey with its institution. Safe to share between threads."""

    def __init__(self, address: RemoteAddress, certificate: bytes, chain: list[bytes]) -> None:
        """KeyStoreError for a kind of key that signs no hashes (Ed25519)."""
        super().__init__(certificate, chain)
        if self.algorithm.name == "ed25519":
            raise KeyStoreError("", "Ed25519 keys sign no hashes (RFC 8032)")
        self._service = _Service(address)
        self._mode: str | None = None

    def sign(self, data: bytes) -> bytes:
        """A signature over `data` that is about no document. Raises KeyUnavailable."""
        if self._mode is None:
            self._mode = self._introduce()
        wanted = self._wanted(data)
        try:
            found = self._once(wanted, self._mode)
        except KeyUnavailable as error:
            if error.detail not in _EXPIRED:
                raise
            found = self._once(wanted, self._mode)
        if not self.made(found, data):
            raise KeyUnavailable("other_key")
        return found

    def sign_seeing(self, data: bytes, document: bytes) -> bytes:
        """A signature that the institution's agent agreed to after looking at the document."""
        self._service.ask("agent/v1/documents", {
            "credentialID": self._service.address.credential,
            "signedAttributes": _text(data),
            "document": _text(document),
        })  # fmt: skip
        return self.sign(data)

    def _introduce(self) -> str:
        """Authorization mode of the credential, after looking at what stands behind it."""
        service, wanted = self._service, self._service.address.credential
        if "signatures/signHash" not in service.csc("info", {}).get("methods", []):
            raise KeyUnavailable("not_an_answer", "info")
        if wanted not in service.csc("credentials/list", {}).get("credentialIDs", []):
            raise KeyUnavailable("no_key", "credentials/list")
        query = {"credentialID": wanted, "certificates": "single", "authInfo": True}
        told = service.csc("credentials/info", query)
        try:
            status, algorithms = told["key"]["status"], told["key"]["algo"]
            certificate = base64.b64decode(told["cert"]["certificates"][0])
            mode = str(told["auth"]["mode"])
        except (KeyError, TypeError, IndexError, ValueError):
            raise KeyUnavailable("not_an_answer", "credentials/info") from None
        if certificate != self.certificate.dump() or self._oid not in algorithms:
            raise KeyUnavailable("other_key", "credentials/info")
        if status != "enabled" or mode not in ("implicit", "explicit"):
            raise KeyUnavailable("refused", f"{status} {mode}")
        return mode

    @property
    def _oid(self) -> str:
        algorithm = algos.SignedDigestAlgorithm.load(self.algorithm.identifier)
        return str(algorithm["algorithm"].dotted)

    def _wanted(self, data: bytes) -> dict[str, Any]:
        digest = hashlib.new(self.algorithm.digest, data).digest()
        return {
            "credentialID": self._service.address.credential,
            "hashes": [_text(digest)],
            "hashAlgorithmOID": algos.DigestAlgorithmId.unmap(self.algorithm.digest),
        }

    def _once(self, wanted: dict[str, Any], mode: str) -> bytes:
        """Authorize this one hash, then have it signed: a SAD is never kept."""
        asked = {**wanted, "numSignatures": 1}
        if mode == "explicit":
            asked["authData"] = [{"id": "PIN", "value": self._service.address.pin}]
        sad = self._service.csc("credentials/authorize", asked).get("SAD")
        answer = self._service.csc(
            "signatures/signHash", {**wanted, "SAD": sad, "signAlgo": self._oid}
        )
        try:
            [signature] = answer["signatures"]
            return base64.b64decode(signature, validate=True)
        except (KeyError, TypeError, ValueError):
            raise KeyUnavailable("not_an_answer", "signatures/signHash") from None


class _Service:
    """The institution's service over kept connections, one for each caller at a time."""

    def __init__(self, address: RemoteAddress) -> None:
        self.address = address
        self._idle: queue.LifoQueue[requests.Session] = queue.LifoQueue()

    def csc(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """One method of the API. Raises KeyUnavailable."""
        return self.ask(f"csc/v2/{method}", body)

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a POST of JSON. Raises KeyUnavailable."""
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = requests.Session()
        try:
            status, content = self._post(session, path, body)
        finally:
            self._idle.put(session)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if status != requests.codes.ok:
            reason = "refused" if 400 <= status < 500 else "unavailable"
            said = answer.get("error") if isinstance(answer, dict) else None
            raise KeyUnavailable(reason, str(said or status)[:80])
        if not isinstance(answer, dict):
            raise KeyUnavailable("not_an_answer", path)
        return answer

    def _post(
        self, session: requests.Session, path: str, body: dict[str, Any]
    ) -> tuple[int, bytes]:
        url = f"{self.address.url.rstrip('/')}/{path}"
        headers = {"Authorization": f"Bearer {self.address.token}"}
        try:
            with session.post(
                url, json=body, headers=headers, timeout=TIMEOUT, stream=True, allow_redirects=False
            ) as response:
                content: bytes = response.raw.read(MAX_ANSWER + 1, decode_content=True)
        except (requests.RequestException, OSError) as error:
            raise KeyUnavailable("unavailable", type(error).__name__) from None
        if len(content) > MAX_ANSWER:
            raise KeyUnavailable("not_an_answer", path)
        return response.status_code, content


def load(directory: Path, name: str) -> RemoteKey:
    """`<name>.remote.json` (0600) and `<name>.pem`. Raises KeyStoreError."""
    try:
        address = RemoteAddress.read(directory / f"{name}.remote.json")
    except FileNotFoundError as error:
        raise KeyStoreError(str(error.filename), "is missing") from None
    return RemoteKey(address, *load_certificates(directory / f"{name}.pem"))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
