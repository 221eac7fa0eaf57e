from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guarantees.values import money
from guarantees.values.money import LARGEST_FEN, Money

fen = st.integers(min_value=0, max_value=LARGEST_FEN)


@given(fen)
def test_figures_are_read_back(amount: int) -> None:
    assert Money.parse(Money(amount).yuan) == Money(amount)


@given(
    fen,
    st.sampled_from(["", "￥", "¥", "人民币", "RMB ", " "]),
    st.sampled_from(["", "元", " 元整"]),
)
def test_prefixes_suffixes_and_full_width_are_forgiven(
    amount: int, before: str, after: str
) -> None:
    plain = f"{amount // 100}.{amount % 100:02d}"
    wide = plain.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert Money.parse(f"{before}{plain}{after}") == Money(amount)
    assert Money.parse(f"{before}{wide}{after}") == Money(amount)


@given(fen)
def test_ten_thousands_are_exact(amount: int) -> None:
    text = f"{amount // 10**6}.{amount % 10**6:06d}"
    assert Money.parse(text + "万元") == Money(amount)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7万元", 7_000_000),
        ("1.5亿元", 15_000_000_000),
        ("0.000001万元", 1),
        (".5", 50),
        ("5.", 500),
        ("1.2300", 123),
        ("0", 0),
    ],
)
def test_amounts_as_people_type_them(text: str, expected: int) -> None:
    assert Money.parse(text).fen == expected


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", money.AmountMissing, "没有填写"),
        ("   ", money.AmountMissing, "没有填写"),
        ("1e5", money.AmountCharacter, "第 2 个字符“e”"),
        ("￥7O000", money.AmountCharacter, "第 3 个字符“O”"),
        ("1.2.3", money.AmountCharacter, "第 4 个字符“.”"),
        ("١٢", money.AmountCharacter, "第 1 个字符“١”"),
        ("柒万元整", money.AmountCharacter, "阿拉伯数字"),
        ("1 000", money.AmountCharacter, "第 2 个字符“ ”"),
        ("1,00", money.AmountGrouping, "每三位"),
        ("1000,000", money.AmountGrouping, "每三位"),
        ("1.5,", money.AmountGrouping, "每三位"),
        ("12.345", money.AmountTooFine, "两位小数"),
        ("0.0000001万元", money.AmountTooFine, "两位小数"),
        ("-3", money.AmountNegative, "负数"),
        ("10000000000000.01", money.AmountTooLarge, "十万亿元"),
        ("9" * 5000, money.AmountTooLarge, "十万亿元"),
        (".", money.BadAmount, "无法识别"),
        ("元", money.BadAmount, "无法识别"),
    ],
)
def test_what_is_wrong_is_said(text: str, error: type[money.BadAmount], says: str) -> None:
    with pytest.raises(error) as caught:
        Money.parse(text)
    assert type(caught.value) is error
    assert says in str(caught.value)


@given(st.text())
def test_any_text_is_an_amount_or_a_named_error(text: str) -> None:
    try:
        fen_read, message = Money.parse(text).fen, "read"
    except money.BadAmount as error:
        fen_read, message = 0, str(error)
    assert message
    assert 0 <= fen_read <= LARGEST_FEN


@pytest.mark.parametrize("fen_value", [True, 1.0, "1", None])
def test_only_whole_fen(fen_value: object) -> None:
    with pytest.raises(TypeError):
        Money(fen_value)  # type: ignore[arg-type]


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15))
def test_sums_and_order_are_those_of_the_fen(a: int, b: int) -> None:
    assert (Money(a) + Money(b)).fen == a + b
    assert (Money(a) - Money(b)).fen == a - b
    assert (-Money(a)).fen == -a
    assert (Money(a) < Money(b)) == (a < b)
    assert Money.total([Money(a), Money(b)]).fen == a + b


@given(fen, st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_portion_is_rounded_half_up(amount: int, numerator: int, denominator: int) -> None:
    exact = Fraction(amount * numerator, denominator)
    rounded = Money(amount).portion(numerator, denominator).fen
    assert Fraction(-1, 2) < rounded - exact <= Fraction(1, 2)


def test_a_portion_of_a_debt_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Money(-1).portion(1, 2)


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        (0, "人民币零元整"),
        (5, "人民币伍分"),
        (50, "人民币伍角整"),
        (1_000_000, "人民币壹万元整"),
        (7_000_000, "人民币柒万元整"),
        (1_000_00, "人民币壹仟元整"),
        (10_000_100, "人民币壹拾万零壹元整"),
        (100_500_00, "人民币壹拾万零伍佰元整"),
        (10_000_000_100, "人民币壹亿零壹元整"),
        (100_100_000_00, "人民币壹亿零壹拾万元整"),
        (16_409_02, "人民币壹万陆仟肆佰零玖元零贰分"),
        (1_680_32, "人民币壹仟陆佰捌拾元零叁角贰分"),
        (107_000_53, "人民币壹拾万柒仟元零伍角叁分"),
        (325_04, "人民币叁佰贰拾伍元零肆分"),
        (1_409_50, "人民币壹仟肆佰零玖元伍角整"),
        (6_007_14, "人民币陆仟零柒元壹角肆分"),
        (1_200_000_000_000_00, "人民币壹万贰仟亿元整"),
        (1_000_500_000_000_00, "人民币壹万零伍亿元整"),
        (LARGEST_FEN, "人民币壹拾万亿元整"),
        (-150, "人民币负壹元伍角整"),
    ],
)
def test_capitals_by_the_rules_of_bills(amount: int, capitals: str) -> None:
    assert Money(amount).capitals == capitals


@given(fen)
@example(LARGEST_FEN)
@example(1_0000_0000_00)
@example(1_0001_0000_0000_00)
def test_capitals_are_read_back(amount: int) -> None:
    written = Money(amount).capitals
    assert _read_capitals(written) == amount
    assert "零零" not in written
    assert written.endswith("分") != written.endswith("整")
    for bad in ("零整", "零角", "零分", "零万", "零亿"):
        assert bad not in written
    assert "零元" not in written or amount == 0


def test_capitals_beyond_ten_trillion_are_refused() -> None:
    with pytest.raises(money.AmountTooLarge):
        assert Money(LARGEST_FEN + 1).capitals


def _read_capitals(text: str) -> int:
    """An independent reader: splits at the largest unit instead of counting places."""
    text = text.removeprefix("人民币").removesuffix("整")
    yuan, _, rest = text.rpartition("元")
    jiao, _, cents = rest.rpartition("角")
    numerals = {numeral: value for value, numeral in enumerate("零壹贰叁肆伍陆柒捌玖")}
    small = numerals[jiao.strip("零") or "零"] * 10 + numerals[cents.strip("零分") or "零"]
    return _read_yuan(yuan) * 100 + small


def _read_yuan(text: str) -> int:
    text = text.strip("零")
    if not text:
        return 0
    for unit, value in (("亿", 10**8), ("万", 10**4), ("仟", 1000), ("佰", 100), ("拾", 10)):
        if unit in text:
            high, _, low = text.rpartition(unit)
            return _read_yuan(high) * value + _read_yuan(low)
    return "零壹贰叁肆伍陆柒捌玖".index(text)
