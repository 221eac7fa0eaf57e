"""Killed two hundred times at random between the first and the last write, then begun again.

A hundred kills fall in each play (tests.faults.play, tests.faults.ends), most of them on SQLite,
where a stage costs less. After each the repetition ends as an undisturbed run does, and the audit
finds nothing (tests.faults.summary).
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.players import KILLED, ROOT
from tests.faults.stage import Stage
from tests.faults.summary import glimpse
from tests.faults.theatre import Theatre
from tests.trustees import APPOINTED

KILLS = {"sqlite": 70, "postgresql": 30}
MOST_LATE = 10
"""Plays that may end before their kill comes."""

Left = dict[str, Any]


@pytest.mark.timeout(1200)  # a hundred processes and more, on a machine that others use too
def test_letters_killed_at_random_and_begun_again(theatre: Theatre) -> None:
    reached = _killed_at_random(theatre, _at_letters)
    assert {"applying", "paying", "publishing", "opening"} <= set(reached)


@pytest.mark.timeout(1200)
def test_ends_killed_at_random_and_begun_again(ends: Theatre) -> None:
    reached = _killed_at_random(ends, _at_ends)
    assert {"changing the key", "ending", "publishing"} <= set(reached)


def _killed_at_random(theatre: Theatre, at: Callable[[Left], str]) -> Counter[str]:
    seed = random.randrange(2**32)
    print("seed", seed)
    moments = _moments(random.Random(seed), theatre.gaps)
    kills = KILLS[theatre.template.kind]
    reached: Counter[str] = Counter()
    late = 0
    while reached.total() < kills and late < MOST_LATE:
        with theatre.stage() as stage:
            outcome = theatre.players.play(stage, kill_after=next(moments))
            if outcome.code == KILLED:
                # The database must be readable at once.
                reached[at(glimpse(stage))] += 1
                theatre.players.to_the_end(stage)
            else:
                assert (outcome.code, outcome.error) == (0, "")
                late += 1
            assert theatre.left(stage) == theatre.undisturbed
            if reached.total() == kills:
                _audited(stage)
    print("killed while", dict(reached), "too late", late)
    assert reached.total() == kills
    return reached


def _moments(chance: random.Random, gaps: list[float]) -> Iterator[tuple[int, float]]:
    """A number of commits, and seconds after the last of them began but before the next one.

    At least one commit: kills fall between the first write and the last. Each gap between two
    commits has its turn before one comes again: the opening has few of them, and fifty moments of
    the clock alone would now and then all miss it.
    """
    while True:
        for commits in chance.sample(range(1, len(gaps)), len(gaps) - 1):
            yield commits, chance.uniform(0, gaps[commits])


def _audited(stage: Stage) -> None:
    """By the command itself, in a process of its own; after the other kills by the same code."""
    with tempfile.TemporaryDirectory() as outside:
        keys = shutil.copytree(stage.folder / "keys", Path(outside) / "keys")
        places = {"BAOHAN_DATA": str(stage.folder), "BAOHAN_KEYS": str(keys)}
        done = subprocess.run(
            (sys.executable, "-m", "app.cli", "audit"),
            cwd=ROOT,
            env=os.environ | places | {"DATABASE_URL": stage.url},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def _at_letters(left: Left) -> str:
    """What the killed play was at."""
    if left["openings"] != [["lot 0", "sealed", None]]:
        return "opening"
    if left["rows"]["log_state"]:
        return "publishing"
    if left["rows"]["log_leaf"] > APPOINTED:
        return "issuing"
    return "paying" if left["rows"]["sealed_index"] > 8 else "applying"


def _at_ends(left: Left) -> str:
    if left["rows"]["log_state"]:
        return "publishing"
    if left["rows"]["lot_end"]:
        return "ending"
    return "changing the key" if left["rows"]["key_change"] else "withdrawing"
