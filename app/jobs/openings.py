"""The opening of a lot, run in a thread of the process whose page was asked (sealing.md step 9).

    start(house, actor, now, lot, passphrase)   raises what can be said at once; a thread goes on
    start_with(house, actor, now, lot, means)   with shares that a token or the recovery key gave
    running(lot)                                whether it does; progress stands in the database

The procurer's private keys are held in the thread's memory and nowhere else. Stopped anywhere,
the page asks again; what has its verdict keeps it. Letters whose trustees have not agreed yet are
waited for a while (WAIT_SECONDS); then, too, the page asks again.
"""

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from app.house import House
from app.jobs import opened_files, timekeeping, verdicts
from app.jobs.opened_files import read_letter, read_list
from app.jobs.publishing import publish_all
from guarantees.errors import Unavailable
from guarantees.flow import open_lot
from guarantees.flow.open_lot import Plan, Sealed, Verdict
from guarantees.flow.steps.means import Means
from guarantees.queries import openings
from guarantees.records import trustbook
from guarantees.values.actor import Actor
from signing.seal import SealBroken
from signing.timekeeper.protocol import Refusal

__all__ = [
    "awaited",
    "read_letter",
    "read_list",
    "running",
    "start",
    "start_with",
    "wait",
    "wait_for_all",
]

WAIT_SECONDS = 1800.0
"""For trustees: they know when T is. The procurer's keys are in memory all the while."""

LOOK_SECONDS = 1.0
"""Between two looks whether one has agreed meanwhile."""

BATCH = 200
"""Letters whose shares are asked for in one call."""

AT_ONCE = 2
"""Letters opened and judged side by side: as many as the verifier has processes."""

Share = bytes | Refusal
Opened = tuple[Sealed, Verdict | None, str]
"""A letter, its verdict and where its PDF is kept ("" if it was not opened). None: it did not open
by the parts that are there, but there are trustees who have not answered."""

log = structlog.get_logger("baohan.opening")


@dataclass
class _Run:
    """One opening under way."""

    house: House
    actor: Actor
    lot: str
    means: Means = field(repr=False)
    tried: dict[str, frozenset[trustbook.Seat]] = field(default_factory=dict)
    """Case → parts with which it did not open, though not all trustees have answered."""
    joined: bool = False
    """Somebody brought more means since the run last looked."""

    def acting(self) -> tuple[Actor, datetime]:
        """The person and the moment of the next step.

        The code that was typed with the act covers the whole of it, however long it takes; all
        other rights are asked again at every step.
        """
        now = self.house.now()
        return replace(self.actor, second_factor_at=now), now


_ending = threading.Event()
"""The process ends."""

_lock = threading.Lock()
_runs: dict[str, threading.Thread | None] = {}
"""Lot → its thread; None while the first shares are asked for."""

_under_way: dict[str, _Run] = {}
"""Lot → what its thread works with."""

_awaited: dict[str, frozenset[str]] = {}
"""Lot → roles of the trustees that its run waits for."""


def start(house: House, actor: Actor, now: datetime, lot: str, passphrase: str) -> None:
    """Begin to open the lot, or join the run that is under way.

    Before anything is written: PassphraseRefused, OtherKeyNeeded, TooEarly, Unavailable,
    TimekeeperRefused (its reason in its own words), and what the flow raises for those who may not.
    """
    with house.sessions.reading() as session:
        openings.room(session, actor, now, lot)  # who opens must be able to read the result
        keys = open_lot.unlock_keys(session, actor, now, lot, passphrase)
    _start(_Run(house, actor, lot, Means(keys)), other_keys_will_do=False)


def start_with(house: House, actor: Actor, now: datetime, lot: str, means: Means) -> None:
    """The same with shares that were taken out elsewhere, or with none: then the opening begins,
    and its sealed shares can be fetched. Letters that these means do not open wait."""
    with house.sessions.reading() as session:
        openings.room(session, actor, now, lot)
    _start(_Run(house, actor, lot, means), other_keys_will_do=True)


