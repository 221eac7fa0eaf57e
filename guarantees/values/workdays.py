"""Periods in calendar days (日) and working days (工作日): two units, never mixed.

Pure arithmetic over a given calendar. The first day is not counted (民法典 art. 201). A year whose
holidays the State Council has not published is an error, not a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from guarantees.errors import N_, GuaranteeError

_LONGEST = 3660
"""Days; longer periods are written in years, and a typo must not loop for long."""


class YearNotPublished(GuaranteeError):
    """`year` is beyond the published holidays; a deadline reaching into it is provisional."""

    code = "year_not_published"
    text = N_(
        "国务院尚未公布 %(year)d 年的放假安排，涉及该年的工作日期限暂不能确定，公布后会重新计算。"
    )

    def __init__(self, year: int) -> None:
        super().__init__(year=year)
        self.year = year


class BadPeriod(GuaranteeError):
    """A period outside 0 to 3660 days."""

    code = "bad_period"
    text = N_("期限 %(length)d 天超出范围，应在 0 到 %(limit)d 之间。")


class Unit(StrEnum):
    """What a period counts. TBR-57 says 5 days (日), GPR-33 says 5 working days (工作日)."""

    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked, year by year, and who says so."""

    source: str
    """Where the table comes from, in words for a reader."""

    years: Mapping[int, Mapping[date, bool]]
    """For each published year every date of it, True if worked (weekends worked in lieu too)."""

    def is_workday(self, day: date) -> bool:
        """Whether `day` is worked; YearNotPublished if nobody can know yet."""
        try:
            return self.years[day.year][day]
        except KeyError:
            raise YearNotPublished(day.year) from None


def add_workdays(start: date, count: int, calendar: Calendar) -> date:
    """The last day of a period of `count` working days after `start` (itself not counted)."""
    _check_length(count)
    day = start
    while count:
        day += timedelta(days=1)
        count -= calendar.is_workday(day)
    return day


def add_days(start: date, count: int) -> date:
    """The last day of a period of `count` calendar days after `start` (itself not counted)."""
    _check_length(count)
    return start + timedelta(days=count)


def add(start: date, count: int, unit: Unit, calendar: Calendar) -> date:
    """The last day of a period in either unit; calendar days need no published year."""
    if unit is Unit.WORKING_DAY:
        return add_workdays(start, count, calendar)
    return add_days(start, count)


def workdays_between(start: date, end: date, calendar: Calendar) -> int:
    """Working days after `start` up to and including `end`; negative if `end` comes first."""
    if end < start:
        return -workdays_between(end, start, calendar)
    _check_length((end - start).days)
    days = ((start + timedelta(days=n)) for n in range(1, (end - start).days + 1))
    return sum(calendar.is_workday(day) for day in days)


def roll_to_workday(day: date, calendar: Calendar) -> date:
    """`day`, or the next worked day if it is a day off (民法典 art. 203, end of a period)."""
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return day


def _check_length(count: int) -> None:
    if not 0 <= count <= _LONGEST:
        raise BadPeriod(length=count, limit=_LONGEST)
