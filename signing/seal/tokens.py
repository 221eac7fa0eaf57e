"""The certificate of a recipient's token, as it is handed in and as people see it."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from signing.errors import SigningError

MAX_FILE = 64 * 1024
"""Bytes of a certificate file; one has some 2 KB."""


class NotACertificate(SigningError):
    """A file holds no X.509 certificate."""

    def __init__(self) -> None:
        super().__init__("no X.509 certificate, PEM or DER")


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a person compares with the token."""

    subject: str
    issuer: str
    serial: str
    """Hexadecimal."""
    not_before: datetime
    not_after: datetime
    bits: int
    """Of its RSA key; 0 for a key of another kind."""


def read_certificate(data: bytes) -> bytes:
    """DER of the first certificate in a PEM file, or of a DER file; NotACertificate."""
    if len(data) <= MAX_FILE:
        try:
            pem = b"-----BEGIN CERTIFICATE-----" in data
            load = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate
            return load(data).public_bytes(serialization.Encoding.DER)
        except ValueError:
            pass
    raise NotACertificate


def pem_of(der: bytes) -> bytes:
    """As openssl reads it."""
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def facts_of(der: bytes) -> TokenFacts:
    """`der` is what read_certificate answered."""
    held = x509.load_der_x509_certificate(der)
    key = held.public_key()
    return TokenFacts(
        subject=_name(held.subject),
        issuer=_name(held.issuer),
        serial=f"{held.serial_number:x}",
        not_before=held.not_valid_before_utc,
        not_after=held.not_valid_after_utc,
        bits=key.key_size if isinstance(key, RSAPublicKey) else 0,
    )


def _name(name: x509.Name) -> str:
    """Its common name; all of it where there is none."""
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
