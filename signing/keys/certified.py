"""What every key has whoever holds its private half: certificate, issuers, algorithm."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from asn1crypto import algos, core, keys, x509
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator

from signing.errors import KeyStoreError
from signing.keys.protocol import Algorithm

CURVES: Final[dict[str, str]] = {"secp256r1": "sha256", "secp384r1": "sha384"}
"""Curves with the hash of their strength."""
_SMALLEST_RSA: Final = 2048
"""Bits; what is smaller is no longer taken (ETSI TS 119 312)."""


class CertifiedKey:
    """The part of a SigningKey that its certificate tells."""

    def __init__(self, certificate: bytes, chain: Sequence[bytes] = ()) -> None:
        """KeyStoreError for a key of a kind that is not used here."""
        self.certificate = x509.Certificate.load(certificate)
        self.chain = tuple(x509.Certificate.load(issuer) for issuer in chain)
        self.algorithm = algorithm_of(self.certificate.public_key)

    @cached_property
    def key_id(self) -> str:
        """Hex SHA-256 of the certificate."""
        return hashlib.sha256(self.certificate.dump()).hexdigest()

    def made(self, signature: bytes, data: bytes) -> bool:
        """Whether a signature over `data` is this key's: asked of keys that others hold."""
        try:
            DefaultSignatureValidator().validate_signature(
                signature,
                data,
                self.certificate.public_key,
                algos.SignedDigestAlgorithm.load(self.algorithm.identifier),
            )
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


def algorithm_of(public: keys.PublicKeyInfo) -> Algorithm:
    """How a key of that kind signs. KeyStoreError for one of another kind."""
    if public.algorithm == "rsa" and public.bit_size >= _SMALLEST_RSA:
        # RFC 8017: NULL parameters for PKCS #1 v1.5.
        return _algorithm("sha256_rsa", "sha256", public.bit_size // 8, core.Null())
    if public.algorithm == "ed25519":
        # RFC 8419, 2.3 and 3.1: the message digest of signed attributes is SHA-512.
        return _algorithm("ed25519", "sha512", 64)
    if public.algorithm == "ec" and (digest := CURVES.get(str(public.curve[1]))):
        return _algorithm(f"{digest}_ecdsa", digest, 2 * (public.bit_size // 8) + 9)
    known = f"RSA from {_SMALLEST_RSA} bits, {', '.join(CURVES)}, Ed25519"
    raise KeyStoreError("", f"a key of kind {public.algorithm} is not one of {known}")


def _algorithm(name: str, digest: str, size: int, parameters: core.Null | None = None) -> Algorithm:
    fields: dict[str, object] = {"algorithm": name}
    if parameters is not None:
        fields["parameters"] = parameters
    return Algorithm(name, digest, algos.SignedDigestAlgorithm(fields).dump(), size)
