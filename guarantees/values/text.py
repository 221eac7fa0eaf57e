"""What a line of text may hold that will stand in signed terms and on a letter."""

import unicodedata

from guarantees.errors import N_, GuaranteeError

_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Controls, bidi overrides and zero-width marks, surrogates, private use, line separators:
each can make a letter read differently from the terms that were signed."""

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""Full-width forms of ASCII, as Chinese input methods produce them (U+FF01 to U+FF5E)."""


class BadText(GuaranteeError):
    """A field of text that can't be taken; `field` names it."""

    code = "bad_text"
    text = N_("“%(field)s”的内容无法使用。")


class TextMissing(BadText):
    code = "text_missing"
    text = N_("“%(field)s”没有填写，请填写后再提交。")


class TextTooLong(BadText):
    code = "text_too_long"
    text = N_("“%(field)s”有 %(length)d 个字，最多 %(limit)d 个字，请缩短。")


class TextCharacter(BadText):
    code = "text_character"
    text = N_(
        "“%(field)s”的第 %(position)d 个字符（%(character)s）是看不见或无法打印的字符，"
        "请删去后重新输入。"
    )


class TextPadded(BadText):
    code = "text_padded"
    text = N_("“%(field)s”的开头或结尾有空格，请删去。")


def half_width(text: str) -> str:
    """`text` with full-width letters, digits, signs and spaces turned into ASCII."""
    return text.translate(_HALF_WIDTH)


def tidy(text: str) -> str:
    """`text` as a form field should be stored: NFC, runs of white space as one space, trimmed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def check_line(value: str, *, field: str, limit: int, empty: bool = False) -> None:
    """Refuse `value` unless it is one printable line of at most `limit` characters.

    Raises TextMissing, TextTooLong, TextCharacter or TextPadded, each naming `field`.
    """
    if not value.strip() and not (empty and value == ""):
        raise TextMissing(field=field)
    if len(value) > limit:
        raise TextTooLong(field=field, length=len(value), limit=limit)
    for position, character in enumerate(value, 1):
        if _unprintable(character):
            name = f"U+{ord(character):04X}"
            raise TextCharacter(field=field, position=position, character=name)
    if value != value.strip():
        raise TextPadded(field=field)


def _unprintable(character: str) -> bool:
    # U+FFFD stands where bytes were decoded with the wrong encoding: the name is damaged.
    return (
        unicodedata.category(character) in _FORBIDDEN
        or character == "\ufffd"
        or ord(character) & 0xFFFE == 0xFFFE
    )
