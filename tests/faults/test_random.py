"""Killed fifty times at random between the first and the last write, then begun again."""

import json
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.players import KILLED
from tests.faults.stage import Stage
from tests.faults.theatre import Theatre
from tests.trustees import APPOINTED

KILLS = 50
MOST_LATE = 10
"""Plays that may end before their kill comes."""


@pytest.mark.timeout(1200)  # a hundred processes and more, on a machine that others use too
def test_killed_at_random_and_begun_again(theatre: Theatre) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    moments = _moments(random.Random(seed), theatre.gaps)
    reached: Counter[str] = Counter()
    late = 0
    while reached.total() < KILLS and late < MOST_LATE:
        with theatre.stage() as stage:
            outcome = theatre.players.play(stage, kill_after=next(moments))
            if outcome.code == KILLED:
                reached[_reached(theatre, stage)] += 1
                theatre.players.to_the_end(stage)
            else:
                assert (outcome.code, outcome.error) == (0, "")
                late += 1
            assert theatre.left(stage) == theatre.undisturbed
    print("killed while", dict(reached), "too late", late)
    assert reached.total() == KILLS
    assert {"applying", "paying", "opening"} <= set(reached)


def _moments(chance: random.Random, gaps: list[float]) -> Iterator[tuple[int, float]]:
    """A number of commits, and seconds after the last of them but before the next one.

    Each gap between two commits has its turn before one comes again: the opening has few of
    them, and fifty moments of the clock alone would now and then all miss it.
    """
    while True:
        for commits in chance.sample(range(len(gaps)), len(gaps)):
            yield commits, chance.uniform(0, gaps[commits])


def _reached(theatre: Theatre, stage: Stage) -> str:
    """What the killed play was at; the database must be readable at once."""
    left = json.loads(theatre.left(stage))
    if left["opening"] != ["sealed", None]:
        return "opening"
    if left["leaves"] > APPOINTED:
        return "issuing"
    return "paying" if left["rows"]["sealed_index"] > 8 else "applying"
