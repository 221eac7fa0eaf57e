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
from functools import lru_cache

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

KNOWN = 256
"""Certificates whose reading is remembered."""

SHARE_BYTES = 64
NONCE_BYTES = 12
TAG_BYTES = 16


def _der(tag: int, *parts: bytes) -> bytes:
    """One value of DER (X.690), its contents encoded already."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes(2, "big").lstrip(b"\x00")
    return bytes([tag, 0x80 | len(length)]) + length + content


SEQUENCE, SET, OCTETS, CHOICE_0, CONSTRUCTED_0 = 0x30, 0x31, 0x04, 0x80, 0xA0
VERSION_0 = core.Integer(0).dump()
DATA = cms.ContentType("data").dump()
AUTH_ENVELOPED = cms.ContentType("authenticated_enveloped_data").dump()
AES_256_GCM = algos.EncryptionAlgorithmId("aes256_gcm").dump()
TAG_LENGTH = core.Integer(TAG_BYTES).dump()
_SHA256 = algos.DigestAlgorithm({"algorithm": "sha256"})
RSAES_OAEP = cms.KeyEncryptionAlgorithm(
    {
        "algorithm": "rsaes_oaep",
        "parameters": {
            "hash_algorithm": _SHA256,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": _SHA256},
        },
    }
).dump()
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)


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
    """DER of the CMS for the certificate's holder; ValueError for one that cannot have it.

    Put together here: what has the types for it takes half of the time that sealing may take.
    """
    key, named = _recipient(certificate)
    content_key, nonce = os.urandom(32), os.urandom(NONCE_BYTES)
    sealed = AESGCM(content_key).encrypt(nonce, share, None)
    transport = _der(
        SEQUENCE, VERSION_0, named, RSAES_OAEP, _der(OCTETS, key.encrypt(content_key, OAEP))
    )
    parameters = _der(SEQUENCE, _der(OCTETS, nonce), TAG_LENGTH)  # RFC 5084, section 3.2
    content = _der(
        SEQUENCE,
        DATA,
        _der(SEQUENCE, AES_256_GCM, parameters),
        _der(CHOICE_0, sealed[:-TAG_BYTES]),
    )
    enveloped = _der(  # RFC 5083, section 2.1
        SEQUENCE, VERSION_0, _der(SET, transport), content, _der(OCTETS, sealed[-TAG_BYTES:])
    )
    return _der(SEQUENCE, AUTH_ENVELOPED, _der(CONSTRUCTED_0, enveloped))


@lru_cache(KNOWN)
def _recipient(certificate: bytes) -> tuple[RSAPublicKey, bytes]:
    """Its key, and its issuer and serial number in DER."""
    fault = certificate_fault(certificate)
    key = None if fault else x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"its certificate cannot be used: {fault}")
    held = asn1.Certificate.load(certificate)
    named = cms.IssuerAndSerialNumber({"issuer": held.issuer, "serial_number": held.serial_number})
    return key, bytes(named.dump())
