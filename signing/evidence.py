"""What one signature value (CMS) holds, read and held against the rules of its profile.

Independent of pyHanko's own reading: the digest is computed here over the byte ranges found by our
own parser, and the encoding is held to what RFC 5652 and ETSI EN 319 142-1 say.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from asn1crypto import algos, cms, core, crl, keys, tsp, x509
from pyhanko.sign.general import check_ess_certid

from signing.chain import is_known_signature_algorithm
from signing.cms import SIGNED_DATA, canonical
from signing.gm.algorithms import GBT_35275, SM3_NAME, digest_name, is_sm2, means, sm3, verifies
from signing.levels import PROFILE_KEY, Level
from signing.parsing.sites import Site
from signing.parsing.syntax import Name, Text

WEAK_HASHES: Final = frozenset({"md2", "md5", "sha1"})
BAD_ASN1: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError)
"""What asn1crypto raises, lazily, on bytes that are not what they should be."""
_HASHES: Final = frozenset({
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384",
    "sha3_512", SM3_NAME,
})  # fmt: skip
_FORMATS: Final = frozenset({"adbe.pkcs7.detached", "ETSI.CAdES.detached", "ETSI.RFC3161"})
_SIGNATURE_OIDS: Final = frozenset(algos.SignedDigestAlgorithmId._map)
"""Identifiers of signature algorithms; none of them is a hash."""
_OTHER_OIDS: Final = frozenset({*algos.DigestAlgorithmId._map, *keys.NamedCurve._map})
"""Identifiers of hashes and curves; none of them is a signature algorithm."""
_PDF_MAC: Final = "1.0.32004.1.2"
"""ISO/TS 32004: a MAC of encrypted files, for holders of their password; it proves nothing here."""
_TOKEN: Final = "signature_time_stamp_token"
_LEVELS: Final = frozenset(map(str, Level))


@dataclass(frozen=True, slots=True)
class Parts:
    """A SignedData with its only signer."""

    signed: cms.SignedData
    signer: cms.SignerInfo
    certificate: x509.Certificate
    """The signer's."""
    others: Sequence[x509.Certificate]
    """Certificates in the signature besides the signer's."""
    lists: Sequence[bytes]
    """DER of revocation lists in the signature."""


@dataclass(slots=True)
class Evidence:
    """One signature of a file, taken apart."""

    site: Site
    parts: Parts | None = None
    """None where the value could not be read."""
    token: bytes | None = None
    """DER of the signature time-stamp."""
    faults: list[str] = field(default_factory=list)
    """Codes of checks that ran and failed."""
    unsupported: list[str] = field(default_factory=list)
    """What we lack the means to check (format, hash, algorithm)."""
    reservations: list[str] = field(default_factory=list)
    """Codes of what stands in the way of a full pass without being a fault."""
    by_one_reader: bool = False
    """Whether the signature value was checked here, since pyHanko cannot check that kind."""

    @property
    def declared(self) -> Level | None:
        """The level that a letter of this platform says of itself, under its own signature."""
        value = self.site.dictionary.get(PROFILE_KEY)
        name = str(value) if isinstance(value, Name) else ""
        return Level(name) if name in _LEVELS else None

    @property
    def claimed(self) -> datetime | None:
        """The time that the signer claims (/M)."""
        value = self.site.dictionary.get("M")
        return claimed_time(value.text) if isinstance(value, Text) else None


