"""How times, money and numbers look: the filters of all templates.

Times are shown in Beijing time (Asia/Shanghai, no daylight saving), whatever the server's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from flask import Flask

from app.text import _
from guarantees.sums.pricing import rate_text
from guarantees.values.money import Money

BEIJING = ZoneInfo("Asia/Shanghai")

SOON = timedelta(hours=2)
"""Less than this left is shown as a warning."""


def beijing(moment: datetime) -> str:
    """`2026-03-17 09:30`; raises ValueError for a time without zone."""
    return in_beijing(moment).strftime("%Y-%m-%d %H:%M")


def beijing_seconds(moment: datetime) -> str:
    """`2026-03-17 09:30:04`."""
    return in_beijing(moment).strftime("%Y-%m-%d %H:%M:%S")


def beijing_short(moment: datetime) -> str:
    """`03-17 09:30`, where the year is said elsewhere on the page (trackers, histories)."""
    return in_beijing(moment).strftime("%m-%d %H:%M")


def iso(moment: datetime) -> str:
    """For the `datetime` attribute: `2026-03-17T09:30:00+08:00`."""
    return in_beijing(moment).isoformat(timespec="seconds")


def in_beijing(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without zone can't be shown: make it aware (UTC)")
    return moment.astimezone(BEIJING)


def date_iso(day: date) -> str:
    """`2026-03-17`; of a moment, its day in Beijing."""
    return _day(day).isoformat()


def date_zh(day: date) -> str:
    """`2026年3月17日`, in English `2026-03-17`."""
    day = _day(day)
    return _("%(year)d年%(month)d月%(day)d日", year=day.year, month=day.month, day=day.day)


def _day(day: date) -> date:
    return in_beijing(day).date() if isinstance(day, datetime) else day


def yuan(amount: Money) -> str:
    """`¥70,000.00`."""
    return f"-¥{(-amount).yuan}" if amount.fen < 0 else f"¥{amount.yuan}"


def capitals(amount: Money) -> str:
    """`人民币柒万元整`, in every language: it is the amount as the letter writes it."""
    return amount.capitals


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """What is left until `due`, ready for the round mark `.left`."""

    tone: str
    """wait, warn (less than SOON), bad (overdue), end (clock stopped) or ok (done in time)."""
    text: str
    due: datetime

    def __str__(self) -> str:
        return self.text


def time_left(due: datetime, now: datetime, *, stopped: bool = False) -> TimeLeft:
    """Time from `now` to `due` in its two largest units; overdue counts up."""
    if stopped:
        return TimeLeft("end", _("暂停计时"), due)
    rest = in_beijing(due) - in_beijing(now)
    if rest <= timedelta():
        return TimeLeft("bad", _("已超 %(time)s", time=duration(-rest)), due)
    tone = "warn" if rest < SOON else "wait"
    return TimeLeft(tone, _("剩 %(time)s", time=duration(rest)), due)


def duration(span: timedelta) -> str:
    """`4 天 22 小时`, `1 小时 40 分`, `26 分`, `不到 1 分`; cut off, never rounded up."""
    minutes = int(span.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return _("%(days)d 天 %(hours)d 小时", days=days, hours=hours)
    if hours:
        return _("%(hours)d 小时 %(minutes)02d 分", hours=hours, minutes=minutes)
    return _("%(minutes)d 分", minutes=minutes) if minutes else _("不到 1 分")


def minutes(count: int) -> str:
    """A promise given in minutes, in words: `30 分钟`, `4 小时`, `1 天 12 小时`."""
    if count < 60:
        return _("%(count)d 分钟", count=count)
    if count % 60:
        return duration(timedelta(minutes=count))
    days, hours = divmod(count // 60, 24)
    if not hours:
        return _("%(days)d 天", days=days)
    hourly = _("%(hours)d 小时", hours=hours)
    return duration(timedelta(minutes=count)) if days else hourly


class NumberedLot(Protocol):
    """What queries tell of a lot."""

    @property
    def number(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def project_name(self) -> str: ...


def lot_title(lot: NumberedLot) -> str:
    """`第 02 标段`, `A包`; empty where the project is one lot and the number says nothing."""
    if lot.name == lot.project_name:
        return ""
    return _("第 %(number)s 标段", number=lot.number) if lot.number.isdigit() else lot.number


def lot_line(lot: NumberedLot) -> str:
    """Number and name of a lot, `第 02 标段 样本前处理系统`; empty like `lot_title`."""
    return f"{lot_title(lot)} {lot.name}" if lot_title(lot) else ""


def percent(ppm: int) -> str:
    """Parts per million as a percentage: 4,500 is `0.45%`."""
    return rate_text(ppm)


def fen(amount: int) -> str:
    """`¥70,000.00` of an amount in fen, as lists hold it."""
    return yuan(Money(amount))


def options(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """A table of words as choices of a select, translated."""
    return [(code, _(text)) for code, text in table.items()]


def short_hash(digest: str | bytes) -> str:
    """The first eight bytes of a digest in groups of four: `8e21 0c7f 55da 19b4 …`."""
    text = digest.hex() if isinstance(digest, bytes) else digest
    groups = [text[i : i + 4] for i in range(0, min(len(text), 16), 4)]
    return " ".join(groups) + (" …" if len(text) > 16 else "")


def credit_code(code: str | None) -> str:
    """The 18 characters as printed on the licence, or a dash where there is none."""
    return code.upper() if code else "—"


def utc_now() -> datetime:
    """The clock of the web process."""
    return datetime.now(UTC)


def init_display(app: Flask) -> None:
    """Register the filters with the templates of `app`."""
    named = {"left": time_left}
    plain = (beijing, beijing_seconds, beijing_short, iso, date_iso, date_zh, yuan, capitals)
    spans = (duration, minutes, lot_title, lot_line)
    for function in (*plain, *spans, percent, fen, options, short_hash, credit_code):
        named[function.__name__] = function  # type: ignore[assignment]  # filters of several shapes in one table
    app.jinja_env.filters.update(named)
