"""Moments as text: always UTC, always microseconds, so that one moment has one spelling."""

from datetime import UTC, datetime, timedelta


def to_text(moment: datetime) -> str:
    """2026-03-01T01:30:00.000000Z; ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is not a moment")
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """The moment in UTC; ValueError for any other spelling than to_text's."""
    moment = datetime.fromisoformat(text)
    if to_text(moment) != text:
        raise ValueError("not a moment in UTC with microseconds")
    return moment.astimezone(UTC)


def seconds_text(duration: timedelta) -> str:
    """Seconds with three decimals: text, since what is hashed holds no fractions."""
    return f"{duration.total_seconds():.3f}"
