"""CMS signatures (RFC 5652) in one canonical form, written and read back byte for byte.

Everything but digest, signature value and time-stamp is the same for every signature of a key, so
it is encoded once. No byte of the result is free: what the signature does not protect is bound by
the signed attributes (RFC 5035 for the certificates, RFC 6211 for the algorithms) or has only one
encoding, and `canonical` says whether a value is in that form. A reader can therefore hold a
changed byte against the file wherever it stands.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from asn1crypto import algos, cms, core, tsp, x509

from signing.gm.algorithms import SM3, SM3_NAME, digest_name, sm3
from signing.keys.protocol import SigningKey, sign_with

SEQUENCE: Final = 0x30
SET: Final = 0x31
_OCTETS: Final = 0x04
_CONTEXT_0: Final = 0xA0
_CONTEXT_1: Final = 0xA1
_VERSION_1: Final = b"\x02\x01\x01"
_VERSION_3: Final = b"\x02\x01\x03"

DATA: Final = "1.2.840.113549.1.7.1"
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_ALGORITHM_PROTECTION: Final = "1.2.840.113549.1.9.52"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_TIMESTAMP_TOKEN: Final = "1.2.840.113549.1.9.16.2.14"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER element of that tag around `parts`."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


@lru_cache(maxsize=64)
def oid(dotted: str) -> bytes:
    """DER of an object identifier."""
    return bytes(core.ObjectIdentifier(dotted).dump())


@lru_cache(maxsize=8)
def digest_identifier(name: str) -> bytes:
    """DER of a hash's AlgorithmIdentifier, parameters absent (RFC 5754, 2)."""
    return tlv(SEQUENCE, oid(SM3 if name == SM3_NAME else algos.DigestAlgorithmId.unmap(name)))


def set_of(items: Sequence[bytes]) -> bytes:
    """Content of a SET OF in DER order (X.690, 11.6)."""
    return b"".join(sorted(items))


class CmsSigner:
    """Makes SignedData with one key."""

    def __init__(self, key: SigningKey, *, content_type: str = DATA) -> None:
        self._key = key
        self._content_type = content_type
        self._certificates = [item.dump() for item in (key.certificate, *key.chain)]
        self._digest = digest_identifier(key.algorithm.digest)
        self._fixed = self._fixed_attributes()

    @property
    def digest(self) -> str:
        """Name of the hash for the content."""
        return self._key.algorithm.digest

    @property
    def longest(self) -> int:
        """Bytes that a signature without time-stamp has at most."""
        signature = self._key.algorithm.size
        return sum(map(len, self._certificates)) + sum(map(len, self._fixed)) + signature + 512

    def sign(
        self,
        digest: bytes,
        *,
        content: bytes | None = None,
        with_certificates: bool = True,
        timestamp: Callable[[bytes], bytes] | None = None,
        document: Callable[[], bytes] | None = None,
    ) -> bytes:
        """DER of a ContentInfo that signs content with that digest.

        `content` is embedded if given; only a time-stamp token may come without certificates.
        `timestamp` gets the signature value and gives the DER of a token over it (PAdES B-T).
        `document` gives the file that it is about to a key whose holder wants to see it.
        """
        message = _attribute(_MESSAGE_DIGEST, tlv(_OCTETS, digest))
        attributes = set_of([*self._fixed, message])
        signature = sign_with(self._key, tlv(SET, attributes), document)
        token = timestamp(signature) if timestamp else None
        signer = _signer_info(
            _identifier(self._key.certificate),
            self._digest,
            attributes,
            self._key.algorithm.identifier,
            signature,
            token,
        )
        certificates = self._certificates if with_certificates else []
        return _signed_data(self._content_type, self._digest, content, certificates, signer)

    def _fixed_attributes(self) -> list[bytes]:
        """The signed attributes that do not depend on what is signed."""
        identifiers = [_certificate_identifier(item, self.digest) for item in self._certificates]
        protection = tlv(
            SEQUENCE, self._digest, tlv(_CONTEXT_1, _content_of(self._key.algorithm.identifier))
        )
        return [
            _attribute(_CONTENT_TYPE, oid(self._content_type)),
            _attribute(_SIGNING_CERTIFICATE_V2, tlv(SEQUENCE, tlv(SEQUENCE, *identifiers))),
            _attribute(_ALGORITHM_PROTECTION, protection),
        ]


def _attribute(kind: str, value: bytes) -> bytes:
    return tlv(SEQUENCE, oid(kind), tlv(SET, value))


def _content_of(element: bytes) -> bytes:
    """An element without its tag and length (both at most two bytes)."""
    return element[2:]


def _certificate_identifier(certificate: bytes, digest: str) -> bytes:
    """ESSCertIDv2 with SHA-256, the default, which DER leaves out (RFC 5035, 4); or with SM3."""
    if digest == SM3_NAME:
        return tlv(SEQUENCE, digest_identifier(digest), tlv(_OCTETS, sm3(certificate)))
    return tlv(SEQUENCE, tlv(_OCTETS, hashlib.sha256(certificate).digest()))