def _start(run: _Run, *, other_keys_will_do: bool) -> None:
    with _lock:
        if run.lot in _runs:
            _join(run)
            return
        _runs[run.lot] = None
        _under_way[run.lot] = run
    try:
        plan = _prepare(run)
        mine = open_lot.within_reach(plan, run.means)
        ready = _ready(run, mine)
        # The timekeeper first: before T by its clock nothing is said of letters, not even this.
        shares = _first_shares(run, ready)
        if plan.letters and not mine.letters and not other_keys_will_do:
            raise open_lot.other_keys(plan)
        _begin(run, plan)
        leaves = [one.leaf for one in plan.letters]
        thread = threading.Thread(target=_work, args=(run, ready, shares, leaves), name="opening")
        _runs[run.lot] = thread
        thread.start()
    except BaseException:
        with _lock:
            _forget(run)
        raise


def _join(run: _Run) -> None:
    """The run under way goes on with these means, too: it may be waiting for a trustee."""
    under_way = _under_way[run.lot]
    under_way.means.join(run.means)
    under_way.joined = True


def _forget(run: _Run) -> None:
    run.means.clear()
    _runs.pop(run.lot, None)
    _under_way.pop(run.lot, None)


def running(lot: str) -> bool:
    """Whether this process is opening the lot now."""
    return lot in _runs


def awaited(lot: str) -> frozenset[str]:
    """Roles of the trustees that the run in this process waits for now."""
    return _awaited.get(lot, frozenset())


def wait(lot: str, timeout: float | None = None) -> None:
    """Until the run has ended; at once if there is none."""
    thread = _runs.get(lot)
    if thread is not None:
        thread.join(timeout)


def wait_for_all(timeout: float) -> None:
    """At the end of a process: give what is under way this long, and wait for no trustee."""
    _ending.set()
    for lot in list(_runs):
        wait(lot, timeout)


def _prepare(run: _Run) -> Plan:
    actor, now = run.acting()
    with run.house.sessions.reading() as session:
        return open_lot.prepare(
            session,
            actor,
            now,
            run.lot,
            files=run.house.files,
            vault=run.house.sessions.vault,
        )


def _begin(run: _Run, plan: Plan) -> None:
    actor, now = run.acting()
    run.house.sessions.write(
        "begin_opening", lambda session: open_lot.begin(session, actor, now, plan)
    )


def _first_shares(run: _Run, plan: Plan) -> list[Share]:
    """Of the first batch: shows whether T has come by the timekeeper, too, bids or not."""
    return _shares(run, plan, plan.letters[:BATCH])


def _shares(run: _Run, plan: Plan, letters: Sequence[Sealed]) -> list[Share]:
    """One share, or why there is none, for each letter."""
    requests = [request for one in letters if (request := one.request()) is not None]
    answers = iter(timekeeping.released(run.house, plan.opening, requests))
    return [next(answers) if one.envelope else Refusal("broken_wrap") for one in letters]


def _work(run: _Run, plan: Plan, shares: list[Share], leaves: Sequence[bytes]) -> None:
    """The thread. Whatever stops it, the page offers to go on.

    No letter is issued any more: their leaves are published first, so that the list can say where
    each of them stands.
    """
    log.info("begun", opening=plan.opening)
    try:
        publish_all(run.house, leaves)
        while not (done := _open_all(run, plan, shares)) and _goes_on(run):
            plan, shares = replace(plan, letters=()), []
        log.info("finished" if done else "unfinished", opening=plan.opening)
    except Exception as error:  # the message may name a letter: type and service must do
        service = error.fields.get("service") if isinstance(error, Unavailable) else None
        log.error("interrupted", opening=plan.opening, error=type(error).__name__, service=service)
    finally:
        with _lock:
            _forget(run)


def _goes_on(run: _Run) -> bool:
    """Somebody brought more at the last moment; else the run has ended."""
    with _lock:
        if not run.joined:
            _forget(run)
        return run.joined


