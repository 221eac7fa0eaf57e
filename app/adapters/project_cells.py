"""What people write into one cell, read strictly: files and forms share these readers.

A reader takes text and answers the value, or raises a GuaranteeError that says what is wrong in
the reader's words. Times without a zone are Beijing time: that is what the template says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from guarantees.errors import N_, InvalidInput
from guarantees.values.moments import BEIJING
from guarantees.values.money import Money
from guarantees.values.text import half_width, tidy


class BadCell(InvalidInput):
    """A cell that cannot be read; `given` is what stands in it."""

    code = "bad_cell"
    text = N_("“%(given)s”无法识别。")

    def __init__(self, given: str = "", **fields: object) -> None:
        shown = given if len(given) <= SHOWN else given[:SHOWN] + "…"
        super().__init__({}, given=shown, **fields)


SHOWN = 60
"""Characters of a bad cell that are repeated in the message."""


class CellFormula(BadCell):
    code = "cell_formula"
    text = N_("“%(given)s”是公式，请改为它的值（在 Excel 里复制后“选择性粘贴”为数值）。")


class CellControl(BadCell):
    code = "cell_control"
    text = N_("内容里有看不见的控制字符（%(character)s），请删去后重新输入。")


class CellTooLong(BadCell):
    code = "cell_too_long"
    text = N_("内容有 %(length)d 个字，最多 %(limit)d 个字，请缩短。")


class CellMoment(BadCell):
    code = "cell_moment"
    text = N_("时间“%(given)s”无法识别，请按“2026-03-17 09:30”的样子填写北京时间。")


class CellNoTime(BadCell):
    code = "cell_no_time"
    text = N_("“%(given)s”只有日期，没有时刻，请补上时和分，例如“2026-03-17 09:30”。")


class CellNoZone(BadCell):
    code = "cell_no_zone"
    text = N_("时间“%(given)s”没有写时区，请写成“2026-03-17T09:30:00+08:00”。")


class CellDay(BadCell):
    code = "cell_day"
    text = N_("日期“%(given)s”无法识别，请按“2026-03-17”的样子填写。")


class CellDays(BadCell):
    code = "cell_days"
    text = N_("“%(given)s”不是天数，请填整数，例如 90。")


class CellChoice(BadCell):
    code = "cell_choice"
    text = N_("“%(given)s”无法识别，可以填写：%(allowed)s。")


class CellSerial(BadCell):
    code = "cell_serial"
    text = N_("“%(given)s”是一个数字，请把单元格设为日期时间格式，显示为“2026-03-17 09:30”。")


class CellType(BadCell):
    code = "cell_type"
    text = N_("这里不能是%(kind)s，应是文字、数字或 null。")


Value = TypeVar("Value")

LONGEST_CELL = 10_000
"""Characters; longer than any field of a notice (values.notice_faults.TEXT_LIMITS)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FORMULA = re.compile(r"\s*=")

CATEGORY_WORDS: Mapping[str, str] = {
    "goods": "goods",
    "services": "services",
    "works": "works",
    "货物": "goods",
    "货物类": "goods",
    "服务": "services",
    "服务类": "services",
    "工程": "works",
    "工程类": "works",
    "施工": "works",
}
ACCEPTED_WORDS: Mapping[str, str] = {
    "true": "yes",
    "yes": "yes",
    "是": "yes",
    "接受": "yes",
    "false": "no",
    "no": "no",
    "否": "no",
    "不接受": "no",
    "unknown": "unknown",
    "未写明": "unknown",
    "公告未写明": "unknown",
}
FLAG_WORDS: Mapping[str, bool] = {
    "true": True,
    "yes": True,
    "是": True,
    "要求": True,
    "false": False,
    "no": False,
    "否": False,
    "不要求": False,
}


def cleaned(given: str) -> str:
    """The text of a cell, checked for what no cell may hold; line breaks as \\n."""
    if len(given) > LONGEST_CELL:
        raise CellTooLong(length=len(given), limit=LONGEST_CELL)
    found = _CONTROL.search(given)
    if found:
        raise CellControl(character=f"U+{ord(found[0]):04X}")
    if _FORMULA.match(given):
        raise CellFormula(given)
    return given.replace("\r\n", "\n").replace("\r", "\n")


def line(given: str) -> str | None:
    """One line, runs of white space as one space; None if empty."""
    return tidy(cleaned(given)) or None


