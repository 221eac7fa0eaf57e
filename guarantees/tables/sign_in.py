"""How long things around signing in last: named numbers with their reasons."""

from datetime import timedelta

FREE_ATTEMPTS = 6
"""Wrong passwords or codes in a row before the first pause: room for an honest person's slips."""

FIRST_PAUSE = timedelta(minutes=1)
"""Doubles with each further failure."""

LONGEST_PAUSE = timedelta(minutes=15)
"""A cap, since whoever knows a login can keep its owner out for as long: about a hundred guesses
a day are left, against 10^6 codes and any password that app.auth.passwords lets through."""

IDLE = timedelta(minutes=30)
"""A login without requests for this long has ended."""

ABSOLUTE = timedelta(hours=12)
"""A login ends after a working day, whatever happens in it."""

HALF_WAY = timedelta(minutes=10)
"""From the password to the code; enrolling an authenticator takes a few minutes."""

INVITATION_LIFE = timedelta(days=7)

SIGNING_IN_ORGANISATIONS = frozenset({"active", "suspended"})
"""Organisations whose people may sign in; a suspended one runs its old business off."""


def pause_after(failures: int) -> timedelta:
    """How long an account rests after so many failures in a row; zero while attempts are free."""
    beyond = failures - FREE_ATTEMPTS
    if beyond < 0:
        return timedelta()
    doublings = min(beyond, 10)  # beyond that the cap holds anyway, and powers grow
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
