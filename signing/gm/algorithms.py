"""SM2 and SM3 with their identifiers (GM/T 0006), and what is told apart by them.

asn1crypto knows none of these identifiers, and its maps belong to everybody: they stay as they are.
It reads and writes an unknown identifier as its dotted number, and so do we. SM2 is GmSSL's
(gmssl-pyx); SM3 is OpenSSL's (cryptography), which takes data in parts.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

from asn1crypto import algos, core, keys, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from gmssl_pyx import (
    SM2_DEFAULT_SIGNER_ID,
    GmsslInnerError,
    normalize_sm2_public_key,
    sm2_key_generate,
    sm2_sign_sm3_digest,
    sm2_verify_sm3_digest,
)

SM3_NAME: Final = "sm3"
SM3: Final = "1.2.156.10197.1.401"
SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
SM2_CURVE: Final = "1.2.156.10197.1.301"
GBT_35275: Final = "1.2.156.10197.6.1.4.2."
"""Arc of the content types of GB/T 35275, which stand where RFC 5652 has those of PKCS #7."""
SIGNER_ID: Final = SM2_DEFAULT_SIGNER_ID
"""The signer's identity within the hash (GB/T 32918.2, 5.5), where none was agreed (GM/T 0009)."""
LONGEST_SIGNATURE: Final = 72
"""Bytes of a DER SEQUENCE of two integers below the order."""
_CURVE: Final = bytes.fromhex(
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)
"""a, b and the base point of the curve (GB/T 32918.5)."""
UNCOMPRESSED: Final = b"\x04"
"""What stands before x ‖ y in an encoded point (GB/T 32918.1)."""


@dataclass(frozen=True, slots=True)
class Sm2Pair:
    """An SM2 key."""

    private: bytes = field(repr=False)
    """32 bytes."""
    public: bytes
    """The point, x ‖ y, 64 bytes."""

    @classmethod
    def generate(cls) -> Self:
        """A fresh key."""
        public, private = sm2_key_generate()
        return cls(private, public)

    def sign(self, data: bytes) -> bytes:
        """SM2 with SM3 over `data`: DER of r and s (GM/T 0009, 7.3)."""
        return bytes(sm2_sign_sm3_digest(self.private, sm3(_identity(self.public), data)))


def sm3(*parts: bytes | memoryview) -> bytes:
    """Hash of the parts, one after the other."""
    hashed = hashes.Hash(hashes.SM3())
    for part in parts:
        hashed.update(part)
    return hashed.finalize()


@lru_cache(maxsize=64)
def _identity(public: bytes) -> bytes:
    """Z, the hash of signer, curve and key that goes before the data (GB/T 32918.2, 5.5).

    GmSSL would hash it in by itself, but draws random numbers for 32 signatures each time, which
    takes twenty times as long as the one that is wanted.
    """
    bits = (8 * len(SIGNER_ID)).to_bytes(2, "big")
    return sm3(bits, SIGNER_ID, _CURVE, public)


def verifies(key: keys.PublicKeyInfo, data: bytes, signature: bytes) -> bool:
    """Whether that is an SM2 signature with SM3 over `data`, in DER, by that key."""
    try:
        if encode_dss_signature(*decode_dss_signature(signature)) != signature:
            return False
        public = point_of(key)
        return bool(sm2_verify_sm3_digest(public, sm3(_identity(public), data), signature))
    except (ValueError, TypeError, KeyError, GmsslInnerError):
        return False


def point_of(key: keys.PublicKeyInfo) -> bytes:
    """The 64 bytes of an SM2 public key; ValueError if it is none, or not on the curve."""
    if not on_sm2(key):
        raise ValueError("not an SM2 key")
    try:
        return bytes(normalize_sm2_public_key(key["public_key"].native))
    except GmsslInnerError:
        raise ValueError("not a point of the curve") from None


def on_sm2(key: keys.PublicKeyInfo) -> bool:
    """Whether a public key names the SM2 curve."""
    algorithm = key["algorithm"]
    if algorithm["algorithm"].native != "ec":
        return False
    parameters = algorithm["parameters"]
    return bool(parameters.name == "named" and parameters.chosen.dotted == SM2_CURVE)


def public_key_info(point: bytes) -> keys.PublicKeyInfo:
    """SubjectPublicKeyInfo as GM/T 0015 has it: an elliptic-curve key on the named curve."""
    curve = keys.ECDomainParameters(name="named", value=keys.NamedCurve(SM2_CURVE))
    return keys.PublicKeyInfo(
        {
            "algorithm": {"algorithm": "ec", "parameters": curve},
            "public_key": keys.ECPointBitString(UNCOMPRESSED + point),
        }
    )


def is_sm2(identifier: algos.SignedDigestAlgorithm) -> bool:
    """Whether a signature algorithm is SM2 with SM3."""
    return bool(identifier["algorithm"].dotted == SM2_WITH_SM3)


def digest_name(identifier: algos.DigestAlgorithm) -> str:
    """Name of a hash; the dotted number of one that neither we nor asn1crypto know."""
    kind = identifier["algorithm"]
    return SM3_NAME if kind.dotted == SM3 else str(kind.native)


def means(name: core.Asn1Value, certificate: x509.Certificate) -> bool | None:
    """Whether an ESSCertIDv2 (RFC 5035) means that certificate; None if its hash is not SM3."""
    if not isinstance(name, tsp.ESSCertIDv2) or digest_name(name["hash_algorithm"]) != SM3_NAME:
        return None
    if name["cert_hash"].native != sm3(certificate.dump()):
        return False
    stated = name["issuer_serial"]
    if isinstance(stated, core.Void):
        return True
    issuer = x509.GeneralNames([x509.GeneralName("directory_name", certificate.issuer)])
    same = stated["issuer"].dump() == issuer.dump()
    return bool(same and stated["serial_number"].native == certificate.serial_number)