def _identifier(certificate: x509.Certificate) -> bytes:
    """IssuerAndSerialNumber."""
    serial = core.Integer(certificate.serial_number).dump()
    return tlv(SEQUENCE, certificate.issuer.dump(), serial)


def _signer_info(
    identifier: bytes,
    digest: bytes,
    attributes: bytes,
    algorithm: bytes,
    signature: bytes,
    token: bytes | None,
) -> bytes:
    parts = [_VERSION_1, identifier, digest, tlv(_CONTEXT_0, attributes), algorithm]
    parts.append(tlv(_OCTETS, signature))
    if token is not None:
        parts.append(tlv(_CONTEXT_1, _attribute(_TIMESTAMP_TOKEN, token)))
    return tlv(SEQUENCE, *parts)


def _signed_data(
    content_type: str,
    digest: bytes,
    content: bytes | None,
    certificates: Sequence[bytes],
    signer: bytes,
) -> bytes:
    version = _VERSION_1 if content_type == DATA else _VERSION_3
    embedded = tlv(_CONTEXT_0, tlv(_OCTETS, content)) if content is not None else b""
    body = tlv(
        SEQUENCE,
        version,
        tlv(SET, digest),
        tlv(SEQUENCE, oid(content_type), embedded),
        tlv(_CONTEXT_0, *certificates) if certificates else b"",
        tlv(SET, signer),
    )
    return tlv(SEQUENCE, oid(SIGNED_DATA), tlv(_CONTEXT_0, body))


def canonical(der: bytes) -> bool:
    """Whether a ContentInfo is, byte for byte, what `CmsSigner.sign` writes for its own parts.

    What is compared with nothing here (signature value, signed attributes, certificates, token) is
    protected by the signature, by the attribute that names the certificates, or by the token's own.
    """
    signed = cms.ContentInfo.load(der, strict=True)["content"]
    info = signed["signer_infos"][0]
    certificates = [item.dump() for item in signed["certificates"]]
    named = _named_certificates(info["signed_attrs"])
    name = digest_name(info["digest_algorithm"])
    if named != [_certificate_identifier(item, name) for item in certificates]:
        return False
    digest = digest_identifier(name)
    algorithm = _protected_algorithm(info["signed_attrs"])
    return der == _rebuilt(signed, certificates, digest, algorithm)


def plain(der: bytes, certificate: x509.Certificate) -> bool:
    """Whether a token has but one signer, DER without additions, and nothing loose in its header.

    What nobody's signature protects then has one possible value. `certificate` is the signer's.
    """
    signed = cms.ContentInfo.load(der, strict=True)["content"]
    info = signed["signer_infos"][0]
    digest, algorithm = info["digest_algorithm"], info["signature_algorithm"]
    if not isinstance(digest["parameters"], (core.Void, core.Null)) or not isinstance(
        algorithm["parameters"], (core.Void, core.Null, algos.RSASSAPSSParams)
    ):
        return False
    certificates = [item.dump() for item in signed["certificates"]]
    identifier = _identifier(certificate)
    rebuilt = _rebuilt(signed, certificates, digest.dump(), algorithm.dump(), identifier)
    return not len(info["unsigned_attrs"]) and der == rebuilt


def _rebuilt(
    signed: cms.SignedData,
    certificates: Sequence[bytes],
    digest: bytes,
    algorithm: bytes,
    identifier: bytes | None = None,
) -> bytes:
    """A ContentInfo in DER of the parts of `signed` that something protects, and of these."""
    info = signed["signer_infos"][0]
    unsigned = info["unsigned_attrs"]
    token = unsigned[0]["values"][0].dump() if len(unsigned) else None
    identifier = identifier or _identifier(x509.Certificate.load(certificates[0]))
    attributes = set_of([attribute.dump() for attribute in info["signed_attrs"]])
    signature = info["signature"].native
    signer = _signer_info(identifier, digest, attributes, algorithm, signature, token)
    embedded = signed["encap_content_info"]
    content = embedded["content"]
    kind = embedded["content_type"].dotted
    value = content.contents if content.native is not None else None
    return _signed_data(kind, digest, value, certificates, signer)


def _named_certificates(attributes: cms.CMSAttributes) -> list[bytes]:
    for attribute in attributes:
        if attribute["type"].dotted == _SIGNING_CERTIFICATE_V2:
            value = tsp.SigningCertificateV2.load(attribute["values"][0].dump())
            return [item.dump() for item in value["certs"]]
    return []


def _protected_algorithm(attributes: cms.CMSAttributes) -> bytes:
    for attribute in attributes:
        if attribute["type"].dotted == _ALGORITHM_PROTECTION:
            algorithm = attribute["values"][0]["signature_algorithm"]
            return tlv(SEQUENCE, algorithm.contents)
    return b""
