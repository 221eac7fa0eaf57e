"""The audit is clean after every story, and finds each kind of damage."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from guarantees.flow import complete
from guarantees.queries import audit
from guarantees.records import casebook, exposure
from guarantees.records.sealed import LogLeaf, SealedCase, SealedIndex
from guarantees.values.ids import new_id
from signing import seal
from tests import world as worlds
from tests.guarantees.flow.test_main_way import applied, decided, issued, opened, paid
from tests.world import World


def rules(world: World) -> set[str]:
    found = world.read(
        lambda session: list(audit.broken(session, world.files, world.sessions.vault))
    )
    return {one.rule for one in found}


def test_clean_after_the_main_way(sealed_world: World) -> None:
    world = sealed_world
    withdrawn = applied(world, key="k0")
    world.run("withdraw", complete.withdraw, world.as_("supplier"), world.now, withdrawn)
    worlds.with_policy(world)
    case = applied(world)
    world.run("withdraw", complete.withdraw, world.as_("supplier"), world.now, case)
    case = applied(world, key="k2")
    paid(world, case)
    issued(world, case)
    assert rules(world) == set()
    world.now += timedelta(days=15)
    opened(world)
    assert rules(world) == set()


def add_a_tag(world: World, case: str) -> None:
    row = SealedIndex(tag=bytes(32), case_id=case)
    world.run("demo_data", lambda session: session.add(row))


def lose_the_leaf(world: World, case: str) -> None:
    world.run("demo_data", lambda session: session.execute(delete(LogLeaf)))


def lose_the_file(world: World, case: str) -> None:
    world.files.held.clear()


def change_the_file(world: World, case: str) -> None:
    [name] = world.files.held
    world.files.held[name] = world.files.held[name][:-1] + b"!"


def lose_the_copy(world: World, case: str) -> None:
    """Another envelope in its place: without an archive copy, and with a leaf of its own."""

    def change(session: Any) -> None:
        held = casebook.get(session, case)
        assert held.intent is not None and held.letter is not None
        vault = world.sessions.vault
        pair = seal.make_key_pair()
        context = seal.SealContext(held.letter.eid, held.intent.number, held.lot, "opening")
        bare = seal.seal(
            b"letter",
            context,
            opening_key=pair.public_key,
            recipients=[seal.Recipient.of("procurer", pair.public_key)],
            recovery=seal.Recipient.of("recovery", pair.public_key),
        )
        name = f"sealed/{held.intent.id}"
        envelope = seal.vault_wrap(bare.inner, held.letter.eid, vault.lock)
        world.files.held[name] = world.files.held[name][: audit.FACTS_SIZE] + envelope
        held.letter.leaf = seal.leaf_hash(held.intent.salt, envelope)
        session.add(LogLeaf(id=new_id(), leaf=held.letter.leaf))
        casebook.save(session, held)

    world.run("demo_data", change)


def damage_the_case(world: World, case: str) -> None:
    def change(session: Any) -> None:
        row = session.get(SealedCase, case)
        row.blob = row.blob[:-1] + bytes([row.blob[-1] ^ 1])

    world.run("demo_data", change)


def unbalance(world: World, case: str) -> None:
    def change(session: Any) -> None:
        held = casebook.get(session, case)
        held.postings[0].fen += 1
        casebook.save(session, held)

    world.run("demo_data", change)


def forget_exposure(world: World, case: str) -> None:
    def change(session: Any) -> None:
        institution = world.people["maker"].organisation_id
        row, _book = exposure.locked(session, institution)
        exposure.write(session, row, exposure.Book())

    world.run("demo_data", change)


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (add_a_tag, "the index has"),
        (lose_the_leaf, "a letter has its leaf in the log"),
        (lose_the_leaf, "a letter's PDF has its leaf in the log"),
        (lose_the_file, "the sealed letter lies in the store"),
        (change_the_file, "the leaf commits to the stored envelope"),
        (lose_the_copy, "the letter has its archive copy"),
        (damage_the_case, "a case can be read"),
        (unbalance, "the lines of an entry sum to zero"),
        (forget_exposure, "the exposure book is the sum of its cases"),
    ],
)
def test_each_damage_is_found(
    sealed_world: World, damage: Callable[[World, str], None], rule: str
) -> None:
    world = sealed_world
    case = applied(world)
    decided(world, case)
    paid(world, case)
    issued(world, case)
    assert rules(world) == set()
    damage(world, case)
    assert any(one.startswith(rule) for one in rules(world))
