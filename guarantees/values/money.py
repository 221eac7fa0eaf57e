"""Money in whole fen, how people type it, and how letters write it (数字与大写).

No floating point anywhere: a yuan amount is a string of digits until it is an int of fen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from guarantees.errors import N_, GuaranteeError
from guarantees.values.text import half_width

LARGEST_FEN = 10**15
"""Ten trillion yuan (10^13): more than any budget, and exact in JSON (below 2^53)."""

_LONGEST_INPUT = 64
"""Characters; nobody types a longer amount, and int() of long strings is slow."""

_DIGITS = frozenset("0123456789")
_PREFIXES = ("人民币", "CNY", "RMB", "¥", "￥")
_SUFFIXES = (("亿元", 10), ("万元", 6), ("亿", 10), ("万", 6), ("元", 2))
"""Unit and the power of ten that turns it into fen; longer units first."""

_NUMERALS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")


class BadAmount(GuaranteeError):
    """An amount that can't be taken; `given` is what was typed."""

    code = "bad_amount"
    text = N_("金额“%(given)s”无法识别，请按“70,000.00”的样子填写，单位为元。")


class AmountMissing(BadAmount):
    code = "amount_missing"
    text = N_("金额没有填写，请按“70,000.00”的样子填写，单位为元。")


class AmountCharacter(BadAmount):
    code = "amount_character"
    text = N_(
        "金额“%(given)s”的第 %(position)d 个字符“%(character)s”不是数字，"
        "请用阿拉伯数字填写，例如 70,000.00。"
    )


class AmountGrouping(BadAmount):
    code = "amount_grouping"
    text = N_("金额“%(given)s”中的逗号位置不对，逗号只能每三位一个，也可以不写逗号。")


class AmountTooFine(BadAmount):
    code = "amount_too_fine"
    text = N_("金额“%(given)s”细到分以下，最小单位是分（两位小数）。")


class AmountNegative(BadAmount):
    code = "amount_negative"
    text = N_("金额“%(given)s”是负数，这里只能填写零或正数。")


class AmountTooLarge(BadAmount):
    code = "amount_too_large"
    text = N_("金额“%(given)s”超过十万亿元，请核对单位是元还是万元。")


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount of CNY. Signed, because ledger postings are; terms ask for more than zero."""

    fen: int
    """Whole fen (1/100 yuan)."""

    def __post_init__(self) -> None:
        if type(self.fen) is not int:
            raise TypeError(f"fen must be an int, not {type(self.fen).__name__}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a person typed: "70,000.00", "￥７００００", "7万元", "人民币 70000 元".

        Raises a BadAmount that names the character or place at fault; never rounds.
        """
        return cls(_parse_fen(text))

    @classmethod
    def total(cls, amounts: Iterable["Money"]) -> Self:
        """The sum; zero of nothing."""
        return cls(sum(amount.fen for amount in amounts))

    def portion(self, numerator: int, denominator: int) -> "Money":
        """`numerator/denominator` of a non-negative amount, rounded half up to the fen."""
        if self.fen < 0 or numerator < 0 or denominator <= 0:
            raise ValueError("portion takes a share of an amount that is not negative")
        return Money((2 * self.fen * numerator + denominator) // (2 * denominator))

    @property
    def yuan(self) -> str:
        """In figures with separators and two decimals, without a sign for the currency."""
        yuan, fen = divmod(abs(self.fen), 100)
        return f"{'-' if self.fen < 0 else ''}{yuan:,}.{fen:02d}"

    @property
    def capitals(self) -> str:
        """In capitals (大写), up to 10^13 yuan, by 支付结算办法 annex 1 (票据填写规定).

        整 stands after 元 and 角, never after 分; one 零 for any run of zeros inside.
        """
        if abs(self.fen) > LARGEST_FEN:
            raise AmountTooLarge(given=self.yuan)
        return "人民币" + ("负" if self.fen < 0 else "") + _capitals(abs(self.fen))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.fen + other.fen)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.fen - other.fen)

    def __neg__(self) -> "Money":
        return Money(-self.fen)

    def __str__(self) -> str:
        return self.yuan


def _parse_fen(given: str) -> int:
    if not given.strip():
        raise AmountMissing()
    if len(given) > _LONGEST_INPUT:
        raise AmountTooLarge(given=given[:_LONGEST_INPUT] + "…")
    figures, start, power = _strip_units(half_width(given))
    if figures.startswith("-"):
        raise AmountNegative(given=given)
    _check_characters(given, figures, start)
    whole, _, fraction = figures.partition(".")
    if "," in fraction:
        raise AmountGrouping(given=given)
    fraction = fraction.rstrip("0")
    if len(fraction) > power:
        raise AmountTooFine(given=given)
    fen = int((_ungroup(given, whole) or "0") + fraction.ljust(power, "0"))
    if fen > LARGEST_FEN:
        raise AmountTooLarge(given=given)
    return fen


def _strip_units(text: str) -> tuple[str, int, int]:
    """Figures, where they start in `text`, and the power of ten to fen."""
    figures, power = text.rstrip(), 2
    start = len(figures) - len(figures.lstrip())
    for prefix in _PREFIXES:
        if figures[start : start + len(prefix)].upper() == prefix:
            start += len(prefix)
            start += len(figures[start:]) - len(figures[start:].lstrip())
    figures = figures.removesuffix("整")
    for suffix, fen_power in _SUFFIXES:
        if figures.endswith(suffix):
            figures, power = figures.removesuffix(suffix).rstrip(), fen_power
            break
    return figures[start:], start, power


def _check_characters(given: str, figures: str, start: int) -> None:
    if not figures.strip("., "):
        raise BadAmount(given=given)
    points = 0
    for offset, character in enumerate(figures):
        points += character == "."
        if not (character in _DIGITS or character in ".,") or points > 1:
            position = start + offset
            raise AmountCharacter(given=given, position=position + 1, character=given[position])


def _ungroup(given: str, whole: str) -> str:
    first, *groups = whole.split(",")
    if groups and not (1 <= len(first) <= 3 and all(len(group) == 3 for group in groups)):
        raise AmountGrouping(given=given)
    return first + "".join(groups)


def _capitals(fen: int) -> str:
    yuan, cents = divmod(fen, 100)
    jiao, rest = divmod(cents, 10)
    written = _read(yuan) + "元" if yuan or not cents else ""
    if jiao:
        # 壹仟陆佰捌拾元零叁角: the 零 that closes the gap is optional in the rule, written here.
        gap = "零" if yuan and yuan % 10 == 0 else ""
        written += gap + _NUMERALS[jiao] + "角"
    elif rest and yuan:
        written += "零"
    return written + (_NUMERALS[rest] + "分" if rest else "整")


def _read(number: int) -> str:
    """A whole number in capitals; 亿 and 万 split it, so 12000亿 is read 壹万贰仟亿."""
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            return _read(high) + unit + (gap + _read(low) if low else "")
    return _read_four(number)


def _read_four(number: int) -> str:
    if number == 0:
        return "零"
    written = ""
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit != "0":
            written += _NUMERALS[int(digit)] + place
        elif written and not written.endswith("零"):
            written += "零"
    return written.rstrip("零")
