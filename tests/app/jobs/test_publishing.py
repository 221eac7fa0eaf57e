"""The log is published in batches of one size, whatever waits, and nothing of it can be lost."""

import hashlib
import secrets
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.adapters.log import Busy
from app.house import House
from app.jobs.publishing import publish, publish_all
from app.jobs.sequencer import Sequencer
from guarantees.flow import publish_log
from guarantees.flow.publish_log import BATCH
from guarantees.queries import log as queries
from guarantees.records import log as records
from guarantees.records.log import LogCut
from guarantees.records.sealed import LogLeaf
from signing import log
from tests.app.jobs.log_steps import changed, indexes, leave, opened, state
from tests.house import OPENING
from tests.log_house import CADENCE, ORIGIN, Signer, Timekeeper
from tests.world import World


def test_a_leaf_waits_then_stands_where_the_log_says(house: House) -> None:
    [leaf] = leave(house, 1)
    assert indexes(house, [leaf]) == {leaf: None}
    assert publish(house) == BATCH
    index = indexes(house, [leaf])[leaf]
    assert index is not None
    assert house.log.folder.entry(index, BATCH) == leaf
    assert house.log.includes(leaf, index)
    assert not house.log.includes(leaf, (index + 1) % BATCH)
    assert not house.log.includes(secrets.token_bytes(32), index)
    bundle = house.log.bundle(index)
    assert bundle is not None
    keys = house.log.folder.verifiers()
    checked = log.Bundle.read(bundle.to_bytes()).check(leaf, keys[0], keys[1:])
    assert checked.checkpoint.size == BATCH
    assert [one.verifier.name for one in checked.cosigned] == [f"{ORIGIN}/timekeeper"]


@given(counts=st.lists(st.integers(0, 150), min_size=1, max_size=4))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_batch_has_the_same_size_whatever_waits(house: House, counts: list[int]) -> None:
    for count in counts:
        leave(house, count)
        before = house.log.opened()
        size = before.checkpoint.size if before else 0
        assert publish(house) == size + BATCH
        tile = log.tile_of(log.ENTRIES, size, size + BATCH)
        entries = log.unbundle(house.log.folder.read(tile), tile)[-BATCH:]
        assert {len(entry) for entry in entries} == {32}
        assert len(set(entries)) == BATCH


def test_what_is_too_much_waits_for_the_next_batch(house: House) -> None:
    leaves = leave(house, BATCH + 10)
    publish(house)
    found = indexes(house, leaves)
    assert sum(index is None for index in found.values()) == 10
    publish(house)
    found = indexes(house, leaves)
    places = [index for index in found.values() if index is not None]
    assert len(set(places)) == len(leaves)
    assert all(house.log.folder.entry(index, 2 * BATCH) == leaf for leaf, index in found.items()
               if index is not None)  # fmt: skip


def test_the_order_in_a_batch_is_that_of_chance(house: House) -> None:
    """One of 10! orders is that of the rows; twice in a row it would be no chance."""
    for _ in range(2):
        leaves = leave(house, 10)
        publish(house)
        places = [indexes(house, leaves)[leaf] for leaf in leaves]
        if places != sorted(places, key=lambda place: place or 0):
            return
    pytest.fail("the leaves stand in the order in which they came")


def test_a_leaf_that_comes_twice_counts_once(house: House) -> None:
    digest = hashlib.sha256(b"once").digest()
    for _ in range(2):
        leaf = house.sessions.write(
            "demo_data", lambda session: records.pending(session, "release", digest)
        )
    publish(house)
    with house.sessions.reading() as session:
        rows = session.scalars(select(LogLeaf).where(LogLeaf.leaf == leaf)).all()
    assert len(rows) == 1


def test_what_is_no_kind_or_no_digest_is_refused(house: House) -> None:
    with house.sessions.reading() as session:
        with pytest.raises(ValueError, match="no kind of leaf"):
            records.pending(session, "gossip", bytes(32))
        with pytest.raises(ValueError, match="a digest has 32 bytes"):
            records.pending(session, "seal", bytes(31))
        with pytest.raises(ValueError, match="the salt of a leaf has 32 bytes"):
            records.pending(session, "seal", bytes(32), b"short")


def test_kinds_look_alike(house: House) -> None:
    """The same thing under two kinds has two leaves, and neither row tells its kind."""
    digest = bytes(32)

    def both(session: object) -> set[bytes]:
        return {records.pending(session, kind, digest) for kind in ("release", "amendment")}  # type: ignore[arg-type]

    leaves = house.sessions.write("demo_data", both)
    assert {len(leaf) for leaf in leaves} == {32}
    assert len(leaves) == 2


# --- whose turn it is, and when


def test_the_sequencer_keeps_its_cadence_whatever_waits(world: World, house: House) -> None:
    sequencer = Sequencer(house)
    assert sequencer.look()
    assert not sequencer.look()
    leave(house, 100)
    world.now += CADENCE - timedelta(seconds=1)
    assert not sequencer.look()
    world.now += timedelta(seconds=1)
    assert sequencer.look()
    assert not sequencer.look()
    assert state(house).size == 2 * BATCH


