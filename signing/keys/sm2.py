"""An SM2 key held in memory (国密). For demonstration, as every key of software."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from asn1crypto import algos, pem, x509

from signing import private_files
from signing.errors import KeyStoreError
from signing.gm import pkcs8
from signing.gm.algorithms import (
    LONGEST_SIGNATURE,
    SM2_WITH_SM3,
    SM3_NAME,
    Sm2Pair,
    on_sm2,
    verifies,
)
from signing.keys.protocol import Algorithm

_MAX_FILE: Final = 64 * 1024
_IDENTIFIER: Final = bytes(algos.SignedDigestAlgorithm({"algorithm": SM2_WITH_SM3}).dump())
ALGORITHM: Final = Algorithm("sm2_sm3", SM3_NAME, _IDENTIFIER, LONGEST_SIGNATURE)


class Sm2Key:
    """A SigningKey over an SM2 key."""

    def __init__(self, pair: Sm2Pair, certificate: bytes, chain: Sequence[bytes] = ()) -> None:
        self._pair = pair
        self.certificate = x509.Certificate.load(certificate)
        self.chain = tuple(x509.Certificate.load(issuer) for issuer in chain)
        self.algorithm = ALGORITHM

    @cached_property
    def key_id(self) -> str:
        """Hex SHA-256 of the certificate."""
        return hashlib.sha256(self.certificate.dump()).hexdigest()

    def sign(self, data: bytes) -> bytes:
        """DER of r and s over `data`, which is hashed here with the signer's identity."""
        return self._pair.sign(data)


def speaks_for_sm2(certificate_file: Path) -> bool:
    """Whether a PEM file begins with the certificate of an SM2 key. False if it cannot be read."""
    try:
        _, _, der = pem.unarmor(certificate_file.read_bytes()[:_MAX_FILE])
        return on_sm2(x509.Certificate.load(der).public_key)
    except (OSError, ValueError, TypeError):
        return False


def load(key_file: Path, certificate_file: Path, passphrase: bytes) -> Sm2Key:
    """Read an encrypted key (mode 0600) and a PEM file: its certificate, then its issuers.

    Raises KeyStoreError if either is missing, unreadable, or they do not belong together.
    """
    try:
        pair = pkcs8.unlock(private_files.read(key_file, _MAX_FILE), passphrase)
        found = [der for _, _, der in pem.unarmor(certificate_file.read_bytes(), multiple=True)]
    except FileNotFoundError as error:
        raise KeyStoreError(str(error.filename), "is missing: make the keys first") from None
    except ValueError:
        raise KeyStoreError(str(key_file), "does not open: passphrase or file is wrong") from None
    key = Sm2Key(pair, found[0], found[1:])
    # The public half in the file is nobody's word: the private one must fit the certificate.
    if not verifies(key.certificate.public_key, b"trial", key.sign(b"trial")):
        raise KeyStoreError(str(certificate_file), "belongs to another key")
    return key
