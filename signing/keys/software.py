"""A key held in memory: loaded once, used for every signature. For demonstration."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, cast, get_args

from asn1crypto import pem
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from signing import private_files
from signing.errors import KeyStoreError
from signing.keys.certified import CertifiedKey

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_MAX_FILE: Final = 64 * 1024
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
}


class SoftwareKey(CertifiedKey):
    """A SigningKey over a private key object of `cryptography`."""

    def __init__(
        self, private: PrivateKey, certificate: bytes, chain: Sequence[bytes] = ()
    ) -> None:
        super().__init__(certificate, chain)
        self._sign = _signer(private, self.algorithm.digest)

    def sign(self, data: bytes) -> bytes:
        """DER ECDSA-Sig-Value, PKCS #1 v1.5 or Ed25519 signature over `data`."""
        return self._sign(data)


def _signer(private: PrivateKey, digest: str) -> Callable[[bytes], bytes]:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign
    if isinstance(private, rsa.RSAPrivateKey):
        scheme, hashed = padding.PKCS1v15(), _HASHES[digest]
        return lambda data: private.sign(data, scheme, hashed)
    method = ec.ECDSA(_HASHES[digest])
    return lambda data: private.sign(data, method)


def load(key_file: Path, certificate_file: Path, passphrase: bytes) -> SoftwareKey:
    """Read an encrypted PKCS#8 key (mode 0600) and a PEM file: its certificate, then its issuers.

    Raises KeyStoreError if either is missing, unreadable, or they do not belong together.
    """
    private = load_private(key_file, passphrase)
    key = SoftwareKey(private, *load_certificates(certificate_file))
    if _public_der(private) != key.certificate.public_key.dump():
        raise KeyStoreError(str(certificate_file), "belongs to another key")
    return key


def load_private(path: Path, passphrase: bytes) -> PrivateKey:
    """An encrypted PKCS#8 key. Raises KeyStoreError."""
    try:
        private: Any = load_pem_private_key(private_files.read(path, _MAX_FILE), passphrase)
    except FileNotFoundError:
        raise KeyStoreError(str(path), "is missing: make the keys first") from None
    except (ValueError, TypeError):
        raise KeyStoreError(str(path), "does not open: passphrase or file is wrong") from None
    if not isinstance(private, get_args(PrivateKey)):
        raise KeyStoreError(str(path), "is no RSA, elliptic-curve or Ed25519 key")
    return cast(PrivateKey, private)


def load_certificates(path: Path) -> tuple[bytes, list[bytes]]:
    """DER of a certificate and of its issuers, from a PEM file. Raises KeyStoreError."""
    try:
        content = path.read_bytes()[:_MAX_FILE]
        first, *issuers = [der for _, _, der in pem.unarmor(content, multiple=True)]
    except FileNotFoundError:
        raise KeyStoreError(str(path), "is missing: make the keys first") from None
    except (ValueError, TypeError):
        raise KeyStoreError(str(path), "holds no certificate") from None
    return first, issuers


def _public_der(private: PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
