"""How long a quote stands, and when an approved application that nobody pays ends (lapses)."""

from datetime import datetime, timedelta

QUOTE_VALID = timedelta(days=7)
"""A quote stands this long, and never beyond the submission deadline."""


def quote_until(made_at: datetime, deadline: datetime) -> datetime:
    """Until when the premium can be ordered."""
    return min(made_at + QUOTE_VALID, deadline)


def lapses_at(
    submitted_at: datetime, opening_time: datetime | None, *, under_way: bool
) -> datetime | None:
    """When an approved application ends that is not paid; None: not by itself.

    A payment that is under way was ordered in time and may still arrive until T, as a letter may
    still be made. Of the lot's times only T counts: a quote that the submission deadline cut short
    can no longer be paid from then on, but what is written at that moment, before T, would tell a
    thief of the database how many bid for that lot (sealing.md, L). A quote's own seven days begin
    with the application and tell nothing of a lot.
    """
    if under_way:
        return opening_time
    own = submitted_at + QUOTE_VALID
    return own if opening_time is None else min(own, opening_time)
