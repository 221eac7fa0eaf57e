import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

from guarantees.values import codes
from guarantees.values.codes import CREDIT_ALPHABET

bodies = st.builds(
    lambda head, region, tail: head + region + tail,
    st.text("123459", min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(CREDIT_ALPHABET, min_size=9, max_size=9),
)


@given(bodies)
def test_credit_check_character_agrees_with_stdnum(body: str) -> None:
    code = body + codes.credit_check_character(body)
    assert uscc.is_valid(code)
    assert codes.parse_credit_code(code) == code


@given(bodies, st.integers(0, 17), st.sampled_from(CREDIT_ALPHABET))
def test_one_wrong_character_in_a_credit_code_is_found(body: str, at: int, other: str) -> None:
    code = body + codes.credit_check_character(body)
    assume(other != code[at])
    with pytest.raises(codes.BadCode):
        codes.parse_credit_code(code[:at] + other + code[at + 1 :])


def test_the_right_last_character_is_named() -> None:
    code = "91110000600037341L"
    with pytest.raises(codes.CreditCodeCheck) as caught:
        codes.parse_credit_code(code[:-1] + "U")
    assert "第 18 位应为 L，您填的是 U" in str(caught.value)
    assert caught.value.fields == {"given": code[:-1] + "U", "expected": "L", "character": "U"}


@pytest.mark.parametrize(
    "text",
    ["91110000600037341l", " 9111 0000-6000 37341L ", "９１１１００００６０００３７３４１Ｌ"],
)
def test_credit_codes_are_forgiven_their_spelling(text: str) -> None:
    assert codes.parse_credit_code(text) == "91110000600037341L"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9111000060003734", "18 位，您填了 16 位"),
        ("", "您填了 0 位"),
        ("9111000060003734IL", "第 17 位不能是“I”"),
        ("91A10000600037341L", "第 3 位不能是“A”"),
        ("9" * 100_000, "您填了"),
    ],
)
def test_what_is_wrong_with_a_credit_code(text: str, says: str) -> None:
    with pytest.raises(codes.BadCode) as caught:
        codes.parse_credit_code(text)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.sampled_from(["91", "91140100MA0K", "12430400"]), st.integers())
def test_made_credit_codes_are_valid(prefix: str, seed: int) -> None:
    code = codes.make_credit_code(prefix, random.Random(seed))
    assert code.startswith(prefix)
    assert uscc.is_valid(code)


@given(st.text("0123456789", min_size=1, max_size=30))
def test_check_digit_agrees_with_stdnum(digits: str) -> None:
    assert codes.mod_11_10(digits) == mod_11_10.calc_check_digit(digits)


@given(st.integers(2000, 2099), st.integers(0, 10**12 - 1))
def test_letter_numbers_are_read_back_however_written(year: int, number: int) -> None:
    printed = codes.new_letter_number(year, lambda _: number)
    wide = printed.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    for text in (printed, printed.lower(), printed.replace("-", ""), f" {wide} "):
        assert codes.parse_letter_number(text) == printed


@given(st.integers(0, 10**12 - 1), st.integers(0, 14), st.integers(1, 9))
def test_one_wrong_digit_in_a_letter_number_is_found(number: int, at: int, shift: int) -> None:
    printed = codes.new_letter_number(2026, lambda _: number)
    digits = [int(c) for c in printed if c.isdigit()]
    digits[at] = (digits[at] + shift) % 10
    with pytest.raises(codes.LetterNumberCheck):
        codes.parse_letter_number("BH" + "".join(map(str, digits)))


def test_letter_numbers_look_as_designed() -> None:
    assert codes.new_letter_number(2026, lambda _: 418309275516) == "BH26-4183-0927-5516-4"
    drawn = {codes.new_letter_number(2026) for _ in range(200)}
    assert len(drawn) == 200


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("BH26-4183-0927-5516-3", codes.LetterNumberCheck, "校验位"),
        ("XX26-4183-0927-5516-4", codes.LetterNumberPrefix, "BH 开头"),
        ("BH26-4183-0927-5516", codes.CodeLength, "17 位"),
        ("BH26-4183-O927-5516-4", codes.CodeCharacter, "第 9 位不能是“O”"),
        ("", codes.CodeLength, "0 位"),
    ],
)
def test_what_is_wrong_with_a_letter_number(
    text: str, error: type[codes.BadCode], says: str
) -> None:
    with pytest.raises(error) as caught:
        codes.parse_letter_number(text)
    assert says in str(caught.value)


def test_check_codes_hold_forty_bits() -> None:
    assert len(set(codes.CHECK_CODE_ALPHABET)) == 32
    drawn = {codes.check_code() for _ in range(200)}
    assert len(drawn) == 200
    assert all(codes.parse_check_code(code) == code for code in drawn)


@given(st.text(codes.CHECK_CODE_ALPHABET, min_size=8, max_size=8))
def test_check_codes_forgive_look_alikes(code: str) -> None:
    mistyped = code.replace("0", "o").replace("1", "l").lower()
    assert codes.parse_check_code(f"{mistyped[:4]}-{mistyped[4:]}") == code


@pytest.mark.parametrize(("text", "says"), [("ABCD123", "8 位"), ("ABCD123U", "第 8 位不能是“U”")])
def test_what_is_wrong_with_a_check_code(text: str, says: str) -> None:
    with pytest.raises(codes.BadCode) as caught:
        codes.parse_check_code(text)
    assert says in str(caught.value)


def test_bank_accounts_become_digits() -> None:
    assert codes.parse_bank_account(" ６２２８ 4800-1234 5678 ") == "6228480012345678"


@pytest.mark.parametrize(
    ("text", "says"),
    [("1234567", "8–32 位"), ("1" * 33, "8–32 位"), ("6228X80012345678", "第 5 位不能是“X”")],
)
def test_what_is_wrong_with_a_bank_account(text: str, says: str) -> None:
    with pytest.raises(codes.BadCode) as caught:
        codes.parse_bank_account(text)
    assert says in str(caught.value)


@given(st.text())
def test_any_text_is_a_code_or_a_named_error(text: str) -> None:
    for parse in (
        codes.parse_credit_code,
        codes.parse_letter_number,
        codes.parse_check_code,
        codes.parse_bank_account,
    ):
        try:
            code = parse(text)
        except codes.BadCode as error:
            message = str(error)
        else:
            message = parse(code) and code
        assert message
