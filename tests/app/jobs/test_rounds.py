"""The rounds: every few minutes, whatever one institution's cases do."""

import threading
from datetime import timedelta

import pytest

from app.house import House
from app.jobs.rounds import Rounds
from app.jobs.worker import Jobs
from app.processes.web import lanes_of
from guarantees.flow import lapse
from guarantees.sums.validity import QUOTE_VALID
from tests.app.jobs.steps import applied, get
from tests.house import Mailbox
from tests.world import World


def test_the_web_process_makes_rounds(house: House) -> None:
    assert [type(one) for one in lanes_of(house)].count(Rounds) == 1


def test_a_round_ends_what_nobody_paid_and_tells_the_supplier(world: World, house: House) -> None:
    case = applied(world)
    Jobs(house).run_due()
    assert isinstance(house.mailer, Mailbox)
    house.mailer.mails.clear()
    world.now += QUOTE_VALID
    assert Rounds(house).run_due() == 1
    assert get(world, case).state == "lapsed"
    Jobs(house).run_due()
    assert [to for to, _, _ in house.mailer.mails] == ["supplier@example.invalid"]


def test_rounds_keep_their_own_pace(world: World, house: House) -> None:
    applied(world)
    rounds = Rounds(house)
    world.now += QUOTE_VALID - timedelta(seconds=1)
    assert rounds.run_due() == 0
    world.now += Rounds.every - timedelta(seconds=1)
    assert rounds.run_due() == 0
    world.now += timedelta(seconds=1)
    assert rounds.run_due() == 1


def test_a_case_that_fails_holds_up_no_other(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [applied(world, who) for who in ("supplier", "rival")]
    real = lapse.lapse

    def failing(session: object, now: object, case: str) -> bool:
        if case == cases[1]:
            raise ValueError(case)
        return real(session, now, case)  # type: ignore[arg-type]

    monkeypatch.setattr(lapse, "lapse", failing)
    world.now += QUOTE_VALID
    assert Rounds(house).run_due() == 1
    assert [get(world, one).state for one in cases] == ["lapsed", "awaiting_payment"]


def test_a_round_is_broken_off_when_the_process_ends(world: World, house: House) -> None:
    applied(world)
    world.now += QUOTE_VALID
    stop = threading.Event()
    stop.set()
    assert Rounds(house).run_due(stop) == 0
