"""A share for the holder of a CA token: CMS that its own tools open, openssl among them.

AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084), the content key by RSAES-OAEP with SHA-256
(RFC 8017, RFC 4055), the recipient by issuer and serial number. Content, 64 bytes:

    sp ‖ SHA256(lp("P", ctx, com, fingerprint))     fingerprint = SHA-256 of the DER certificate

The holder opens it where the token is, and hands the 64 bytes in:

    openssl cms -decrypt -inform DER -in SHARE -inkey KEY.pem -recip CERTIFICATE.pem -out OPENED
"""

import hashlib
import os
from datetime import UTC, datetime

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signing.seal.encoding import lp

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 4096
"""Below, factoring is too near; above, the wraps of several recipients do not fit 8 KiB."""

MIN_BYTES, MAX_BYTES = 400, 1400
"""Of a wrap: 2048 bits and short names give some 550, 4096 bits and long names 1,100."""

SHARE_BYTES = 64
NONCE_BYTES = 12
TAG_BYTES = 16


class _GcmParameters(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """RFC 5084, section 3.2."""

    _fields = [  # noqa: RUF012 - how asn1crypto declares fields
        ("nonce", core.OctetString),
        ("icv_length", core.Integer, {"default": 12}),
    ]


class _AuthEnvelopedData(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """RFC 5083, section 2.1, less the optional parts that we never write."""

    _fields = [  # noqa: RUF012 - how asn1crypto declares fields
        ("version", cms.CMSVersion),
        ("recipient_infos", cms.RecipientInfos),
        ("content", cms.EncryptedContentInfo),
        ("mac", core.OctetString),
    ]


class _ContentInfo(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [  # noqa: RUF012 - how asn1crypto declares fields
        ("content_type", cms.ContentType),
        ("content", _AuthEnvelopedData, {"explicit": 0}),
    ]


def certificate_fault(der: bytes, now: datetime | None = None) -> str:
    """Why no share can be wrapped to a certificate; "" if one can.

    malformed, not_rsa, short_key, long_key, key_usage (it forbids keyEncipherment), and with
    `now`: expired, not_yet_valid.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        key, usage = certificate.public_key(), _usage(certificate)
    except ValueError:
        return "malformed"
    if not isinstance(key, RSAPublicKey):
        return "not_rsa"
    if key.key_size < MIN_RSA_BITS:
        return "short_key"
    if key.key_size > MAX_RSA_BITS:
        return "long_key"
    if usage is not None and not usage.key_encipherment:
        return "key_usage"
    return _time_fault(certificate, now.astimezone(UTC)) if now else ""


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _time_fault(certificate: x509.Certificate, now: datetime) -> str:
    if now < certificate.not_valid_before_utc:
        return "not_yet_valid"
    return "expired" if now > certificate.not_valid_after_utc else ""


def share_of(sp: bytes, ctx: bytes, com: bytes, fingerprint: bytes) -> bytes:
    """The 64 bytes of content: the second half binds them to one letter and one recipient."""
    return sp + hashlib.sha256(lp("P", ctx, com, fingerprint)).digest()


def wrap(certificate: bytes, share: bytes) -> bytes:
    """DER of the CMS for the certificate's holder; ValueError for one that cannot have it."""
    fault = certificate_fault(certificate)
    if fault:
        raise ValueError(f"its certificate cannot be used: {fault}")
    content_key, nonce = os.urandom(32), os.urandom(NONCE_BYTES)
    sealed = AESGCM(content_key).encrypt(nonce, share, None)
    enveloped = _AuthEnvelopedData(
        {
            "version": "v0",
            "recipient_infos": [_recipient(certificate, content_key)],
            "content": _content(nonce, sealed[:-TAG_BYTES]),
            "mac": sealed[-TAG_BYTES:],
        }
    )
    made = _ContentInfo({"content_type": "authenticated_enveloped_data", "content": enveloped})
    return bytes(made.dump())


def _recipient(certificate: bytes, content_key: bytes) -> cms.RecipientInfo:
    key = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    parameters = algos.RSAESOAEPParams(
        {
            "hash_algorithm": sha256,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": sha256},
        }
    )
    held = asn1.Certificate.load(certificate)
    named = {"issuer": held.issuer, "serial_number": held.serial_number}
    info = {
        "version": "v0",
        "rid": cms.RecipientIdentifier({"issuer_and_serial_number": named}),
        "key_encryption_algorithm": {"algorithm": "rsaes_oaep", "parameters": parameters},
        "encrypted_key": key.encrypt(content_key, oaep),
    }
    return cms.RecipientInfo({"ktri": info})


def _content(nonce: bytes, ciphertext: bytes) -> cms.EncryptedContentInfo:
    parameters = _GcmParameters({"nonce": nonce, "icv_length": TAG_BYTES})
    return cms.EncryptedContentInfo(
        {
            "content_type": "data",
            "content_encryption_algorithm": {"algorithm": "aes256_gcm", "parameters": parameters},
            "encrypted_content": ciphertext,
        }
    )
