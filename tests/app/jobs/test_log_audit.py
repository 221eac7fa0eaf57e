"""The audit of the log is clean after publishing, also half-way, and finds each kind of damage."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.adapters import log_audit
from app.house import House
from app.jobs.publishing import publish
from guarantees.flow import publish_log
from guarantees.flow.publish_log import BATCH
from guarantees.records import log as records
from guarantees.records.log import LogCut, LogState
from guarantees.records.sealed import LogLeaf
from signing import log
from tests.house import OPENING
from tests.signing.logs import MemoryLog
from tests.world import World


def rules(house: House) -> set[str]:
    with house.sessions.reading() as session:
        return {one.rule for one in log_audit.broken(session, house.log.folder)}


def file(house: House, path: str) -> Path:
    return house.log.folder.folder / path


@pytest.fixture
def filled(world: World, house: House) -> House:
    """Two full tiles and a partial one, with a few leaves of ours, and a deadline behind it."""
    for number in range(9):
        digest = secrets.token_bytes(32)
        house.sessions.write(
            "demo_data", lambda session, digest=digest: records.pending(session, "seal", digest)
        )
        if number == 5:
            world.now = OPENING + timedelta(seconds=1)
        publish(house)
    return house


def test_nothing_is_broken_before_between_and_after(house: House, filled: House) -> None:
    assert rules(filled) == set()
    filled.sessions.write("plan_batch", lambda session: publish_log.plan(session, filled.now()))
    assert rules(filled) == set()
    publish(filled)
    assert rules(filled) == set()


def test_a_log_that_has_not_begun_is_whole(house: House) -> None:
    assert rules(house) == set()


def lose_a_tile(house: House) -> None:
    file(house, "tile/0/001").unlink()


def change_a_tile(house: House) -> None:
    path = file(house, "tile/0/001")
    path.write_bytes(bytes(32) + path.read_bytes()[32:])


def change_a_higher_tile(house: House) -> None:
    path = file(house, "tile/1/000.p/2")
    path.write_bytes(path.read_bytes()[:32] + bytes(32))


def change_an_entry(house: House) -> None:
    path = file(house, "tile/entries/000")
    path.write_bytes(path.read_bytes()[:2] + bytes(32) + path.read_bytes()[34:])


def cut_a_bundle(house: House) -> None:
    path = file(house, "tile/entries/000")
    path.write_bytes(path.read_bytes()[:-1])


def sign_with_another_key(house: House) -> None:
    opened = house.log.opened()
    assert opened is not None
    text = opened.note.text
    other = log.sign(opened.checkpoint.origin, MemoryLog().key, text)
    house.log.folder.put_checkpoint(log.Note(text, (other,)).to_bytes())


def change_a_cosignature(house: House) -> None:
    opened = house.log.opened()
    assert opened is not None
    own, keeper = opened.note.signatures
    forged = log.Signature(keeper.name, keeper.key_id, bytes(len(keeper.value)))
    house.log.folder.put_checkpoint(log.Note(opened.note.text, (own, forged)).to_bytes())


def lose_the_checkpoint(house: House) -> None:
    file(house, "checkpoint").unlink()


def change_the_keys(house: House) -> None:
    house.log.folder.put_keys([MemoryLog().verifier])


def lose_the_state(house: House) -> None:
    house.sessions.write("demo_data", lambda session: session.execute(LogState.__table__.delete()))


def go_back(house: House) -> None:
    house.sessions.write(
        "demo_data", lambda session: session.execute(update(LogState).values(size=8 * BATCH))
    )


def change_the_root(house: House) -> None:
    house.sessions.write(
        "demo_data", lambda session: session.execute(update(LogState).values(root=bytes(32)))
    )


def move_a_leaf(house: House) -> None:
    def move(session: object) -> None:
        row = session.scalars(select(LogLeaf).where(LogLeaf.index.is_not(None))).first()  # type: ignore[attr-defined]
        taken = set(session.scalars(select(LogLeaf.index)))  # type: ignore[attr-defined]
        row.index = next(one for one in range(9 * BATCH) if one not in taken)

    house.sessions.write("demo_data", move)


def move_a_leaf_out(house: House) -> None:
    def move(session: object) -> None:
        row = session.scalars(select(LogLeaf).where(LogLeaf.index.is_not(None))).first()  # type: ignore[attr-defined]
        row.index = 10**6

    house.sessions.write("demo_data", move)


def change_a_cut(house: House) -> None:
    house.sessions.write(
        "demo_data", lambda session: session.execute(update(LogCut).values(size=10**6))
    )


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (lose_a_tile, "a tile is there and whole"),
        (change_a_tile, "a tile holds the hashes"),
        (change_a_higher_tile, "a tile holds the hashes"),
        (change_a_higher_tile, "the tiles make the root"),
        (change_an_entry, "a tile holds the hashes"),
        (cut_a_bundle, "a tile is there and whole"),
        (sign_with_another_key, "log and cosigners signed"),
        (change_a_cosignature, "log and cosigners signed"),
        (lose_the_checkpoint, "a published log has its checkpoint"),
        (change_the_keys, "the log's key is the one"),
        (lose_the_state, "a log that has files has its row"),
        (go_back, "checkpoint and database are equally far"),
        (change_the_root, "checkpoint and database have the same root"),
        (move_a_leaf, "the log holds the leaf"),
        (move_a_leaf_out, "a published leaf lies within the log"),
        (change_a_cut, "the log only grows"),
    ],
)
def test_each_damage_is_found(filled: House, damage: Callable[[House], None], rule: str) -> None:
    damage(filled)
    assert any(one.startswith(rule) for one in rules(filled)), rules(filled)


def test_a_rewritten_log_that_is_whole_in_itself_is_found(filled: House) -> None:
    """Whoever has the folder alone: all tiles anew, the checkpoint cannot be signed."""
    opened = filled.log.opened()
    assert opened is not None
    forged = MemoryLog(origin=opened.checkpoint.origin)
    forged.add([secrets.token_bytes(32) for _ in range(opened.checkpoint.size)])
    for path, content in forged.tiles.items():
        if file(filled, path).exists():
            file(filled, path).write_bytes(content)
    filled.log.folder.put_checkpoint(forged.note())
    found = rules(filled)
    assert any(one.startswith("log and cosigners signed") for one in found)
    assert any(one.startswith("the log holds the leaf") for one in found)
