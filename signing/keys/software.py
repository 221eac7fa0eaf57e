"""A key held in memory: loaded once, used for every signature. For demonstration."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

from asn1crypto import algos, core, pem, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from signing import private_files
from signing.errors import KeyStoreError
from signing.keys.protocol import Algorithm

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_MAX_FILE: Final = 64 * 1024
_CURVES: Final[dict[str, str]] = {"secp256r1": "sha256", "secp384r1": "sha384"}
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
}


class SoftwareKey:
    """A SigningKey over a private key object of `cryptography`."""

    def __init__(
        self, private: PrivateKey, certificate: bytes, chain: Sequence[bytes] = ()
    ) -> None:
        self.certificate = x509.Certificate.load(certificate)
        self.chain = tuple(x509.Certificate.load(issuer) for issuer in chain)
        self.algorithm, self._sign = _signer(private)

    @cached_property
    def key_id(self) -> str:
        """Hex SHA-256 of the certificate."""
        return hashlib.sha256(self.certificate.dump()).hexdigest()

    def sign(self, data: bytes) -> bytes:
        """DER ECDSA-Sig-Value or PKCS #1 v1.5 signature over `data`."""
        return self._sign(data)


def _signer(private: PrivateKey) -> tuple[Algorithm, Callable[[bytes], bytes]]:
    if isinstance(private, rsa.RSAPrivateKey):
        scheme, digest = padding.PKCS1v15(), _HASHES["sha256"]
        algorithm = _algorithm("sha256_rsa", "sha256", core.Null(), private.key_size // 8)
        return algorithm, lambda data: private.sign(data, scheme, digest)
    name = _CURVES.get(private.curve.name)
    if name is None:
        raise KeyStoreError("", f"curve {private.curve.name} is not one of {', '.join(_CURVES)}")
    method = ec.ECDSA(_HASHES[name])
    size = 2 * (private.key_size // 8) + 9
    return _algorithm(f"{name}_ecdsa", name, None, size), lambda data: private.sign(data, method)


def _algorithm(name: str, digest: str, parameters: core.Null | None, size: int) -> Algorithm:
    fields = {"algorithm": name} if parameters is None else {
        "algorithm": name, "parameters": parameters
    }  # fmt: skip
    return Algorithm(name, digest, algos.SignedDigestAlgorithm(fields).dump(), size)


def load(key_file: Path, certificate_file: Path, passphrase: bytes) -> SoftwareKey:
    """Read an encrypted PKCS#8 key (mode 0600) and a PEM file: its certificate, then its issuers.

    Raises KeyStoreError if either is missing, unreadable, or they do not belong together.
    """
    try:
        private = load_pem_private_key(private_files.read(key_file, _MAX_FILE), passphrase)
        found = [der for _, _, der in pem.unarmor(certificate_file.read_bytes(), multiple=True)]
    except FileNotFoundError as error:
        raise KeyStoreError(str(error.filename), "is missing: make the keys first") from None
    except (ValueError, TypeError):
        raise KeyStoreError(str(key_file), "does not open: passphrase or file is wrong") from None
    if not isinstance(private, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise KeyStoreError(str(key_file), "is neither an RSA nor an elliptic-curve key")
    key = SoftwareKey(private, found[0], found[1:])
    if _public_der(private) != key.certificate.public_key.dump():
        raise KeyStoreError(str(certificate_file), "belongs to another key")
    return key


def _public_der(private: PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
