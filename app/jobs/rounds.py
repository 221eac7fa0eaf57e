"""What is looked after on a cadence, whether there is news or not (design.md section 6).

A round judges everything as of now; nothing tells it that something happened. Of several processes
on one data folder one goes round (app.jobs.worker.Turn).
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.house import House
from app.jobs.rehearsals import send_reminders
from app.jobs.worker import Turn

LOOK_SECONDS = 1.0

log = structlog.get_logger("baohan.rounds")


@dataclass(frozen=True)
class Round:
    every: timedelta
    go: Callable[[House], None]
    """Bears repetition: a process may be killed in it."""


ROUNDS: Mapping[str, Round] = {
    "rehearsal_reminders": Round(timedelta(minutes=1), send_reminders),
}


def run(house: House, stop: threading.Event, turn: Turn, rounds: Mapping[str, Round]) -> None:
    """Until `stop`; each round is gone at once, then at its cadence."""
    gone: dict[str, datetime] = {}
    while not stop.is_set():
        if turn.mine():
            go_due(house, rounds, gone)
        stop.wait(LOOK_SECONDS)


def go_due(house: House, rounds: Mapping[str, Round], gone: dict[str, datetime]) -> None:
    """Those whose time has come; `gone` is when each was gone last. One that fails hinders no
    other, and comes again at its time."""
    for name, one in rounds.items():
        if name in gone and house.now() - gone[name] < one.every:
            continue
        gone[name] = house.now()
        try:
            one.go(house)
        except Exception as error:  # the database is away: next time
            log.error("failed", round=name, error=type(error).__name__)
