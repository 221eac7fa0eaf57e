"""Killed fifty times and more at random between the first and the last write, then begun again."""

import json
import random
from collections import Counter

import pytest

from tests.faults.players import KILLED
from tests.faults.stage import Stage
from tests.faults.theatre import Theatre

KILLS = {"sqlite": 50, "postgresql": 25}
MOST_LATE = 10
"""Plays that may end before their kill comes."""


@pytest.mark.timeout(1200)  # a hundred processes and more, on a machine that others use too
def test_killed_at_random_and_begun_again(theatre: Theatre) -> None:
    kills, commits = KILLS[theatre.template.kind], theatre.commits
    seed = random.randrange(2**32)
    print("seed", seed)
    moments = random.Random(seed)
    reached: Counter[str] = Counter()
    late = 0
    while reached.total() < kills and late < MOST_LATE:
        with theatre.stage() as stage:
            # A commit, and a moment before the next one.
            moment = moments.randrange(commits), moments.uniform(0, theatre.seconds / commits)
            outcome = theatre.players.play(stage, kill_after=moment)
            if outcome.code == KILLED:
                reached[_reached(theatre, stage)] += 1
                theatre.players.to_the_end(stage)
            else:
                assert (outcome.code, outcome.error) == (0, "")
                late += 1
            assert theatre.left(stage) == theatre.undisturbed
    print("killed while", dict(reached), "too late", late)
    assert reached.total() == kills
    assert {"applying", "paying", "opening"} <= set(reached)


def _reached(theatre: Theatre, stage: Stage) -> str:
    """What the killed play was at; the database must be readable at once."""
    left = json.loads(theatre.left(stage))
    if left["opening"] != ["sealed", None]:
        return "opening"
    if left["leaves"]:
        return "issuing"
    return "paying" if left["rows"]["sealed_index"] > 8 else "applying"