class _OtherFormat(ValueError):
    """A signature value in a format that we do not read: that is not held against it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def read_evidence(data: bytes, site: Site) -> Evidence:
    """Take a signature apart. Never raises; what is wrong is among the faults."""
    evidence = Evidence(site, faults=list(site.faults))
    if not site.cms:
        return evidence
    if site.subfilter not in _FORMATS:
        evidence.unsupported.append(site.subfilter or "SubFilter")
    try:
        parts = read_parts(site.cms)
        evidence.parts = parts
        _check_digest(evidence, parts, data)
        _check_attributes(evidence, parts)
        _check_profile_of_algorithms(evidence, parts)
        _check_unsigned(evidence, parts)
        _check_profile(evidence)
    except _OtherFormat as other:
        evidence.unsupported.append(other.name)
    except BAD_ASN1:
        evidence.faults.append("cms")
    return evidence


def read_parts(der: bytes) -> Parts:
    """Take a ContentInfo apart. Raises one of BAD_ASN1."""
    content = cms.ContentInfo.load(der, strict=True)
    if content["content_type"].dotted.startswith(GBT_35275):
        raise _OtherFormat("GB/T 35275")
    if content["content_type"].dotted != SIGNED_DATA:
        raise ValueError("content type")
    signed = content["content"]
    infos = signed["signer_infos"]
    if len(infos) != 1:
        raise ValueError("signer infos")
    certificates = [
        item.chosen for item in items(signed["certificates"]) if item.name == "certificate"
    ]
    identifier = infos[0]["sid"]
    matching = [item for item in certificates if _identifies(identifier, item)]
    if not matching:
        raise ValueError("signer's certificate")
    lists = [item.chosen for item in items(signed["crls"])]
    return Parts(
        signed=signed,
        signer=infos[0],
        certificate=matching[0],
        others=[item for item in certificates if item is not matching[0]],
        lists=[item.dump() for item in lists if isinstance(item, crl.CertificateList)],
    )


def items(value: core.Asn1Value) -> Sequence[core.Asn1Value]:
    """Elements of an optional SET OF or SEQUENCE OF."""
    return [] if isinstance(value, core.Void) else list(value)


def _identifies(identifier: cms.SignerIdentifier, certificate: x509.Certificate) -> bool:
    if identifier.name == "issuer_and_serial_number":
        chosen = identifier.chosen
        if chosen["serial_number"].native != certificate.serial_number:
            return False
        same = chosen["issuer"].dump() == certificate.issuer.dump()
        return bool(same or chosen["issuer"] == certificate.issuer)
    return bool(identifier.chosen.native == certificate.key_identifier)


def _check_digest(evidence: Evidence, parts: Parts, data: bytes) -> None:
    """The hash over the byte ranges is what was signed (12.8.3.3.1; for time-stamps 12.8.5)."""
    name, expected = _signed_digest(evidence, parts)
    if name not in _HASHES:
        _lacking(evidence, name, _SIGNATURE_OIDS)
        return
    (start, end), stop = evidence.site.gap, evidence.site.end
    view = memoryview(data)
    hashed = _hash(name, view[:start], view[end:stop])
    if expected is None:
        evidence.unsupported.append("no signed attributes")
    elif hashed != expected:
        evidence.faults.append("digest")
    if name in WEAK_HASHES:
        evidence.reservations.append("weak_digest")


def _hash(name: str, *parts: memoryview) -> bytes:
    if name == SM3_NAME:  # Python's OpenSSL need not have it
        return sm3(*parts)
    hashed = hashlib.new(name, usedforsecurity=False)
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def _lacking(evidence: Evidence, name: str, misplaced: frozenset[str]) -> None:
    """An algorithm we lack is not held against a file; one that is of another kind is."""
    if name in misplaced:
        evidence.faults.append("misplaced_algorithm")
    else:
        evidence.unsupported.append(name)


def _signed_digest(evidence: Evidence, parts: Parts) -> tuple[str, object]:
    """Name and value of the hash of the file that the signature is about."""
    content = parts.signed["encap_content_info"]["content"]
    if not evidence.site.is_timestamp:
        if content.native is not None and evidence.site.subfilter in _FORMATS:
            evidence.faults.append("embedded")
        name = digest_name(parts.signer["digest_algorithm"])
        return name, _attribute(parts.signer, "message_digest")
    info = content.parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TypeError("TSTInfo")
    imprint = info["message_imprint"]
    return digest_name(imprint["hash_algorithm"]), imprint["hashed_message"].native


def _attribute(signer: cms.SignerInfo, name: str) -> object:
    """Native value of a signed attribute that must stand there once; None without any."""
    found = [item for item in items(signer["signed_attrs"]) if item["type"].native == name]
    if not found:
        return None
    if len(found) != 1 or len(found[0]["values"]) != 1:
        raise ValueError(name)
    return found[0]["values"][0].native


def _check_attributes(evidence: Evidence, parts: Parts) -> None:
    algorithm = parts.signer["signature_algorithm"]
    if not is_known_signature_algorithm(algorithm):
        _lacking(evidence, algorithm["algorithm"].dotted, _OTHER_OIDS)
    attributes = items(parts.signer["signed_attrs"])
    encoded = [item.dump() for item in attributes]
    if encoded != sorted(encoded):
        evidence.faults.append("attribute_order")
    if evidence.site.subfilter == "ETSI.CAdES.detached" and not attributes:
        evidence.faults.append("no_attributes")
    if not names_signer(parts):
        evidence.faults.append("other_certificate")


def _check_profile_of_algorithms(evidence: Evidence, parts: Parts) -> None:
    """SM2 is checked here: the other reader has no means to. SM2 and SM3 belong together."""
    signer = parts.signer
    by_sm3 = digest_name(signer["digest_algorithm"]) == SM3_NAME
    if not is_sm2(signer["signature_algorithm"]):
        if by_sm3:
            evidence.unsupported.append("SM3")
        return
    if not by_sm3:
        evidence.reservations.append("mixed_algorithms")
    evidence.by_one_reader = True
    if evidence.site.is_timestamp:
        evidence.unsupported.append("SM2 DocTimeStamp")
        return
    signed = signer["signed_attrs"]
    if isinstance(signed, core.Void):
        return  # reported already
    if not verifies(
        parts.certificate.public_key, signed.untag().dump(), signer["signature"].native
    ):
        evidence.faults.append("signature")


def names_signer(parts: Parts, *, all_named: bool = False) -> bool:
    """Whether the signing-certificate attributes, if any, mean the signer's (RFC 5035, 4).

    With `all_named`, where one names further certificates, those that came along must be among
    them, as in what we make ourselves.
    """
    kinds = {
        "signing_certificate_v2": tsp.SigningCertificateV2,
        "signing_certificate": tsp.SigningCertificate,
    }
    for item in items(parts.signer["signed_attrs"]):
        kind = kinds.get(item["type"].native)
        if kind is None:
            continue
        first, *more = kind.load(item["values"][0].dump())["certs"]
        if not _means(parts.certificate, first):
            return False
        if all_named and more and not all(_is_named(other, more) for other in parts.others):
            return False
    return True


def _is_named(certificate: x509.Certificate, names: Sequence[core.Asn1Value]) -> bool:
    return any(_means(certificate, name) for name in names)


def _means(certificate: x509.Certificate, name: core.Asn1Value) -> bool:
    by_sm3 = means(name, certificate)
    return bool(check_ess_certid(certificate, name)) if by_sm3 is None else by_sm3


def _check_unsigned(evidence: Evidence, parts: Parts) -> None:
    """Unsigned attributes: EN 319 142-1, 5.3 allows the time-stamp only."""
    for item in items(parts.signer["unsigned_attrs"]):
        if item["type"].native == _TOKEN and len(item["values"]) == 1 and evidence.token is None:
            evidence.token = item["values"][0].dump()
        elif item["type"].dotted != _PDF_MAC:
            evidence.reservations.append("unsigned_attributes")


def _check_profile(evidence: Evidence) -> None:
    """A letter of ours has its level's time-stamp, and no byte in its signature is free."""
    level = evidence.declared
    if level is None:
        return
    if level != Level.B_B and evidence.token is None:
        evidence.faults.append("timestamp_removed")
    if not canonical(evidence.site.cms):
        evidence.faults.append("not_canonical")
    value = evidence.site.dictionary.get("Contents")
    if isinstance(value, Text) and value.raw != value.raw.lower():
        evidence.faults.append("hex")


def claimed_time(text: str) -> datetime | None:
    """A PDF date (7.9.4) such as D:20261122055744Z, or None if it is none."""
    stamp = text.removeprefix("D:").replace("'", "")
    zone = stamp[14:].replace("Z", "+0000")[:5] or "+0000"
    try:
        return datetime.strptime(stamp[:14] + zone, "%Y%m%d%H%M%S%z")
    except ValueError:
        return None
