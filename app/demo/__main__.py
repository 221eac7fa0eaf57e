"""`python -m app.demo`: loads the demonstration into an empty database, by the flows people use.

Says "ready" on standard output once everything stands that is there at the start, then waits for
the opening that it holds itself. The web process, its jobs, the bank, the signer and the timekeeper
do their parts, so they must run. A database that has organisations already is left alone.
"""

import sys

import structlog

from app.adapters.assemble import assembled
from app.demo import offers, people, projects
from app.demo.cases import Play, get, perform
from app.demo.projects import Loaded
from app.demo.secrets import DemoSecrets
from app.demo.stage import Stage, TookTooLong
from app.jobs import openings
from app.processes import child, run_file
from app.processes.places import Places
from app.settings import BadSetting, read
from guarantees.errors import GuaranteeError, InvalidInput
from guarantees.queries.openings import room
from signing.errors import SigningError

READY = "ready"
LOADING = "demonstration.loading"
"""File in the data folder while not everything stands."""

LETTER_SECONDS = 60.0
"""For bank, notice, job and signer together."""

ATTEMPTS = 3
"""An opening that was interrupted goes on where it was."""

LATE_ACCOUNT = "6222000000000000002"
BROKE_ACCOUNT = "6222000000000000001"
"""By their last digits the sandbox bank pays a minute late, or not at all (bank_rules.json)."""

BANK, INSURER, GUARANTOR = "政采投标保函", "投标保证保险保函", "投标担保函（全国）"

log = structlog.get_logger("demonstration")


def main() -> int:
    child.begin("demonstration")
    try:
        settings = read()
        if not settings.demonstration:
            raise BadSetting("only a demonstration gets demonstration data")
        running = run_file.read(Places(settings).run_file)
        with assembled(settings, running) as house:
            load_once(Stage(house, DemoSecrets.of(settings.data)))
    except (BadSetting, GuaranteeError, SigningError, TookTooLong) as error:
        details = "".join(error.errors.values()) if isinstance(error, InvalidInput) else ""
        log.error("not loaded", error=type(error).__name__, why=f"{error}{details}")
        return 1
    return 0


def load_once(stage: Stage) -> None:
    """Fill an empty database; BadSetting for one that an earlier start filled by half."""
    settings = stage.house.settings
    loading = settings.data / LOADING
    if stage.read(people.empty):
        loading.touch()
        opening = load(stage)
        loading.unlink()
        _say_ready()
        _hold_opening(stage, opening)
    elif loading.exists():
        raise BadSetting(
            "an earlier start was ended while it loaded the demonstration: empty the database,"
            f" remove {settings.data} and {settings.keys}, then start again"
        )
    else:
        _say_ready()


def _say_ready() -> None:
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


def load(stage: Stage) -> Loaded:
    """Everything but the opening that is held later: answers its project."""
    people.found_all(stage)
    people.make_opening_keys(stage)
    people.make_trustee_keys(stage)
    products = offers.publish_all(stage)
    offers.approve_all(stage)
    loaded = {one.demo.notice.name: one for one in projects.load_all(stage)}
    now = next(one for one in loaded.values() if one.demo.stage == "now")
    letters = [perform(stage, play, products) for play in _of_now(now)]
    letters += [perform(stage, play, products) for play in _of_soon(loaded)]
    for play in _of_every_state(loaded):
        made = perform(stage, play, products)
        letters += [made] if play.upto == "paid" else []
    stage.wait_until("the letters", lambda: _issued(stage, letters), LETTER_SECONDS)
    # Its premium comes late: the letter can no longer be made, and the application lapses.
    late = Play("supplier-c", "guarantor", GUARANTOR, now.lots[0], "paid", LATE_ACCOUNT)
    perform(stage, late, products)
    return now


def _of_now(now: Loaded) -> list[Play]:
    [lot] = now.lots
    return [
        Play("supplier", "bank", BANK, lot, "paid"),
        Play("supplier-b", "insurer", INSURER, lot, "paid"),
    ]


def _of_soon(loaded: dict[str, Loaded]) -> list[Play]:
    """The printed supplier has not applied here yet: a newcomer can."""
    soon = next(one for one in loaded.values() if one.demo.stage == "soon")
    [lot] = soon.lots
    return [
        Play("supplier-b", "bank", BANK, lot, "paid"),
        Play("supplier-c", "guarantor", GUARANTOR, lot, "paid"),
    ]


def _of_every_state(loaded: dict[str, Loaded]) -> list[Play]:
    first, second = loaded["全自动免疫检测流水线采购"].lots
    [laundry] = loaded["医用织物智能洗涤综合服务"].lots
    [court] = loaded["智慧法庭设备采购"].lots
    return [
        Play("supplier", "bank", BANK, first, "paid"),
        Play("supplier-b", "insurer", INSURER, first, "paid"),
        Play("supplier-c", "guarantor", GUARANTOR, first, "submitted"),
        Play("supplier-b", "guarantor", GUARANTOR, second, "in_review"),
        Play("supplier", "insurer", INSURER, second, "returned"),
        Play("supplier-c", "bank", BANK, second, "awaiting_payment"),
        Play("supplier", "guarantor", GUARANTOR, laundry, "declined"),
        Play("supplier-b", "insurer", INSURER, laundry, "withdrawn"),
        Play("supplier-c", "bank", BANK, court, "unpaid", BROKE_ACCOUNT),
    ]


def _issued(stage: Stage, cases: list[str]) -> bool:
    return all(get(stage, one).state == "issued" for one in cases)


def _hold_opening(stage: Stage, loaded: Loaded) -> None:
    """As the procurer's opener: with the passphrase, once T has come by the timekeeper too."""
    [lot] = loaded.lots
    opener = loaded.procurer
    opening_time = loaded.demo.notice.opening_time
    assert opening_time is not None  # nosec B101 - registered, so it has one
    seconds = max(0.0, (opening_time - stage.house.now()).total_seconds())
    stage.wait_until("T", lambda: stage.house.now() >= opening_time, seconds + 5)
    passphrase = stage.secrets.passphrase(opener)
    for _ in range(ATTEMPTS):
        actor = stage.actor(opener)
        openings.start(stage.house, actor, stage.house.now(), lot, passphrase)
        openings.wait(lot, LETTER_SECONDS)
        if stage.read(room, actor, stage.house.now(), lot).state == "opened":
            return
    raise TookTooLong("the opening", ATTEMPTS * LETTER_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
