"""Two processes do everything at once: apply, decide, order, issue, open. One of each is left."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.databases import KINDS
from tests.faults.players import Outcome, Players, players
from tests.faults.stage import Stage
from tests.faults.theatre import Theatre, theatre_for

ROUNDS = 5
PLAYERS = 2


@pytest.fixture(scope="module", params=KINDS)
def theatre(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Theatre]:
    with theatre_for(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


def together(troupe: list[Players], stage: Stage) -> list[Outcome]:
    """Each plays the whole play, at the same time as the others."""
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda one=one: outcomes.append(one.play(stage))) for one in troupe
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return outcomes


def test_two_at_once_leave_what_one_leaves(theatre: Theatre) -> None:
    with ExitStack() as stack:
        troupe = [stack.enter_context(players(theatre.outside)) for _ in range(PLAYERS)]
        for one in troupe:
            with theatre.stage() as stage:
                one.to_the_end(stage, warm=True)
        for number in range(ROUNDS):
            with theatre.stage() as stage:
                outcomes = together(troupe, stage)
                assert [one.error for one in outcomes] == [""] * PLAYERS, number
                assert theatre.left(stage) == theatre.undisturbed, number