def lines(given: str) -> str | None:
    """The notice's own words, line by line; None if empty."""
    kept = (tidy(one) for one in cleaned(given).split("\n"))
    return "\n".join(one for one in kept if one) or None


def amount(given: str, unit: str = "") -> Money | None:
    """Yuan as people write them, "177000", "17.7万元", "￥1,770,000.00"; None if empty.

    unit: "万元" where the head of the column says so and the cell names none.
    """
    text = tidy(cleaned(given))
    if not text:
        return None
    if unit and half_width(text)[-1:] in "0123456789.":
        text += unit
    return Money.parse(text)


def days(given: str) -> int | None:
    """Calendar days, "90", "90 天", "90日历天"; None if empty."""
    text = half_width(tidy(cleaned(given)))
    if not text:
        return None
    found = re.fullmatch(
        r"([0-9]{1,6})(?:\.0+)? ?(?:天|日|日历天|个日历天|calendar days|days)?", text
    )
    if found is None:
        raise CellDays(given)
    return int(found[1])


_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MOMENT = re.compile(
    r"(?P<year>\d{4})(?:[-/.]|年)(?P<month>\d{1,2})(?:[-/.]|月)(?P<day>\d{1,2})日?"
    r"(?:(?:T|\s*)(?P<half>上午|下午)?\s*(?P<hour>\d{1,2})(?:[:时点](?P<minute>\d{1,2})?分?"
    r"(?::(?P<second>\d{1,2})(?:\.\d{1,6})?|(?P<second2>\d{1,2})秒)?)"
    r"(?:整)?(?:\s*(?P<zone>Z|[+-]\d{2}:?\d{2}))?)?"
    r"\s*(?:[(]?北京时间[)]?)?"
)


def moment(given: str, *, zoned: bool = False) -> datetime | None:
    """An aware moment; without a zone it is Beijing time, or CellNoZone if `zoned`.

    "2026-03-17 09:30", "2026/3/17 9:30", "2026年3月17日 上午9时30分", ISO 8601; None if empty.
    """
    text = half_width(tidy(cleaned(given)))
    if not text:
        return None
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise CellSerial(given) if _NUMBER.fullmatch(text) else CellMoment(given)
    if found["hour"] is None:
        raise CellNoTime(given)
    if zoned and found["zone"] is None:
        raise CellNoZone(given)
    try:
        return _made(found)
    except (ValueError, OverflowError) as error:
        raise CellMoment(given) from error


def _made(found: re.Match[str]) -> datetime:
    hour = int(found["hour"])
    if found["half"] == "下午" and hour < 12:
        hour += 12
    naive = datetime(  # noqa: DTZ001 - the zone follows
        int(found["year"]),
        int(found["month"]),
        int(found["day"]),
        hour,
        int(found["minute"] or 0),
        int(found["second"] or found["second2"] or 0),
    )
    zone = found["zone"]
    if zone is None:
        return naive.replace(tzinfo=BEIJING)
    return datetime.fromisoformat(naive.isoformat() + zone)


_DAY = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?")


_MONTH = re.compile(r"\d{4}(?:[-/.]|年)(?:0?[1-9]|1[0-2])月?")


@dataclass(frozen=True)
class PartialDay:
    """A date of which only year and month are said: no day is invented, the words are kept."""

    text: str


def day(given: str) -> date | PartialDay | None:
    """A date, "2026-03-17", "2026年3月17日"; None if empty."""
    text = half_width(tidy(cleaned(given)))
    if not text:
        return None
    if _MONTH.fullmatch(text):
        return PartialDay(text)
    found = _DAY.fullmatch(text)
    if found is None:
        raise CellDay(given)
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise CellDay(given) from error


def category(given: str) -> str | None:
    """goods, services or works; None if empty."""
    return _choice(given, CATEGORY_WORDS, N_("货物、服务、工程"))


def accepted(given: str) -> str:
    """yes, no or unknown; unknown if empty."""
    return _choice(given, ACCEPTED_WORDS, N_("是、否、未写明")) or "unknown"


def flag(given: str) -> bool:
    """Whether it is demanded; not if empty."""
    return _choice(given, FLAG_WORDS, N_("是、否")) or False


def _choice(given: str, words: Mapping[str, Value], allowed: str) -> Value | None:
    text = half_width(tidy(cleaned(given))).casefold()
    if not text:
        return None
    if text not in words:
        raise CellChoice(given, allowed=allowed)
    return words[text]
