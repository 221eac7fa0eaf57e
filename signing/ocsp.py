"""Revocation by answers of the issuer or of its responder (OCSP, RFC 6960)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from asn1crypto import ocsp, x509
from cryptography.exceptions import InvalidSignature

from signing.chain import TolerantValidator

_HASHES: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""Of names and keys in certificate ids: SHA-1 names a certificate here and protects nothing."""
_MAX_BYTES: Final = 64 * 1024
"""Of a response; one about one certificate has two thousand with its responder's."""
_BAD_ASN1: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response says of one certificate."""

    made: datetime
    """thisUpdate."""
    until: datetime
    """nextUpdate; without one, thisUpdate."""
    revoked: datetime | None
    """None: good."""


@lru_cache(maxsize=32)
def parse(der: bytes) -> ocsp.BasicOCSPResponse | None:
    """A successful response that can be read to the end, or None."""
    if len(der) > _MAX_BYTES:
        return None
    try:
        response = ocsp.OCSPResponse.load(der, strict=True)
        if response["response_status"].native != "successful":
            return None
        basic = response["response_bytes"]["response"].parsed
        _ = basic["tbs_response_data"].native, basic["certs"].native
    except _BAD_ASN1:
        return None
    return basic if isinstance(basic, ocsp.BasicOCSPResponse) else None


def answer(
    response: ocsp.BasicOCSPResponse,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    latest: datetime,
) -> Answer | None:
    """What a response says of `certificate`; None if nothing, or nothing that counts.

    It counts if the issuer made it, or who may for it, and not after `latest`.
    """
    try:
        for one in response["tbs_response_data"]["responses"]:
            if _means(one["cert_id"], certificate, issuer):
                made = one["this_update"].native
                return _read(one, latest) if _made_by(response, issuer, made) else None
    except _BAD_ASN1:
        return None
    return None


def _means(name: ocsp.CertId, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    kind = name["hash_algorithm"]["algorithm"].native
    if kind not in _HASHES or name["serial_number"].native != certificate.serial_number:
        return False
    subject, key = issuer.subject.dump(), bytes(issuer.public_key["public_key"])
    named = name["issuer_name_hash"].native, name["issuer_key_hash"].native
    return named == (_hash(kind, subject), _hash(kind, key)) and bool(
        certificate.issuer.dump() == subject
    )


def _hash(kind: str, data: bytes) -> bytes:
    return hashlib.new(kind, data, usedforsecurity=False).digest()


def _read(one: ocsp.SingleResponse, latest: datetime) -> Answer | None:
    made = one["this_update"].native
    until = one["next_update"].native or made
    status = one["cert_status"]
    if made > latest or status.name not in ("good", "revoked"):
        return None
    revoked = status.chosen["revocation_time"].native if status.name == "revoked" else None
    return Answer(made, until, revoked)


def _made_by(response: ocsp.BasicOCSPResponse, issuer: x509.Certificate, made: datetime) -> bool:
    """Whether the issuer signed it, or who might do so for it when it was made."""
    held = response["certs"].native and list(response["certs"])
    delegates = [one for one in held or () if _may_answer(one, issuer, made)]
    return any(_signed_by(response, one) for one in (issuer, *delegates))


def _may_answer(responder: x509.Certificate, issuer: x509.Certificate, made: datetime) -> bool:
    """Delegated by the issuer itself (4.2.2.2), and by a certificate that needs no list of its own.

    Without id-pkix-ocsp-nocheck somebody would have to vouch for the responder in turn.
    """
    usage = responder.extended_key_usage_value
    return (
        responder.issuer.dump() == issuer.subject.dump()
        and usage is not None
        and "ocsp_signing" in usage.native
        and responder.ocsp_no_check_value is not None
        and responder.not_valid_before <= made <= responder.not_valid_after
        and _valid(
            responder["signature_value"].native,
            responder["tbs_certificate"].dump(),
            issuer,
            responder["signature_algorithm"],
        )
    )


def _signed_by(response: ocsp.BasicOCSPResponse, signer: x509.Certificate) -> bool:
    return _valid(
        response["signature"].native,
        response["tbs_response_data"].dump(),
        signer,
        response["signature_algorithm"],
    )


def _valid(signature: bytes, data: bytes, signer: x509.Certificate, algorithm: object) -> bool:
    try:
        TolerantValidator().validate_signature(signature, data, signer.public_key, algorithm)
    except (InvalidSignature, AssertionError, *_BAD_ASN1):
        return False
    return True


def answers(
    ders: Sequence[bytes],
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    at: datetime,
    tolerance: timedelta,
) -> list[tuple[Answer, bytes]]:
    """Every answer about a certificate among `ders`, with the response it stands in."""
    found = []
    for der in ders:
        response = parse(der)
        told = response and answer(response, certificate, issuer, at + tolerance)
        if told and told.made <= certificate.not_valid_after:
            found.append((told, der))
    return found
