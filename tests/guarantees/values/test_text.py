import pytest

from guarantees.values import text


@pytest.mark.parametrize(
    "line", ["启衡医疗科技有限公司", "Bei Yue Bank Co., Ltd.", "𠮷野㼆有限公司", "a"]
)
def test_printable_lines_pass(line: str) -> None:
    text.check_line(line, field="名称", limit=100)


@pytest.mark.parametrize(
    "character",
    [
        "\n",
        "\x00",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\ue000",
        "\ufffd",
        "\ufffe",
        "\U0001ffff",
    ],
)
def test_what_makes_a_letter_read_differently_is_refused(character: str) -> None:
    with pytest.raises(text.TextCharacter) as caught:
        text.check_line(f"北岳{character}银行", field="名称", limit=100)
    assert "“名称”的第 3 个字符" in str(caught.value)
    assert caught.value.fields["character"] == f"U+{ord(character):04X}"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("", text.TextMissing),
        ("   ", text.TextMissing),
        ("长" * 101, text.TextTooLong),
        (" 北岳银行", text.TextPadded),
        ("北岳银行\u3000", text.TextPadded),
    ],
)
def test_missing_long_and_padded_lines_are_refused(line: str, error: type[text.BadText]) -> None:
    with pytest.raises(error) as caught:
        text.check_line(line, field="名称", limit=100)
    assert "“名称”" in str(caught.value)


def test_an_optional_line_may_be_empty_but_not_blank() -> None:
    text.check_line("", field="联系方式", limit=10, empty=True)
    with pytest.raises(text.TextMissing):
        text.check_line("  ", field="联系方式", limit=10, empty=True)


def test_tidying() -> None:
    assert text.tidy("  北岳\u3000 银行\n股份 ") == "北岳 银行 股份"
    assert text.half_width("ＢＨ２６－（１）\u3000") == "BH26-(1) "
