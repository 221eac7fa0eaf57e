"""From a certificate to an anchor (RFC 5280, 6), by pyhanko-certvalidator; revocation apart."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asn1crypto import algos, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pyhanko_certvalidator import ValidationContext, find_valid_path
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InvalidCertificateError,
    NotYetValidError,
    PathBuildingError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    DefaultSignatureValidator,
    SignatureValidationContext,
)

from signing.gm.algorithms import is_sm2, verifies
from signing.trust import Purpose, Trust

_SIGNATURE_USAGES: Final = frozenset({"digital_signature", "non_repudiation"})
_SIGNING_PURPOSES: Final = frozenset({
    "any_extended_key_usage",
    "email_protection",
    "client_auth",
    "1.3.6.1.5.5.7.3.36",  # document signing, RFC 9336
    "1.3.6.1.4.1.311.10.3.12",  # document signing, Microsoft
    "microsoft_document_signing",
    "1.2.840.113583.1.1.5",  # authentic documents, Adobe
    "adobe_authentic_documents_trust",
})  # fmt: skip
_PLAIN_ECDSA: Final = "0.4.0.127.0.7.1.1.4.1."
"""Arc of the plain (r ‖ s) ECDSA algorithms of BSI TR-03111."""
_REMEMBERED: Final = 256
"""Chains and links that one process remembers: authorities are few, letters many."""
_PLAIN_HASHES: Final = {"1": "sha1", "2": "sha224", "3": "sha256", "4": "sha384", "5": "sha512"}


@dataclass(frozen=True, slots=True)
class Chain:
    """The way found from a certificate upwards, or why there is none."""

    certificates: tuple[x509.Certificate, ...]
    """The certificate itself, its issuers, the anchor; the certificate alone if none was found."""
    fault: str = ""
    """Code of the reason: no_anchor, expired, not_yet_valid, usage, weak_chain, bad_chain."""


class TolerantValidator(DefaultSignatureValidator):
    """Checks signature values; knows plain ECDSA and SM2 besides what pyHanko knows."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: x509.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        """Raises InvalidSignature."""
        dotted = signature_algorithm["algorithm"].dotted
        if is_sm2(signature_algorithm):
            if not verifies(public_key_info, signed_data, signature):
                raise InvalidSignature
            return
        if dotted.startswith(_PLAIN_ECDSA):
            name = _PLAIN_HASHES.get(dotted.removeprefix(_PLAIN_ECDSA), "")
            half = len(signature) // 2
            if not name or len(signature) != 2 * half or not half:
                raise InvalidSignature
            first, second = (
                int.from_bytes(part, "big") for part in (signature[:half], signature[half:])
            )
            signature = encode_dss_signature(first, second)
            signature_algorithm = algos.SignedDigestAlgorithm({"algorithm": f"{name}_ecdsa"})
        super().validate_signature(
            signature, signed_data, public_key_info, signature_algorithm, context
        )


def is_known_signature_algorithm(identifier: algos.SignedDigestAlgorithm) -> bool:
    """Whether we have the means to check signatures of that kind."""
    kind = identifier["algorithm"]
    if kind.dotted.startswith(_PLAIN_ECDSA):
        return kind.dotted.removeprefix(_PLAIN_ECDSA) in _PLAIN_HASHES
    return bool(kind.native != kind.dotted) or is_sm2(identifier)


@dataclass(frozen=True, slots=True)
class _Known:
    """A sound chain. Nothing about it depends on the moment but that all of it is in force."""

    chain: Chain
    since: datetime
    until: datetime


_chains: Final[dict[bytes, _Known]] = {}
_links: Final[dict[bytes, bool]] = {}
"""By digest: what strangers send must not pile up here."""


def _digest(*parts: bytes) -> bytes:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big") + part)
    return hashed.digest()


def build_chain(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    trust: Trust,
    purpose: Purpose,
    moment: datetime,
) -> Chain:
    """Find and check a path as of `moment`. `others` are certificates that came with the file.

    A sound chain is remembered, as letter after letter has the same.
    """
    ders = (certificate.dump(), *(item.dump() for item in others))
    key = _digest(trust.key.encode(), purpose.encode(), *ders)
    known = _chains.get(key)
    if known is not None and known.since <= moment <= known.until:
        return known.chain
    chain = _build(certificate, others, trust, purpose, moment)
    if not chain.fault:
        if len(_chains) >= _REMEMBERED:
            _chains.clear()
        since = max(item.not_valid_before for item in chain.certificates)
        until = min(item.not_valid_after for item in chain.certificates)
        _chains[key] = _Known(chain, since, until)
    return chain


def _build(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    trust: Trust,
    purpose: Purpose,
    moment: datetime,
) -> Chain:
    context = ValidationContext(
        trust_roots=trust.roots(purpose),
        other_certs=[*others, *trust.intermediate_certificates],
        moment=moment,
        allow_fetching=False,
        signature_validator=TolerantValidator(),
    )
    try:
        path = asyncio.run(_find(certificate, context))
    except PathBuildingError:
        return Chain((certificate,), "no_anchor")
    except ValidationError as error:
        return Chain((certificate,), _fault(error))
    fault = "" if _usage_ok(certificate, purpose) else "usage"
    return Chain(tuple(reversed(list(path.iter_certs(include_root=True)))), fault)


async def _find(certificate: x509.Certificate, context: ValidationContext) -> ValidationPath:
    paths = context.path_builder.async_build_paths_lazy(certificate)
    found: ValidationPath = await find_valid_path(certificate, paths, context)
    return found


def _fault(error: ValidationError) -> str:
    kinds = (
        (ExpiredError, "expired"),
        (NotYetValidError, "not_yet_valid"),
        (DisallowedAlgorithmError, "weak_chain"),
    )
    for kind, code in kinds:
        if isinstance(error, kind):
            return code
    # certvalidator says so of a self-signed certificate that no anchor stands for.
    return "no_anchor" if isinstance(error, InvalidCertificateError) else "bad_chain"


def _usage_ok(certificate: x509.Certificate, purpose: Purpose) -> bool:
    """Key usage and extended key usage (RFC 5280, 4.2.1.3 and 4.2.1.12; RFC 3161, 2.3)."""
    usage, extended = certificate.key_usage_value, certificate.extended_key_usage_value
    if usage is not None and not usage.native & _SIGNATURE_USAGES:
        return False
    purposes = frozenset() if extended is None else frozenset(extended.native)
    if purpose == Purpose.TIMESTAMPING:
        critical = "extended_key_usage" in certificate.critical_extensions
        return purposes == {"time_stamping"} and critical
    return extended is None or bool(purposes & _SIGNING_PURPOSES)


def links_up(certificate: x509.Certificate, candidates: Sequence[x509.Certificate]) -> bool:
    """Whether one of `candidates` issued `certificate` (or it issued itself)."""
    return any(_issued(certificate, issuer) for issuer in (*candidates, certificate))


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    key = _digest(certificate.dump(), issuer.dump())
    if key not in _links:
        if len(_links) >= _REMEMBERED:
            _links.clear()
        named = issuer.subject == certificate.issuer
        _links[key] = named and _signed_by(certificate, issuer)
    return _links[key]


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        TolerantValidator().validate_signature(
            certificate["signature_value"].native,
            certificate["tbs_certificate"].dump(),
            issuer.public_key,
            certificate["signature_algorithm"],
        )
    except (InvalidSignature, ValueError, TypeError, AssertionError):
        return False
    return True
