"""Certificates and revocation lists with SM2 and SM3 (GM/T 0015, which follows RFC 5280).

`cryptography` makes none with these algorithms; they are put together with asn1crypto, by dotted
numbers, after the same profiles as the others (signing/profiles.py).
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from asn1crypto import core, crl, x509
from cryptography import x509 as pyca

from signing.authority_folder import Revocation
from signing.gm.algorithms import SM2_WITH_SM3, UNCOMPRESSED, Sm2Pair, public_key_info
from signing.profiles import YEAR

_BACKDATE: Final = timedelta(minutes=5)
_SERIAL_BYTES: Final = 15
_YEAR_2050: Final = 2050
_ALGORITHM: Final = {"algorithm": SM2_WITH_SM3}


class GmUsage(StrEnum):
    """The two certificates of a holder (双证书, GM/T 0034): signing and encryption stay apart."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"


_USAGES: Final = {
    GmUsage.SIGNING: {"digital_signature", "non_repudiation"},
    GmUsage.ENCRYPTION: {"key_encipherment", "data_encipherment", "key_agreement"},
}


@dataclass(frozen=True)
class GmIssuer:
    """A certificate authority with its key."""

    certificate: x509.Certificate
    pair: Sm2Pair


def subject(name: pyca.Name) -> x509.Name:
    """A name as the other profiles make it."""
    return x509.Name.load(name.public_bytes())


def authority_certificate(
    named: x509.Name, pair: Sm2Pair, issuer: GmIssuer | None, now: datetime, url: str
) -> x509.Certificate:
    """A certificate authority: the root if `issuer` is None, else the one that issues below it."""
    above = issuer or GmIssuer(x509.Certificate(), pair)
    extensions = [
        _extension("basic_constraints", {"ca": True, "path_len_constraint": 0 if issuer else 1}),
        _extension("key_usage", {"key_cert_sign", "crl_sign"}),
    ]
    if issuer:
        extensions += _pointers(issuer, url)
    by = issuer.certificate.subject if issuer else named
    years = 10 if issuer else 20
    return _signed(above.pair, by, named, pair.public, now, years * YEAR, extensions)


def end_entity(
    issuer: GmIssuer,
    named: x509.Name,
    public: bytes,
    usage: GmUsage,
    now: datetime,
    life: timedelta,
    url: str,
) -> x509.Certificate:
    """A certificate for signing, or for encryption and nothing else."""
    extensions = [
        _extension("basic_constraints", {"ca": False}),
        _extension("key_usage", _USAGES[usage]),
        *_pointers(issuer, url),
    ]
    by = issuer.certificate.subject
    return _signed(issuer.pair, by, named, public, now, life, extensions)


def revocation_list(
    issuer: GmIssuer, revoked: Sequence[Revocation], now: datetime, life: timedelta
) -> bytes:
    """DER of a list that holds for `life` (RFC 5280, 5)."""
    fields: dict[str, Any] = {
        "version": "v2",
        "signature": _ALGORITHM,
        "issuer": issuer.certificate.subject,
        "this_update": _time(now),
        "next_update": _time(now + life),
        "crl_extensions": [
            {"extn_id": "crl_number", "critical": False, "extn_value": int(now.timestamp())},
            _pointers(issuer, "")[0],
        ],
    }
    if revoked:
        fields["revoked_certificates"] = [_entry(one) for one in revoked]
    body = crl.TbsCertList(fields)
    signed = {
        "tbs_cert_list": body,
        "signature_algorithm": _ALGORITHM,
        "signature": issuer.pair.sign(body.dump()),
    }
    return bytes(crl.CertificateList(signed).dump())


def _entry(one: Revocation) -> dict[str, Any]:
    reason = {"extn_id": "crl_reason", "critical": False, "extn_value": one.reason}
    return {
        "user_certificate": one.serial,
        "revocation_date": _time(one.when),
        "crl_entry_extensions": [reason],
    }


def _signed(
    by: Sm2Pair,
    issuer: x509.Name,
    named: x509.Name,
    public: bytes,
    now: datetime,
    life: timedelta,
    extensions: Sequence[dict[str, Any]],
) -> x509.Certificate:
    identifier = {"extn_id": "key_identifier", "critical": False, "extn_value": _identifier(public)}
    body = x509.TbsCertificate(
        {
            "version": "v3",
            # Positive, and never more than the 20 bytes of RFC 5280, 4.1.2.2.
            "serial_number": int.from_bytes(os.urandom(_SERIAL_BYTES), "big") | 1,
            "signature": _ALGORITHM,
            "issuer": issuer,
            "validity": {"not_before": _time(now - _BACKDATE), "not_after": _time(now + life)},
            "subject": named,
            "subject_public_key_info": public_key_info(public),
            "extensions": [*extensions, identifier],
        }
    )
    signed = {
        "tbs_certificate": body,
        "signature_algorithm": _ALGORITHM,
        "signature_value": by.sign(body.dump()),
    }
    return x509.Certificate.load(x509.Certificate(signed).dump())


def _extension(kind: str, value: object) -> dict[str, Any]:
    return {"extn_id": kind, "critical": True, "extn_value": value}


def _pointers(issuer: GmIssuer, url: str) -> list[dict[str, Any]]:
    """The issuer's key, and where its list is served."""
    key = {"key_identifier": _identifier(issuer.pair.public)}
    found = [{"extn_id": "authority_key_identifier", "critical": False, "extn_value": key}]
    if url:
        place = x509.GeneralName("uniform_resource_identifier", url)
        point = {"distribution_point": x509.DistributionPointName("full_name", [place])}
        found.append(
            {"extn_id": "crl_distribution_points", "critical": False, "extn_value": [point]}
        )
    return found


def _identifier(public: bytes) -> core.OctetString:
    """SHA-1 of the point, method 1 of RFC 5280, 4.2.1.2: a name, nothing rests on it."""
    return core.OctetString(hashlib.sha1(UNCOMPRESSED + public, usedforsecurity=False).digest())


def _time(moment: datetime) -> x509.Time:
    whole = moment.replace(microsecond=0)
    kind = "utc_time" if whole.year < _YEAR_2050 else "general_time"
    return x509.Time(kind, whole)
