from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.values.published_workdays import FIRST_YEAR, LAST_YEAR, published_calendar
from guarantees.values.workdays import (
    BadPeriod,
    Calendar,
    Unit,
    YearNotPublished,
    add,
    add_days,
    add_workdays,
    roll_to_workday,
    workdays_between,
)

CALENDAR = published_calendar()
days = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 10, 1))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2025, 10, 1), False),  # National Day
        (date(2025, 10, 8), False),  # the last day of that holiday
        (date(2025, 10, 11), True),  # a Saturday worked in lieu
        (date(2025, 9, 28), True),  # a Sunday worked in lieu
        (date(2026, 2, 17), False),  # Spring Festival
        (date(2026, 3, 14), False),  # a plain Saturday
        (date(2026, 3, 16), True),  # a plain Monday
    ],
)
def test_holidays_and_days_worked_in_lieu(day: date, worked: bool) -> None:
    assert CALENDAR.is_workday(day) is worked


def test_the_table_has_every_day_and_says_where_it_is_from() -> None:
    assert sorted(CALENDAR.years) == list(range(2020, 2027))
    assert sum(len(year) for year in CALENDAR.years.values()) == 2557
    assert "国务院办公厅" in CALENDAR.source


def test_a_period_jumps_over_a_holiday() -> None:
    # Five working days from 30 September 2025: 9, 10, 11 (in lieu), 13, 14 October.
    assert add_workdays(date(2025, 9, 30), 5, CALENDAR) == date(2025, 10, 14)
    assert add_days(date(2025, 9, 30), 5) == date(2025, 10, 5)


def test_the_unit_decides() -> None:
    award = date(2025, 9, 30)
    assert add(award, 5, Unit.WORKING_DAY, CALENDAR) == date(2025, 10, 14)
    assert add(award, 5, Unit.CALENDAR_DAY, CALENDAR) == date(2025, 10, 5)


@given(days, st.integers(0, 40))
def test_adding_and_counting_agree(start: date, count: int) -> None:
    end = add_workdays(start, count, CALENDAR)
    assert workdays_between(start, end, CALENDAR) == count
    assert count == 0 or CALENDAR.is_workday(end)
    assert workdays_between(end, start, CALENDAR) == -count


@given(days, st.integers(0, 20), st.integers(0, 20))
def test_periods_add_up(start: date, a: int, b: int) -> None:
    middle = add_workdays(start, a, CALENDAR)
    assert add_workdays(middle, b, CALENDAR) == add_workdays(start, a + b, CALENDAR)


@given(days, st.integers(0, 40))
def test_working_days_are_never_shorter_than_calendar_days(start: date, count: int) -> None:
    assert add_workdays(start, count, CALENDAR) >= add_days(start, count)


@given(days)
def test_rolling_ends_on_the_next_worked_day(day: date) -> None:
    rolled = roll_to_workday(day, CALENDAR)
    assert CALENDAR.is_workday(rolled)
    between = (day + timedelta(days=n) for n in range((rolled - day).days))
    assert not any(CALENDAR.is_workday(one) for one in between)


def test_an_unpublished_year_is_an_error_not_a_guess() -> None:
    with pytest.raises(YearNotPublished) as caught:
        add_workdays(date(2026, 12, 30), 3, CALENDAR)
    assert caught.value.year == 2027
    assert "2027" in str(caught.value)
    assert add_days(date(2026, 12, 30), 3) == date(2027, 1, 2)
    with pytest.raises(YearNotPublished):
        CALENDAR.is_workday(date(2019, 12, 31))


def test_a_given_table_is_all_that_counts() -> None:
    first = date(2030, 1, 1)
    table = {first + timedelta(days=n): n % 2 == 0 for n in range(365)}
    every_other = Calendar(source="made up", years={2030: table})
    assert add_workdays(first, 3, every_other) == date(2030, 1, 7)


@pytest.mark.parametrize("count", [-1, 10_000])
def test_absurd_periods_are_refused(count: int) -> None:
    with pytest.raises(BadPeriod):
        add_workdays(date(2026, 1, 5), count, CALENDAR)
    with pytest.raises(BadPeriod):
        add_days(date(2026, 1, 5), count)
