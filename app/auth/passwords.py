"""Passwords: Argon2id (RFC 9106), and what makes one too weak to take."""

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from app.text import _

TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 4
"""The second recommended option of RFC 9106 section 4: for servers that can't spare 2 GiB a login.
One verification takes about 0.13 s on the slow machines this runs on."""

AT_ONCE = 2
"""Verifications at a time; each holds MEMORY_KIB, and a flood of logins must not take it all."""

SHORTEST = 10
"""Characters. NIST SP 800-63B asks for 8 beside a second factor; two more cost nobody anything."""

LONGEST = 128
"""Characters; room for a sentence, and a bound for what has to be hashed."""

FEWEST_DIFFERENT = 5
"""Different characters: refuses 1111111111 and abababababab."""

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890", "abcdefghijklmnopqrstuvwxyz")
"""Runs of keys that people take for passwords."""

COMMON = ("password", "passw0rd", "baohan", "admin", "welcome", "letmein", "iloveyou", "woaini")
"""Beginnings of what is guessed first."""


class Passwords:
    """Hashes and verifies; one for the application, shared by threads."""

    def __init__(
        self, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB, lanes: int = LANES
    ) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, lanes, type=Type.ID)
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._dummy = self.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """The encoded hash with its parameters and a fresh salt."""
        with self._slots:
            return self._hasher.hash(_normal(password))

    def verify(self, encoded: str, password: str) -> bool:
        """Whether it is the password; an empty hash (nobody's) takes as long and is never right."""
        with self._slots:
            try:
                self._hasher.verify(encoded or self._dummy, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return bool(encoded) and len(password) <= LONGEST

    def renewed(self, encoded: str, password: str) -> str:
        """The hash under today's parameters if `encoded` has others, else empty."""
        return self.hash(password) if self._hasher.check_needs_rehash(encoded) else ""


def weakness(password: str, *own: str) -> str:
    """Why the password is too weak, as a sentence for its owner; empty if it will do.

    `own`: login, mail, names and codes that whoever guesses tries first.
    """
    plain = _normal(password).lower()
    if len(plain) < SHORTEST:
        return _("密码至少 %(least)d 个字符，一句话最好记。", least=SHORTEST)
    if len(password) > LONGEST:
        return _("密码最多 %(most)d 个字符。", most=LONGEST)
    if len(set(plain)) < FEWEST_DIFFERENT:
        return _("密码里不同的字符太少，请换一个。")
    guessed = [word.lower() for word in own if len(word) >= 4]
    if plain.startswith(COMMON) or any(word in plain for word in guessed):
        return _("密码里有容易猜到的词（如用户名、邮箱、单位代码），请换一个。")
    if any(plain in row * 3 or plain in (row * 3)[::-1] for row in ROWS):
        return _("密码是键盘或数字的顺序，请换一个。")
    return ""


def _normal(password: str) -> str:
    """NFKC, so that a password is the same on every keyboard (NIST SP 800-63B 5.1.1.2)."""
    encodable = password[:LONGEST].encode(errors="replace").decode()
    return unicodedata.normalize("NFKC", encodable)
