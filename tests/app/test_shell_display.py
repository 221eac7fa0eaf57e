"""How times, money and numbers look."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app import display
from app.display import SOON, TimeLeft, duration, time_left
from guarantees.values.money import Money
from tests.shell_app import NOW, shell_app


@pytest.fixture(scope="module")
def app() -> Flask:
    return shell_app()


def test_times_are_beijing_whatever_zone_they_come_in() -> None:
    utc = datetime(2026, 3, 16, 16, 30, 4, tzinfo=UTC)
    elsewhere = utc.astimezone(timezone(timedelta(hours=-5)))
    assert display.beijing(utc) == display.beijing(elsewhere) == "2026-03-17 00:30"
    assert display.beijing_seconds(utc) == "2026-03-17 00:30:04"
    assert display.beijing_short(utc) == "03-17 00:30"
    assert display.iso(elsewhere) == "2026-03-17T00:30:04+08:00"
    assert display.date_iso(utc) == "2026-03-17"


def test_a_time_without_zone_is_an_error_and_no_guess() -> None:
    with pytest.raises(ValueError, match="zone"):
        display.beijing(datetime(2026, 3, 17, 9, 30))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize(("language", "shown"), [("zh", "2026年3月7日"), ("en", "2026-03-07")])
def test_a_date_in_words_follows_the_language(app: Flask, language: str, shown: str) -> None:
    with app.test_request_context("/", headers={"Cookie": f"language={language}"}):
        assert display.date_zh(date(2026, 3, 7)) == shown


def test_money_in_figures_and_capitals() -> None:
    assert display.yuan(Money(7_000_000)) == "¥70,000.00"
    assert display.yuan(Money(-5)) == "-¥0.05"
    assert display.capitals(Money(7_000_000)) == "人民币柒万元整"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "不到 1 分"),
        (59, "不到 1 分"),
        (60, "1 分"),
        (26 * 60, "26 分"),
        (3600, "1 小时 00 分"),
        (3 * 3600 + 5 * 60 + 59, "3 小时 05 分"),
        (86400, "1 天 0 小时"),
        (4 * 86400 + 22 * 3600 + 18 * 60, "4 天 22 小时"),
    ],
)
def test_durations_show_their_two_largest_units(app: Flask, seconds: int, shown: str) -> None:
    with app.test_request_context("/"):
        assert duration(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("rest", "tone", "text"),
    [
        (timedelta(days=4, hours=22), "wait", "剩 4 天 22 小时"),
        (SOON, "wait", "剩 2 小时 00 分"),
        (SOON - timedelta(seconds=1), "warn", "剩 1 小时 59 分"),
        (timedelta(seconds=1), "warn", "剩 不到 1 分"),
        (timedelta(), "bad", "已超 不到 1 分"),
        (timedelta(minutes=-26), "bad", "已超 26 分"),
    ],
)
def test_time_left_warns_when_little_is_left(
    app: Flask, rest: timedelta, tone: str, text: str
) -> None:
    with app.test_request_context("/"):
        assert time_left(NOW + rest, NOW) == TimeLeft(tone, text, NOW + rest)


def test_a_stopped_clock_says_nothing_else(app: Flask) -> None:
    with app.test_request_context("/"):
        assert time_left(NOW - SOON, NOW, stopped=True).text == "暂停计时"


@given(st.integers(1, 10**9))
def test_what_is_shown_as_left_is_never_more_than_what_is_left(seconds: int) -> None:
    with shown_in_chinese.test_request_context("/"):
        numbers = [
            int(word) for word in duration(timedelta(seconds=seconds)).split() if word.isdigit()
        ]
    units = {1: (60,), 2: (3600, 60)}[len(numbers)] if seconds < 86400 else (86400, 3600)
    if seconds >= 60:
        shown = sum(number * unit for number, unit in zip(numbers, units, strict=True))
        assert shown <= seconds < shown + units[-1]


shown_in_chinese = shell_app()


@pytest.mark.parametrize(
    ("digest", "shown"),
    [
        ("8e210c7f55da19b4a0f3", "8e21 0c7f 55da 19b4 …"),
        (bytes.fromhex("8e210c7f55da19b4"), "8e21 0c7f 55da 19b4"),
        ("8e2", "8e2"),
        ("", ""),
    ],
)
def test_digests_are_cut_into_groups(digest: str | bytes, shown: str) -> None:
    assert display.short_hash(digest) == shown


def test_a_missing_credit_code_is_a_dash() -> None:
    assert display.credit_code(None) == display.credit_code("") == "—"
    assert display.credit_code("91140100ma0ht9w45u") == "91140100MA0HT9W45U"


def test_every_filter_is_known_to_templates(app: Flask) -> None:
    names = {"beijing", "date_zh", "yuan", "capitals", "left", "short_hash", "credit_code", "iso"}
    assert names <= app.jinja_env.filters.keys()
