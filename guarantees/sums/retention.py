"""How long procurement files are kept: 15 years from the end of the procurement (GPL-42)."""

from datetime import date

YEARS = 15


def kept_until(ended_on: date) -> date:
    """The last day: the corresponding day of the last year, or the last of its month where there
    is none (民法典 art. 202)."""
    year = ended_on.year + YEARS
    try:
        return ended_on.replace(year=year)
    except ValueError:  # the 29th of February
        return date(year, 2, 28)
