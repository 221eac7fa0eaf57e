"""Numbers that people copy by hand, each with a check that says what is wrong.

Unified social credit code (统一社会信用代码, GB 32100-2015), letter number (保函编号,
ISO/IEC 7064 Mod 11,10), check code (查验码), bank account number.
"""

import random
import secrets
from collections.abc import Callable

from guarantees.errors import N_, GuaranteeError
from guarantees.values.text import half_width

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015 table 2: no I, O, S, V, Z."""

CHECK_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""32 characters (Crockford's base 32): I and L read as 1, O as 0, no U."""

CHECK_CODE_LENGTH = 8
"""Characters, 5 bits each: 40 bits."""

_DIGITS = frozenset("0123456789")
_CREDIT_LENGTH = 18
_LETTER_PREFIX = "BH"
_LETTER_DIGITS = 15
"""Two of the year, twelve random, one check digit."""

_SEPARATORS = str.maketrans("", "", " \t-‐‑‒–—_·.")
_LOOK_ALIKES = str.maketrans("ILO", "110")
_LONGEST_INPUT = 200


class BadCode(GuaranteeError):
    """A number that fails its own check; `given` is what was typed."""

    code = "bad_code"
    text = N_("“%(given)s”不是有效的编号，请核对后重新填写。")


class CodeLength(BadCode):
    code = "code_length"
    text = N_("%(name)s应为 %(expected)s 位，您填了 %(length)d 位（%(given)s），请核对。")


class CodeCharacter(BadCode):
    code = "code_character"
    text = N_("%(name)s第 %(position)d 位不能是“%(character)s”，%(allowed)s，请核对。")


class CreditCodeCheck(BadCode):
    code = "credit_code_check"
    text = N_(
        "统一社会信用代码校验不符：按前 17 位推算，第 18 位应为 %(expected)s，"
        "您填的是 %(character)s。请对照营业执照逐位核对。"
    )


class LetterNumberPrefix(BadCode):
    code = "letter_number_prefix"
    text = N_("保函编号应以 BH 开头，您填的是“%(given)s”，请对照保函核对。")


class LetterNumberCheck(BadCode):
    code = "letter_number_check"
    text = N_("保函编号“%(given)s”的校验位不符，多半有一位抄错或两位颠倒，请对照保函逐位核对。")


def parse_credit_code(text: str) -> str:
    """The 18 characters of a unified social credit code, checked (GB 32100-2015).

    Forgives spaces, dashes, lower case and full-width forms. Raises CodeLength, CodeCharacter
    (naming position and character) or CreditCodeCheck (naming the character that should stand).
    """
    name = N_("统一社会信用代码")
    code = _compact(text)
    _check_length(name, text, code, (_CREDIT_LENGTH, _CREDIT_LENGTH))
    for position, character in enumerate(code, 1):
        if 3 <= position <= 8 and character not in _DIGITS:
            allowed = N_("第 3 至 8 位是行政区划代码，只能是数字")
        elif character not in CREDIT_ALPHABET:
            allowed = N_("只用数字和除 I、O、S、V、Z 以外的大写字母")
        else:
            continue
        raise CodeCharacter(name=name, position=position, character=character, allowed=allowed)
    expected = credit_check_character(code[:17])
    if code[17] != expected:
        raise CreditCodeCheck(given=code, expected=expected, character=code[17])
    return code


def credit_check_character(body: str) -> str:
    """The 18th character for 17 valid ones: weights 3^(i-1) mod 31 (GB 32100-2015, 6.2)."""
    total = sum(CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return CREDIT_ALPHABET[-total % 31]


def make_credit_code(prefix: str, rng: random.Random) -> str:
    """A valid code that begins with `prefix`, for demonstration data and tests only."""
    missing = _CREDIT_LENGTH - 1 - len(prefix)
    body = prefix + "".join(rng.choice("0123456789") for _ in range(missing))
    return parse_credit_code(body + credit_check_character(body))


def new_letter_number(year: int, randbelow: Callable[[int], int] = secrets.randbelow) -> str:
    """A fresh number such as BH26-4183-0927-5516-8: random, so that none can be guessed."""
    digits = f"{year % 100:02d}{randbelow(10**12):012d}"
    return _format_letter_number(digits + mod_11_10(digits))


def parse_letter_number(text: str) -> str:
    """A letter number in its printed form; raises CodeLength, CodeCharacter, LetterNumberCheck.

    Forgives spaces, lower case, missing dashes and full-width forms.
    """
    name = N_("保函编号")
    code = _compact(text)
    if code and not code.startswith(_LETTER_PREFIX):
        raise LetterNumberPrefix(given=_shown(text))
    length = len(_LETTER_PREFIX) + _LETTER_DIGITS
    _check_length(name, text, code, (length, length))
    for position, character in enumerate(code, 1):
        if position > len(_LETTER_PREFIX) and character not in _DIGITS:
            allowed = N_("BH 之后只能是数字")
            raise CodeCharacter(name=name, position=position, character=character, allowed=allowed)
    digits = code.removeprefix(_LETTER_PREFIX)
    if mod_11_10(digits[:-1]) != digits[-1]:
        raise LetterNumberCheck(given=_format_letter_number(digits))
    return _format_letter_number(digits)


def mod_11_10(digits: str) -> str:
    """The check digit of ISO/IEC 7064 Mod 11,10: finds every single wrong digit and most swaps."""
    check = 10
    for digit in digits:
        check = ((check + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - check) % 10)


def check_code(choice: Callable[[str], str] = secrets.choice) -> str:
    """A fresh 8-character code that opens a letter's public verdict (40 random bits)."""
    return "".join(choice(CHECK_CODE_ALPHABET) for _ in range(CHECK_CODE_LENGTH))


def parse_check_code(text: str) -> str:
    """A check code as stored; forgives spaces, dashes, case, and O for 0, I or L for 1."""
    name = N_("查验码")
    code = _compact(text).translate(_LOOK_ALIKES)
    _check_length(name, text, code, (CHECK_CODE_LENGTH, CHECK_CODE_LENGTH))
    for position, character in enumerate(code, 1):
        if character not in CHECK_CODE_ALPHABET:
            allowed = N_("只用数字和除 I、L、O、U 以外的字母")
            raise CodeCharacter(name=name, position=position, character=character, allowed=allowed)
    return code


def parse_bank_account(text: str) -> str:
    """A bank account number as 8 to 32 digits; forgives spaces, dashes and full-width forms."""
    name = N_("银行账号")
    code = _compact(text)
    _check_length(name, text, code, (8, 32))
    for position, character in enumerate(code, 1):
        if character not in _DIGITS:
            allowed = N_("银行账号只能是数字")
            raise CodeCharacter(name=name, position=position, character=character, allowed=allowed)
    return code


def _compact(text: str) -> str:
    return half_width(text[:_LONGEST_INPUT]).translate(_SEPARATORS).upper()


def _check_length(name: str, given: str, code: str, bounds: tuple[int, int]) -> None:
    low, high = bounds
    if not low <= len(code) <= high:
        expected = str(low) if low == high else f"{low}–{high}"
        raise CodeLength(name=name, given=_shown(given), length=len(code), expected=expected)


def _shown(given: str) -> str:
    # A pasted page must not fill the error message.
    return given if len(given) <= 40 else given[:40] + "…"


def _format_letter_number(digits: str) -> str:
    year, rest, check = digits[:2], digits[2:14], digits[14]
    return f"{_LETTER_PREFIX}{year}-{rest[:4]}-{rest[4:8]}-{rest[8:]}-{check}"