def test_a_deadline_has_a_batch_of_its_own(world: World, house: House) -> None:
    sequencer = Sequencer(house)
    world.now = OPENING - timedelta(seconds=10)
    assert sequencer.look()
    world.now = OPENING - timedelta(seconds=1)
    assert not sequencer.look()
    world.now = OPENING
    assert sequencer.look()
    world.now += timedelta(seconds=1)
    assert not sequencer.look()
    with house.sessions.reading() as session:
        cuts = [(one.at, one.size) for one in session.scalars(select(LogCut))]
        assert queries.cut(session, OPENING) == 2 * BATCH
        assert queries.cut(session, OPENING + timedelta(days=1)) is None
    assert cuts == [(OPENING, 2 * BATCH)]


def test_a_deadline_that_nobody_saw_gets_the_next_batch(world: World, house: House) -> None:
    publish(house)
    world.now = OPENING + timedelta(hours=3)
    Sequencer(house).look()
    with house.sessions.reading() as session:
        assert queries.cut(session, OPENING) == 2 * BATCH


def test_a_new_process_goes_on_with_the_cadence(world: World, house: House) -> None:
    publish(house)
    world.now += timedelta(seconds=30)
    assert not Sequencer(house).look()
    world.now += timedelta(seconds=30)
    assert Sequencer(house).look()


def test_only_one_publishes(house: House) -> None:
    with house.log.alone(house.sessions.engine), pytest.raises(Busy):
        publish(house)
    assert publish(house) == BATCH


def test_what_was_decided_is_published_before_anything_else(house: House) -> None:
    """A batch that was killed before its tiles: the next one is that one."""
    leaves = leave(house, 5)
    publish(house)
    more = leave(house, 3)
    plan = house.sessions.write(
        "plan_batch", lambda session: publish_log.plan(session, house.now())
    )
    late = leave(house, 2)
    assert Sequencer(house).look()
    assert state(house).size == 2 * BATCH
    assert None not in indexes(house, leaves + more).values()
    assert set(indexes(house, late).values()) == {None}
    entries = [house.log.folder.entry(BATCH + place, 2 * BATCH) for place in range(BATCH)]
    assert tuple(entries) == plan.entries
    house.sessions.write(
        "publish_batch", lambda session: publish_log.settle(session, plan, bytes(32))
    )
    assert state(house).root == opened(house).checkpoint.root


def test_the_letters_of_an_opening_go_first(house: House) -> None:
    leave(house, 5 * BATCH)
    mine = leave(house, BATCH + 20)
    assert publish_all(house, mine)
    assert None not in indexes(house, mine).values()
    assert state(house).size <= 3 * BATCH


def test_an_opening_without_letters_has_its_batch_too(house: House) -> None:
    assert publish_all(house, [])
    assert state(house).size == BATCH


def test_without_its_signer_the_log_waits_and_the_opening_does_not(house: House) -> None:
    signer = house.log.signer
    assert isinstance(signer, Signer)
    leaves = leave(house, 3)
    signer.away = True
    with pytest.raises(log.FollowerAway):
        publish(house)
    assert not publish_all(house, leaves)
    signer.away = False
    assert publish_all(house, leaves)


def test_partial_tiles_go_once_they_are_full(house: House) -> None:
    for _ in range(4):
        publish(house)
    folder = house.log.folder.folder
    assert not (folder / "tile" / "0" / "000.p").exists()
    assert not (folder / "tile" / "entries" / "000.p").exists()
    assert (folder / "tile" / "0" / "000").stat().st_size == 8192
    assert (folder / "tile" / "1" / "000.p" / "1").stat().st_size == 32
    assert publish(house) == 5 * BATCH
    opened(house)


# --- those who follow


def test_a_cosigner_that_was_away_is_told_what_it_missed(house: House) -> None:
    keeper = Timekeeper()
    house = changed(house, cosigners=(keeper,))
    publish(house)
    keeper.away = True
    publish(house)
    assert opened(house).cosigned == ()
    publish(house)
    keeper.away = False
    publish(house)
    assert len(opened(house).cosigned) == 1
    assert keeper.cosigner.head(ORIGIN).size == 4 * BATCH


def test_keys_stand_beside_the_log_as_they_were_first_met(house: House) -> None:
    publish(house)
    [first, second] = house.log.folder.verifiers()
    assert (first.name, second.name) == (ORIGIN, f"{ORIGIN}/timekeeper")
    other = changed(house, cosigners=(*house.log.cosigners, Timekeeper()))
    publish(other)
    assert other.log.folder.verifiers()[:2] == (first, second)


def test_a_signer_with_another_key_is_noticed(house: House) -> None:
    publish(house)
    with pytest.raises(log.NotFollowed):
        publish(changed(house, signer=Signer()))
    assert opened(house).checkpoint.size == BATCH


def test_tiles_that_are_not_ours_are_not_written_over(house: House) -> None:
    publish(house)
    house.sessions.write("plan_batch", lambda session: publish_log.plan(session, house.now()))
    house.log.folder.put(log.Tile(0, 0, 2 * BATCH), bytes(32 * 2 * BATCH))
    with pytest.raises(log.LogForked):
        publish(house)
