"""What a passphrase must have before a procurer's key is entrusted to it.

The wrapped key may be stolen with the database, and then nothing but Argon2id and the passphrase
stand before it. Length is what helps (NIST SP 800-63B, 5.1.1.2: no rules of composition); the other
checks only stop what a guesser tries first.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Mapping

from signing.text import N_

LATIN_WEIGHT, OTHER_WEIGHT = 2, 3
"""A Chinese character is harder to guess than a letter, if not by much within a phrase."""

MIN_WEIGHT = 24
"""12 letters, or 8 Chinese characters."""

MAX_LENGTH = 256
MIN_DISTINCT = 6
FIRST_BEYOND_LATIN = "\u2e80"

COMMON = (
    "password", "passphrase", "qwerty", "asdfgh", "zxcvbn", "letmein", "iloveyou", "welcome",
    "admin", "baohan", "mima", "woaini", "5201314", "密码", "口令", "保函",
)  # fmt: skip

FAULTS: Mapping[str, str] = {
    "too_short": N_("口令太短：至少 12 个字符，或 8 个汉字。"),
    "too_long": N_("口令太长：最多 256 个字符。"),
    "control_character": N_("口令中有不可见的控制字符，请删去后重新输入。"),
    "too_uniform": N_("口令中不同的字符太少：至少要有 6 个不同的字符。"),
    "sequence": N_("口令是连续或重复的字符（如 1234、abab），很容易被猜到。"),
    "common": N_("口令除去常见词后所剩太短，很容易被猜到。"),
    "contains_name": N_("口令除去您的姓名、登录名或单位名称后所剩太短，很容易被猜到。"),
}
"""Fault → sentence for the person."""


def normalised(passphrase: str) -> str:
    """NFC, so that the same characters typed on another keyboard give the same key."""
    return unicodedata.normalize("NFC", passphrase)


def faults(passphrase: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Keys of FAULTS, empty if it may be used. names: of the person, login, organisation."""
    text = normalised(passphrase)
    folded = text.casefold()
    checks = {
        "too_short": _weight(text) < MIN_WEIGHT,
        "too_long": len(text) > MAX_LENGTH,
        "control_character": any(unicodedata.category(character) == "Cc" for character in text),
        "too_uniform": len(set(folded)) < MIN_DISTINCT,
        "sequence": _predictable(folded),
        "common": _rests_on(folded, COMMON),
        "contains_name": _rests_on(folded, names),
    }
    return tuple(fault for fault, found in checks.items() if found)


def _weight(text: str) -> int:
    return sum(OTHER_WEIGHT if sign >= FIRST_BEYOND_LATIN else LATIN_WEIGHT for sign in text)


def _rests_on(text: str, words: Iterable[str]) -> bool:
    """Too little is left without the words."""
    rest = text
    for word in sorted({normalised(word).casefold() for word in words}, key=len, reverse=True):
        if len(word) > 1:
            rest = rest.replace(word, "")
    return rest != text and _weight(rest) < MIN_WEIGHT // 2


def _predictable(text: str) -> bool:
    """Most steps go to the next, the previous or the same character, or it repeats itself."""
    steps = [ord(b) - ord(a) for a, b in itertools.pairwise(text)]
    near = sum(abs(step) <= 1 for step in steps)
    repeats = any(text[size:] == text[:-size] for size in range(1, len(text) // 2 + 1))
    return repeats or 2 * near > len(steps)
