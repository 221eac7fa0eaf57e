"""Letters sealed under the profile in force, and their opening by the procurer."""

import time

from app.house import House
from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.queries import openings as queries
from guarantees.queries.openings import Room
from tests.app.jobs.steps import paid
from tests.house import OPENING
from tests.world import PASSPHRASE, World


def sealed_letters(world: World, house: House, *who: str) -> list[str]:
    """Letters under the profile in force; it is T."""
    made = [paid(world, one) for one in who or ("supplier", "rival")]
    Jobs(house).run_due()
    world.now = OPENING
    return made


def start(world: World, house: House) -> None:
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)


def opened(world: World, house: House) -> Room:
    start(world, house)
    openings.wait(world.lot, 60)
    assert not openings.running(world.lot)
    return room(world)


def room(world: World) -> Room:
    return world.read(queries.room, world.as_("procurer"), world.now, world.lot)


def until_waiting(world: World) -> frozenset[str]:
    until = time.monotonic() + 30
    while not openings.awaited(world.lot):
        assert openings.running(world.lot), "it ended without waiting"
        assert time.monotonic() < until
        time.sleep(0.005)
    return openings.awaited(world.lot)


def verdicts(seen: Room) -> list[str]:
    return [one.verdict for one in seen.results]
