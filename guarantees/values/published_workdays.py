"""The calendar as published by the State Council for 2020 to 2026, from package chinesecalendar."""

from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version

import chinese_calendar

from guarantees.values.workdays import Calendar

FIRST_YEAR = 2020
LAST_YEAR = 2026
"""The last year whose holidays are published and in the package; the next is added by hand."""


@lru_cache(maxsize=1)
def published_calendar() -> Calendar:
    """Every day of 2020 to 2026 with its source; built once per process (2,557 days)."""
    source = (
        "国务院办公厅关于部分节假日安排的通知（各年），"
        f"据 chinesecalendar {version('chinesecalendar')} 整理"
    )
    years = {year: _year(year) for year in range(FIRST_YEAR, LAST_YEAR + 1)}
    return Calendar(source=source, years=years)


def _year(year: int) -> dict[date, bool]:
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    days = (first + timedelta(days=n) for n in range((after - first).days))
    return {day: chinese_calendar.is_workday(day) for day in days}
