"""Was a certificate revoked when it was used? By lists (RFC 5280, 5 and 6.3) and OCSP (RFC 6960).

Both kinds of data come together as `lists`, DER; each item is told by its form.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from signing import ocsp
from signing.gm.algorithms import SM2_WITH_SM3, verifies

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""By how much the clocks of two authorities may differ."""
_UNDERSTOOD: Final = frozenset({
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_NUMBER,
    ExtensionOID.ISSUER_ALTERNATIVE_NAME,
})  # fmt: skip
_BAD_LIST: Final = (
    ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Status:
    """What lists say about one chain."""

    code: str
    """good, revoked, revoked_later, unknown (no list and no answer), stale (too old)."""
    certificate: asn1.Certificate | None = None
    """The one that the code is about."""
    when: datetime | None = None
    """Date of revocation."""


def check_chain(
    certificates: Sequence[asn1.Certificate],
    lists: Iterable[bytes],
    *,
    used: datetime,
    at: datetime,
    proven: bool,
) -> Status:
    """Look up every certificate below the anchor, which comes last in `certificates`.

    `used` is when the key was used, `proven` whether a trusted time-stamp says so; `at` is now:
    lists from the future are not read.
    """
    data = list(lists)
    parsed = [item for item in map(_parse, data) if item is not None]
    answers = [der for der in data if is_answer(der)]
    worst = Status("good")
    for certificate, issuer in pairwise(certificates):
        status = _check(certificate, issuer, parsed, answers, used, at, proven)
        if _RANK.index(status.code) > _RANK.index(worst.code):
            worst = status
    return worst


_RANK: Final = ("good", "revoked_later", "stale", "unknown", "revoked")


def is_answer(der: bytes) -> bool:
    """Whether it is an OCSP response."""
    return _parse(der) is None and ocsp.parse(der) is not None


@lru_cache(maxsize=32)
def _parse(der: bytes) -> x509.CertificateRevocationList | None:
    """A list that can be read to the end and is the whole of its issuer's, or None."""
    try:
        found = x509.load_der_x509_crl(der)
        # These parse lazily, and lists come with strangers' files: read now what is read later.
        found.issuer.public_bytes()
        _ = found.last_update_utc, found.next_update_utc
        return found if _understood(found) else None
    except _BAD_LIST:
        return None


def _understood(found: x509.CertificateRevocationList) -> bool:
    """Delta lists, indirect and partial ones are left aside (critical extensions say so)."""
    return all(
        item.oid in _UNDERSTOOD or not item.critical
        for item in found.extensions
        if item.oid != ExtensionOID.ISSUING_DISTRIBUTION_POINT
    ) and _complete(found)


def _complete(found: x509.CertificateRevocationList) -> bool:
    for item in found.extensions:
        point = item.value
        if isinstance(point, x509.IssuingDistributionPoint):
            return not (
                point.indirect_crl
                or point.only_some_reasons
                or point.only_contains_attribute_certs
                or point.only_contains_ca_certs
                or point.only_contains_user_certs
            )
    return True


def newest_list(
    certificate: asn1.Certificate, issuer: asn1.Certificate, lists: Iterable[bytes], *, at: datetime
) -> bytes | None:
    """The latest list or answer that speaks of a certificate as of `at`, or None."""
    data = list(lists)
    found = [(item, der) for der in data if (item := _parse(der)) is not None]
    usable = _usable(certificate, issuer, [item for item, _ in found], at)
    fitting = [(item.last_update_utc, der) for item, der in found if item in usable]
    answers = [der for der in data if is_answer(der)]
    told = ocsp.answers(answers, certificate, issuer, at, CLOCK_TOLERANCE)
    fitting += [(one.made, der) for one, der in told]
    return max(fitting)[1] if fitting else None


def _usable(
    certificate: asn1.Certificate,
    issuer: asn1.Certificate,
    lists: Sequence[x509.CertificateRevocationList],
    at: datetime,
) -> list[x509.CertificateRevocationList]:
    return [
        item
        for item in lists
        if item.issuer.public_bytes() == certificate.issuer.dump()
        and item.last_update_utc <= at + CLOCK_TOLERANCE
        # A list made after the certificate ended may have dropped it (RFC 5280, 3.3).
        and item.last_update_utc <= certificate.not_valid_after
        and _signed_by(item, issuer)
    ]


def _check(
    certificate: asn1.Certificate,
    issuer: asn1.Certificate,
    lists: Sequence[x509.CertificateRevocationList],
    answers: Sequence[bytes],
    used: datetime,
    at: datetime,
    proven: bool,
) -> Status:
    usable = _usable(certificate, issuer, lists, at)
    told = [one for one, _ in ocsp.answers(answers, certificate, issuer, at, CLOCK_TOLERANCE)]
    if not usable and not told:
        return Status("unknown", certificate)
    for item in usable:
        status = _entry(certificate, item, used, proven)
        if status.code != "good":
            return status
    for one in told:
        if one.revoked is not None:
            return _revoked(certificate, one.revoked, used, proven)
    ends = [item.next_update_utc or item.last_update_utc for item in usable]
    newest = max([*ends, *(one.until for one in told)])
    return Status("good" if newest + CLOCK_TOLERANCE >= used else "stale", certificate)


def _signed_by(item: x509.CertificateRevocationList, issuer: asn1.Certificate) -> bool:
    usage = issuer.key_usage_value
    if usage is not None and "crl_sign" not in usage.native:
        return False
    if item.signature_algorithm_oid.dotted_string == SM2_WITH_SM3:  # not in cryptography
        return verifies(issuer.public_key, item.tbs_certlist_bytes, item.signature)
    try:
        key: Any = x509.load_der_x509_certificate(issuer.dump()).public_key()
        return item.is_signature_valid(key)
    except _BAD_LIST:
        return False


def _entry(
    certificate: asn1.Certificate,
    item: x509.CertificateRevocationList,
    used: datetime,
    proven: bool,
) -> Status:
    try:
        found = item.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if found is None:
            return Status("good", certificate)
        when, reason = found.revocation_date_utc, _reason(found)
    except _BAD_LIST:  # signed, and yet not readable: no news of this certificate
        return Status("unknown", certificate)
    if reason == x509.ReasonFlags.remove_from_crl:
        return Status("good", certificate)
    return _revoked(certificate, when, used, proven)


def _revoked(certificate: asn1.Certificate, when: datetime, used: datetime, proven: bool) -> Status:
    # Only a time that somebody else vouches for puts the use before the revocation.
    code = "revoked_later" if proven and used < when else "revoked"
    return Status(code, certificate, when)


def _reason(found: x509.RevokedCertificate) -> x509.ReasonFlags:
    try:
        extension = found.extensions.get_extension_for_oid(CRLEntryExtensionOID.CRL_REASON)
    except x509.ExtensionNotFound:
        return x509.ReasonFlags.unspecified
    value = extension.value
    return value.reason if isinstance(value, x509.CRLReason) else x509.ReasonFlags.unspecified
