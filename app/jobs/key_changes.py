"""A change of key, run in a thread of the process where the old passphrase was typed.

    start(house, actor, now, key, passphrase, new, again)   raises what can be said at once
    running(key)                                            whether this process is at it

The old private key is held in the thread's memory and nowhere else. Killed anywhere, the old key
still opens everything; the old passphrase typed again goes on from the beginning of the cases, so
that a change that was ended has seen each of them. Nobody is told how many there are.
"""

import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from app.house import House
from guarantees.errors import PassphraseRefused
from guarantees.flow import change_key, make_opening_key
from guarantees.flow.change_key import Done, Plan
from guarantees.values.actor import Actor
from signing.seal import KeyLocked, unwrap_private

CHUNK = 16
"""Cases written in one commit: others wait for it."""

log = structlog.get_logger("baohan.key_change")


@dataclass
class _Run:
    """One change under way."""

    house: House
    actor: Actor
    plan: Plan
    old: bytearray = field(repr=False)

    def acting(self) -> tuple[Actor, datetime]:
        """The code that was typed with the act covers the whole of it (app.jobs.openings)."""
        now = self.house.now()
        return replace(self.actor, second_factor_at=now), now


_lock = threading.Lock()
_runs: dict[str, threading.Thread | None] = {}
"""Old key → its thread; None while it is being begun."""


def start(
    house: House, actor: Actor, now: datetime, key: str, passphrase: str, new: str, again: str
) -> None:
    """Begin the change, or go on with one that was begun (then `new` and `again` do not count).

    Before anything is written: PassphraseRefused for the old passphrase, InvalidInput for the new
    one, and what the flow raises.
    """
    with house.sessions.reading() as session:
        plan = change_key.prepare(session, actor, now, key)
    try:
        old = unwrap_private(plan.old.wrapped or b"", passphrase)
    except KeyLocked:
        raise PassphraseRefused(noun="opening key") from None
    with _lock:
        if key in _runs:
            return
        _runs[key] = None
    try:
        if not plan.change:
            plan = _begun(house, actor, now, plan, old, new, again)
        run = _Run(house, actor, plan, bytearray(old))
        thread = threading.Thread(target=_work, args=(run,), name="key-change")
        _runs[key] = thread
        thread.start()
    except BaseException:
        with _lock:
            _runs.pop(key, None)
        raise


def running(key: str) -> bool:
    """Whether this process is changing the key now."""
    return key in _runs


def wait(key: str, timeout: float | None = None) -> None:
    """Until the run has ended; at once if there is none."""
    thread = _runs.get(key)
    if thread is not None:
        thread.join(timeout)


def wait_for_all(timeout: float) -> None:
    for key in list(_runs):
        wait(key, timeout)


def _begun(
    house: House, actor: Actor, now: datetime, plan: Plan, old: bytes, new: str, again: str
) -> Plan:
    made = make_opening_key.prepare(actor, new, again)
    house.sessions.write(
        "key_change", lambda session: change_key.begin(session, actor, now, plan, made, old)
    )
    with house.sessions.reading() as session:
        return change_key.prepare(session, actor, now, plan.old.id)


def _work(run: _Run) -> None:
    """The thread. Whatever stops it, the page offers to go on."""
    log.info("begun", change=run.plan.change)
    try:
        _change(run)
        log.info("complete", change=run.plan.change)
    except Exception as error:  # the message may name a case
        log.error("interrupted", change=run.plan.change, error=type(error).__name__)
    finally:
        run.old[:] = bytes(len(run.old))
        with _lock:
            _runs.pop(run.plan.old.id, None)


def _change(run: _Run) -> None:
    with run.house.sessions.reading() as session:
        cases = change_key.cases(session)
    secrets.SystemRandom().shuffle(cases)
    done = Done()
    for place in range(0, len(cases), CHUNK):
        done.wraps += _chunk(run, cases[place : place + CHUNK])
    actor, now = run.acting()
    run.house.sessions.write(
        "key_change",
        lambda session: change_key.complete(session, actor, now, run.plan.change, done.digest),
    )


def _chunk(run: _Run, chunk: list[str]) -> list[bytes]:
    actor, now = run.acting()
    files, vault = run.house.files, run.house.sessions.vault
    return run.house.sessions.write(
        "key_change",
        lambda session: change_key.rewrap(
            session, actor, now, run.plan, bytes(run.old), chunk, files=files, vault=vault
        ),
    )