def _open_all(run: _Run, plan: Plan, shares: list[Share]) -> bool:
    """Whether the opening is closed; not while letters wait for a key that was not brought, or for
    trustees that have not agreed.

    Once the opening has begun no letter is settled any more: one look afterwards is enough,
    but for those that were settled between the first look and the beginning.
    """
    while True:
        _open_plan(run, plan, shares)
        seen = _given(run, plan)
        left = _prepare(run)
        run.joined = False
        mine = open_lot.within_reach(left, run.means)
        plan = _ready(run, mine)
        if plan.letters:
            shares = _first_shares(run, plan)
        elif mine.letters and _agreed(run, mine, seen):
            shares = []
        else:
            break
    if left.letters:
        return False
    _sign_list(run, plan)  # before the end: what has ended is complete
    return _finish(run, plan)


def _ready(run: _Run, plan: Plan) -> Plan:
    """The part of the plan whose trustees have agreed, less what did not open by these parts."""
    letters = (one for one in plan.letters if one.released)
    ready = (one for one in letters if run.tried.get(one.case) != frozenset(one.parts))
    return replace(plan, letters=tuple(ready))


def _given(run: _Run, plan: Plan) -> int:
    with run.house.sessions.reading() as session:
        return trustbook.given(session, plan.opening)


def _agreed(run: _Run, plan: Plan, seen: int) -> bool:
    """Waits until a trustee has given parts that were not there yet, or somebody has brought more
    means; False: nobody did in time."""
    actor, now = run.acting()
    roles = open_lot.trustees_awaited(plan.letters)
    run.house.sessions.write(
        "opening_waits",
        lambda session: open_lot.note_waiting(session, actor, now, plan, roles),
    )
    _awaited[run.lot] = roles
    try:
        return _gave_more(run, plan, seen)
    finally:
        del _awaited[run.lot]


def _gave_more(run: _Run, plan: Plan, seen: int) -> bool:
    until = time.monotonic() + WAIT_SECONDS
    while _given(run, plan) == seen and not run.joined:
        left = until - time.monotonic()
        if left <= 0 or _ending.wait(min(LOOK_SECONDS, left)):
            return False
    return True


def _open_plan(run: _Run, plan: Plan, first: list[Share]) -> None:
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="opening") as pool:
        for place in range(0, len(plan.letters), BATCH):
            letters = plan.letters[place : place + BATCH]
            shares = _shares(run, plan, letters) if place else first
            opened = pool.map(lambda pair: _open_one(run, *pair), zip(letters, shares, strict=True))
            _record_all(run, plan, opened)


def _record_all(run: _Run, plan: Plan, opened: Iterator[Opened]) -> None:
    """Each letter is one commit: a kill loses none that was shown."""
    for one, verdict, file in opened:
        if verdict is None:
            run.tried[one.case] = frozenset(one.parts)
        else:
            _record(run, plan, one, verdict, file)


def _record(run: _Run, plan: Plan, one: Sealed, verdict: Verdict, file: str) -> None:
    actor, now = run.acting()
    run.house.sessions.write(
        "open_letter",
        lambda session: open_lot.record(session, actor, now, plan, one, verdict, file),
    )


def _open_one(run: _Run, one: Sealed, share: Share) -> Opened:
    if isinstance(share, Refusal):
        return one, verdicts.withheld(share), ""
    try:
        letter = open_lot.unseal(one, run.means, share)
    except SealBroken:
        return one, None if one.lacking else verdicts.not_opened(), ""
    verdict = verdicts.judge(run.house, one, letter)
    return one, verdict, opened_files.keep_letter(run.house, one.case, letter)


def _sign_list(run: _Run, plan: Plan) -> None:
    """The list of all verdicts, signed once."""
    if run.house.files.get(opened_files.list_name(plan.opening)) is None:
        signed = run.house.letters.sign_list(_result(run))
        opened_files.keep_list(run.house, plan.opening, signed)


def _result(run: _Run) -> dict[str, Any]:
    actor, now = run.acting()
    with run.house.sessions.reading() as session:
        room = openings.room(session, actor, now, run.lot)
        return verdicts.result(session, room, actor, now)


def _finish(run: _Run, plan: Plan) -> bool:
    actor, now = run.acting()
    listed = read_list(run.house, plan.opening)
    digest = None if listed is None else hashlib.sha256(listed).digest()
    return run.house.sessions.write(
        "finish_opening", lambda session: open_lot.finish(session, actor, now, plan, digest)
    )
