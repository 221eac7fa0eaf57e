"""What a signing key must be able to do, wherever it lives (software, PKCS#11 token, remote)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from asn1crypto import x509


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm as CMS names it (RFC 5652, 10.1.2)."""

    name: str
    """asn1crypto's name, such as `sha256_ecdsa`."""
    digest: str
    """Hash of the content and within the signature, such as `sha256` (RFC 8933: the same)."""
    identifier: bytes
    """DER of the AlgorithmIdentifier."""
    size: int
    """Longest signature value in bytes."""


class SigningKey(Protocol):
    """A private key that is ready for use, with the certificate that speaks for it."""

    @property
    def key_id(self) -> str:
        """Hex SHA-256 of the certificate; what a use of the key is recorded under."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the key."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Issuers from the certificate's own upwards, without the root."""

    @property
    def algorithm(self) -> Algorithm:
        """How it signs."""

    def sign(self, data: bytes) -> bytes:
        """Signature value over `data` (hashed here). Raises SigningError if the key is gone."""


@runtime_checkable
class SeeingKey(SigningKey, Protocol):
    """A key whose holder wants to see the document, not its hash alone."""

    def sign_seeing(self, data: bytes, document: bytes) -> bytes:
        """As `sign`; `document` is the whole file, with zeros where the signature will stand."""


def sign_with(key: SigningKey, data: bytes, document: Callable[[], bytes] | None) -> bytes:
    """Signature value over `data`, which is about a document if one is given."""
    if document is not None and isinstance(key, SeeingKey):
        return key.sign_seeing(data, document())
    return key.sign(data)
