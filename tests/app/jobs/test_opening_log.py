"""What an opening leaves in the log, and what its signed list says of it."""

import ast
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.house import House
from app.jobs import openings
from app.jobs.publishing import publish
from app.jobs.sequencer import Sequencer
from app.jobs.worker import Jobs
from guarantees.flow.publish_log import BATCH
from guarantees.queries import log as queries
from guarantees.queries.openings import room
from guarantees.records import log as records
from guarantees.records.sealed import LogLeaf
from signing.seal import leaf_of
from tests.app.jobs.steps import get, paid
from tests.house import OPENING
from tests.log_house import Signer
from tests.world import PASSPHRASE, World


def open_it(world: World, house: House) -> dict[str, object]:
    """Answers the document of the signed list (tests.world.PlainLetters)."""
    world.now = max(world.now, OPENING)
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    seen = world.read(room, world.as_("procurer"), world.now, world.lot)
    assert seen.state == "opened"
    held = openings.read_list(house, seen.opening)
    assert held is not None
    document: dict[str, object] = ast.literal_eval(held.decode())
    return document


def places(house: House) -> dict[bytes, int | None]:
    with house.sessions.reading() as session:
        return {one.leaf: one.index for one in session.scalars(select(LogLeaf))}


@pytest.fixture
def case(world: World, house: House) -> str:
    made = paid(world)
    assert Jobs(house).run_due()
    return made


def test_letters_are_published_before_their_result(world: World, house: House, case: str) -> None:
    letter = get(world, case).letter
    assert letter is not None
    assert places(house)[letter.leaf] is None
    document = open_it(world, house)
    index = places(house)[letter.leaf]
    assert index is not None
    [listed] = document["letters"]  # type: ignore[misc]
    assert (listed["leaf"], listed["index"]) == (letter.leaf.hex(), index)
    assert listed["letter"] == "PASSED"
    opened = house.log.opened()
    assert opened is not None
    head = opened.checkpoint
    assert document["log"] == {
        "origin": head.origin, "size": head.size, "root": head.root.hex(),
        "at_deadline": None,  # the log began after it
    }  # fmt: skip


def test_the_deadline_shows_what_came_after_it(world: World, house: House, case: str) -> None:
    """Published before the deadline: within the deadline's checkpoint, and the list says so."""
    publish(house)
    world.now = OPENING
    assert Sequencer(house).look()
    world.now = OPENING + timedelta(seconds=5)
    document = open_it(world, house)
    [listed] = document["letters"]  # type: ignore[misc]
    assert document["log"]["at_deadline"] == 2 * BATCH  # type: ignore[index]
    assert document["log"]["size"] == 3 * BATCH  # type: ignore[index]
    assert listed["index"] < BATCH


def test_without_the_signer_the_list_says_that_it_is_unpublished(
    world: World, house: House, case: str
) -> None:
    signer = house.log.signer
    assert isinstance(signer, Signer)
    signer.away = True
    document = open_it(world, house)
    [listed] = document["letters"]  # type: ignore[misc]
    assert listed["index"] is None
    assert listed["letter"] == "PASSED"
    assert document["log"] is None


def test_the_signed_list_is_logged_too(world: World, house: House, case: str) -> None:
    open_it(world, house)
    seen = world.read(room, world.as_("procurer"), world.now, world.lot)
    held = openings.read_list(house, seen.opening)
    assert held is not None
    digest = hashlib.sha256(held).digest()
    with house.sessions.reading() as session:
        leaf = leaf_of(records.salt_of(session, "opening", digest), digest)
        place = queries.place(session, leaf)
    assert place is not None
    assert place.index is None
    publish(house)
    index = places(house)[leaf]
    assert index is not None
    assert house.log.includes(leaf, index)
