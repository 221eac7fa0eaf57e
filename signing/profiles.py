"""What the certificates and lists of the development PKI hold (RFC 5280 profiles)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signing.keys.software import PrivateKey

MARK: Final = "demonstration"
"""Organizational unit of everything made here."""
YEAR: Final = timedelta(days=365)
_BACKDATE: Final = timedelta(minutes=5)
"""Certificates begin a little before they are made, for clocks that go slow."""
_SERIAL_BITS: Final = 127


class KeyKind(StrEnum):
    """Kinds of keys that can be made."""

    P256 = "p256"
    P384 = "p384"
    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    RSA4096 = "rsa4096"
    ED25519 = "ed25519"


class Usage(StrEnum):
    """What a certificate is for."""

    SIGNING = "signing"
    TIMESTAMPING = "timestamping"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Issuer:
    """A certificate authority with its key."""

    certificate: x509.Certificate
    private: PrivateKey


def new_key(kind: KeyKind) -> PrivateKey:
    """A fresh private key."""
    if kind == KeyKind.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if kind in (KeyKind.P256, KeyKind.P384):
        return ec.generate_private_key(ec.SECP256R1() if kind == KeyKind.P256 else ec.SECP384R1())
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def subject_name(common: str, credit_code: str = "") -> x509.Name:
    """Subject of a demonstration certificate; the credit code goes into 2.5.4.97."""
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, common),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, MARK),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ]
    if credit_code:
        identifier = f"NTRCN-{credit_code}"
        parts.insert(2, x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, identifier))
    return x509.Name(parts)


def authority_name(common: str) -> x509.Name:
    """Subject of one of the platform's own authorities."""
    return subject_name(f"保函平台{common}")


def list_url(prefix: str, name: str) -> str:
    """Where the list `name` will be served, or nothing if nowhere."""
    return f"{prefix.rstrip('/')}/{name}.crl" if prefix else ""


def _digest(private: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | None:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return None
    wide = isinstance(private, ec.EllipticCurvePrivateKey) and private.key_size == 384
    return hashes.SHA384() if wide else hashes.SHA256()


def _builder(
    subject: x509.Name, private: PrivateKey, issuer: x509.Name, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number() >> (159 - _SERIAL_BITS))
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False)
    )


def _issued_by(
    builder: x509.CertificateBuilder, issuer: x509.Certificate, url: str
) -> x509.CertificateBuilder:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False
    )
    if not url:
        return builder
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)


def _usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in every})


def authority_certificate(
    subject: x509.Name,
    private: PrivateKey,
    issuer: Issuer | None,
    now: datetime,
    url: str,
) -> x509.Certificate:
    """A certificate authority: the root if `issuer` is None, else the one that issues below it."""
    name = issuer.certificate.subject if issuer else subject
    signer = issuer.private if issuer else private
    builder = _builder(subject, private, name, now, (10 if issuer else 20) * YEAR)
    builder = builder.add_extension(x509.BasicConstraints(True, 0 if issuer else 1), critical=True)
    builder = builder.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    if issuer:
        builder = _issued_by(builder, issuer.certificate, url)
    return builder.sign(signer, _digest(signer))


def end_entity(
    issuer: Issuer,
    subject: x509.Name,
    private: PrivateKey,
    usage: Usage,
    now: datetime,
    life: timedelta,
    url: str,
) -> x509.Certificate:
    """A certificate for signing or time-stamping (critical extended key usage, RFC 3161, 2.3)."""
    builder = _builder(subject, private, issuer.certificate.subject, now, life)
    builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
    names = ("digital_signature", "content_commitment")
    builder = builder.add_extension(_usage(*names[: 1 if usage == Usage.TIMESTAMPING else 2]), True)
    if usage == Usage.TIMESTAMPING:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    builder = _issued_by(builder, issuer.certificate, url)
    return builder.sign(issuer.private, _digest(issuer.private))


def revocation_list(
    issuer: Issuer, revoked: Sequence[x509.RevokedCertificate], now: datetime, life: timedelta
) -> bytes:
    """DER of a list that holds for `life` (RFC 5280, 5)."""
    identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(now + life)
        # Seconds since 1970: grows with every list and needs no counter on disk (RFC 5280, 5.2.3).
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value), False
        )
    )
    for entry in revoked:
        builder = builder.add_revoked_certificate(entry)
    signed = builder.sign(issuer.private, _digest(issuer.private))
    return signed.public_bytes(Encoding.DER)
