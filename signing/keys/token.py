"""A key in a token or hardware module, through PKCS #11 2.40; the session is kept open.

Of the private key only its handle is here; every signature is checked against the certificate
before it is handed on.
"""

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import pkcs11
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11.constants import ObjectClass
from pkcs11.exceptions import (
    NoSuchKey,
    NoSuchToken,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    UserAlreadyLoggedIn,
)
from pkcs11.mechanisms import Mechanism

from signing import private_files
from signing.errors import KeyStoreError, KeyUnavailable
from signing.keys.certified import CertifiedKey
from signing.keys.software import load_certificates

_MAX_FILE: Final = 4096
_MECHANISMS: Final = {
    "sha256_rsa": Mechanism.SHA256_RSA_PKCS,
    # Many modules sign a digest only.
    "sha256_ecdsa": Mechanism.ECDSA,
    "sha384_ecdsa": Mechanism.ECDSA,
}
_REASONS: Final[dict[type[Exception], str]] = {
    NoSuchToken: "no_token",
    NoSuchKey: "no_key",
    PinExpired: "pin",
    PinIncorrect: "pin",
    PinInvalid: "pin",
    PinLenRange: "pin",
    PinLocked: "pin",
}


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Where a key lies."""

    module: str
    """Path of the vendor's library."""
    token: str
    """Label of the token."""
    key: str
    """Label of the private key (CKA_LABEL)."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a JSON file of these three fields. Raises KeyStoreError."""
        try:
            return cls(**json.loads(private_files.read(path, _MAX_FILE)))
        except (ValueError, TypeError):
            raise KeyStoreError(str(path), "must name module, token and key") from None


class TokenKey(CertifiedKey):
    """A SigningKey in a token. Safe to share between threads, which take turns."""

    def __init__(
        self, address: TokenAddress, pin: str, certificate: bytes, chain: list[bytes]
    ) -> None:
        """KeyStoreError for a kind of key that no token is asked for here."""
        super().__init__(certificate, chain)
        if self.algorithm.name not in _MECHANISMS:
            raise KeyStoreError("", f"no token is asked for {self.algorithm.name} here")
        self._address, self._pin = address, pin
        self._key: Any = None
        self._pin_refused = False
        self._lock = _lock_of(address.module)

    def sign(self, data: bytes) -> bytes:
        """DER ECDSA-Sig-Value or PKCS #1 v1.5 signature. Raises KeyUnavailable."""
        with self._lock:
            signature = self._kept(data)
        if not self.made(signature, data):
            raise KeyUnavailable("other_key")
        return signature

    def _kept(self, data: bytes) -> bytes:
        """In the session that is open; if it was lost, in a new one, then with a new start."""
        if self._pin_refused:  # one more try might lock the token
            raise KeyUnavailable("pin")
        failure = KeyUnavailable("lost")
        for prepare in (_go_on, _open_anew, _start_anew):
            try:
                prepare(self)
                return self._once(data)
            except (PKCS11Error, RuntimeError) as error:
                failure = KeyUnavailable(_reason(error), type(error).__name__)
                self._pin_refused = failure.reason == "pin"
                if self._pin_refused:
                    break
        raise failure

    def _once(self, data: bytes) -> bytes:
        if self._key is None:
            self._key = _find(self._address, self._pin)
        mechanism = _MECHANISMS[self.algorithm.name]
        if mechanism != Mechanism.ECDSA:
            return bytes(self._key.sign(data, mechanism=mechanism))
        digest = hashlib.new(self.algorithm.digest, data).digest()
        raw = bytes(self._key.sign(digest, mechanism=mechanism))
        half = len(raw) // 2
        first, second = (int.from_bytes(part, "big") for part in (raw[:half], raw[half:]))
        return encode_dss_signature(first, second)


@lru_cache(maxsize=32)
def _lock_of(module: str) -> threading.Lock:
    """One for all keys of a module: it must not be begun anew while another key signs."""
    del module
    return threading.Lock()


def _go_on(key: TokenKey) -> None:
    """Nothing to do."""


def _open_anew(key: TokenKey) -> None:
    key._key = None


def _start_anew(key: TokenKey) -> None:
    """The module may hold on to a slot that is gone. Other keys in it find new sessions too."""
    key._key = None
    pkcs11.lib(key._address.module).reinitialize()


def _find(address: TokenAddress, pin: str) -> Any:
    """The private key, in a session of its own. Raises PKCS11Error."""
    token: Any = pkcs11.lib(address.module).get_token(token_label=address.token)
    try:
        session = token.open(user_pin=pin)
    except UserAlreadyLoggedIn:  # by another key of this token
        session = token.open()
    return session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=address.key)


def _reason(error: Exception) -> str:
    return next((reason for kind, reason in _REASONS.items() if isinstance(error, kind)), "lost")


def load(directory: Path, name: str) -> TokenKey:
    """`<name>.token.json`, `<name>.pin` (both 0600) and `<name>.pem`. Raises KeyStoreError."""
    try:
        address = TokenAddress.read(directory / f"{name}.token.json")
        pin = private_files.read(directory / f"{name}.pin", _MAX_FILE).decode().strip()
    except FileNotFoundError as error:
        raise KeyStoreError(str(error.filename), "is missing") from None
    return TokenKey(address, pin, *load_certificates(directory / f"{name}.pem"))
