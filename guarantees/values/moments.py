"""Moments are aware and stored in UTC; people of the field read Beijing time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Before everything."""


def beijing_date(moment: datetime) -> date:
    return moment.astimezone(BEIJING).date()


def beijing_text(moment: datetime) -> str:
    """As on pages and in messages: 2026-03-17 09:30."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
