"""Passwords, authenticators and passphrases of the demonstration, all from one secret.

The secret is made once and kept with the data, so that each start prints the same logins.
"""

import base64
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from signing import private_files

FILE = "demonstration.key"
SECRET_BYTES = 32
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Characters that are not mistaken for others."""

PASSWORD_GROUPS, PASSPHRASE_GROUPS, GROUP = 3, 5, 4
"""Groups of four characters: 59 bits for a password, 99 for a passphrase."""


@dataclass(frozen=True)
class DemoSecrets:
    root: bytes = field(repr=False)

    @classmethod
    def of(cls, data: Path) -> Self:
        """Those of a data folder; the secret is made if there is none."""
        path = data / FILE
        if not path.exists():
            private_files.write_new(path, os.urandom(SECRET_BYTES))
        return cls(path.read_bytes())

    def password(self, login: str) -> str:
        return self._words("password", login, PASSWORD_GROUPS)

    def passphrase(self, login: str) -> str:
        """For the opening key that the login made."""
        return self._words("passphrase", login, PASSPHRASE_GROUPS)

    def authenticator(self, login: str) -> str:
        """RFC 6238 secret: 160 bits in base 32."""
        return base64.b32encode(self._derived("authenticator", login)[:20]).decode()

    def _derived(self, use: str, login: str) -> bytes:
        return hmac.digest(self.root, f"{use}\0{login}".encode(), "sha256")

    def _words(self, use: str, login: str, groups: int) -> str:
        letters = [ALPHABET[byte % len(ALPHABET)] for byte in self._derived(use, login)]
        return "-".join(
            "".join(letters[place * GROUP : (place + 1) * GROUP]) for place in range(groups)
        )
