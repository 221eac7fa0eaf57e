"""Killed at every fault point of issuing, paying, opening, publishing, changing a key and ending a
lot, then begun again in a new process.

What is left equals what an undisturbed play leaves: one guarantee, one payment with one balanced
entry, one letter file, one log leaf, one verdict and one intent of each mail for every case.
"""

import json
from collections import Counter

import pytest

from signing import faults
from tests.faults.players import ENDED_BY_FAULT, alone
from tests.faults.points import ENDS_PLAYED, PLAYED
from tests.faults.theatre import Theatre
from tests.trustees import APPOINTED

FEW = 3


def chosen(kind: str, passes: int) -> list[int]:
    """Which passes kill: on SQLite all of a few, else the first, one in the middle and the last;
    on PostgreSQL the last."""
    if kind == "postgresql":
        return [passes]
    if passes <= FEW:
        return list(range(1, passes + 1))
    return [1, passes // 2 + 1, passes]


def test_an_undisturbed_play_leaves_one_of_everything(theatre: Theatre) -> None:
    left = json.loads(theatre.undisturbed)
    assert len(left["cases"]) == 2
    for case in left["cases"]:
        assert (case["state"], case["guarantee"]["state"]) == ("issued", "in_force")
        assert (case["letter"]["state"], case["sealed"]) == ("opened", False)
        assert [one["state"] for one in case["payments"]] == ["settled"]
        assert (case["entries"], len(case["postings"])) == (1, 2)
        assert len({one["what"] for one in case["events"]}) == len(case["events"])
    assert len(left["orders"]) == 2
    # Two of each letter, one of the signed list; three trustees' keys, and that they are trustees.
    assert left["leaves"] == 2 * 2 + 1 + APPOINTED
    assert Counter((verdict, logged) for _, verdict, _, logged in left["verdicts"]) == {
        ("verified", True): 2
    }
    assert left["openings"] == [["lot 0", "opened", 2]]
    assert all(done for _, _, done, _ in left["outbox"])
    kinds = Counter(name.partition("/")[0] for name in left["files"])
    assert kinds == {"sealed": 2, "letters": 2, "lists": 1}


def test_the_play_passes_every_point_of_its_steps(theatre: Theatre) -> None:
    assert set(theatre.passes) == set(PLAYED)


@pytest.mark.parametrize("point", PLAYED)
def test_killed_there_and_begun_again(theatre: Theatre, point: str) -> None:
    kill_and_begin_again(theatre, point)


def kill_and_begin_again(theatre: Theatre, point: str) -> None:
    for number in chosen(theatre.template.kind, theatre.passes[point]):
        with theatre.stage() as stage:
            killed = theatre.players.play(stage, fault=f"{point}:{number}")
            assert killed.code == ENDED_BY_FAULT, (number, killed)
            theatre.players.to_the_end(stage)
            assert theatre.left(stage) == theatre.undisturbed, number


def test_an_undisturbed_end_leaves_one_of_everything(ends: Theatre) -> None:
    left = json.loads(ends.undisturbed)
    withdrawn = [bool(one["withdrawal"]) for one in left["cases"]]
    assert sorted(withdrawn) == [False, True]
    assert all(one["sealed"] and one["rewraps"] == 1 for one in left["cases"])
    assert left["openings"] == [["lot 0", "ended", None], ["lot 1", "sealed", None]]
    kept, changed, keys = left["ends"]
    assert kept == [["lot 0", "ended", 1], ["lot 1", "kept", 0]]
    assert (changed, keys) == ([["complete", True]], ["active", "retired"])
    assert left["exposure"] == {}
    assert all(done for _, _, done, _ in left["outbox"])


def test_the_end_passes_every_point_of_its_steps(ends: Theatre) -> None:
    assert set(ends.passes) == set(ENDS_PLAYED)


@pytest.mark.parametrize("point", ENDS_PLAYED)
def test_an_end_killed_there_and_begun_again(ends: Theatre, point: str) -> None:
    kill_and_begin_again(ends, point)


def test_the_variable_kills_a_process_that_was_started_for_it(theatre: Theatre) -> None:
    """No fork: the environment alone, as an operator's test would set it."""
    with theatre.stage() as stage:
        for fault in ("settle_letter.before_commit:2", "open_letter.after_commit"):
            assert alone(stage, theatre.outside, "letters", fault) == ENDED_BY_FAULT
        assert alone(stage, theatre.outside, "letters", "") == 0
        assert theatre.left(stage) == theatre.undisturbed
    assert ENDED_BY_FAULT == faults.EXIT_CODE == 137
