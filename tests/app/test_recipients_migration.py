"""The migration of recipients on a landed schema with data in it, both ways, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from guarantees.records import casebook, codec, summary
from guarantees.records.person import OpeningKey
from guarantees.records.sealed import SealedCase
from signing.seal import SealBroken
from tests import world as worlds
from tests.app.jobs.steps import applied
from tests.conftest import Database


def keys(engine: Engine) -> list[tuple[object, ...]]:
    columns = "id, organisation_id, public_key, wrapped_private, state"
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {columns} FROM opening_key ORDER BY id"))
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]


def test_keys_outlive_it_both_ways(own_database: Database, tmp_path: Path) -> None:
    engine = own_database.engine
    schema.upgrade(engine)
    world = worlds.build(Sessions(engine, Vault.create(tmp_path / "keys")))
    before = keys(engine)
    schema.downgrade(engine, "0003")
    assert keys(engine) == before
    schema.upgrade(engine)
    assert keys(engine) == before
    [kind] = world.read(lambda session: session.scalars(select(OpeningKey.kind)).all())
    assert kind == "hpke-x25519"
    assert schema.differences(engine) == []


def test_a_token_has_no_private_half_in_the_earlier_version(
    own_database: Database, tmp_path: Path
) -> None:
    engine = own_database.engine
    schema.upgrade(engine)
    worlds.build(Sessions(engine, Vault.create(tmp_path / "keys")))
    with engine.begin() as connection:
        change = "UPDATE opening_key SET kind = 'cms', wrapped_private = NULL"
        connection.execute(text(change))
    schema.downgrade(engine, "0003")
    [(_id, _organisation, _public, wrapped, _state)] = keys(engine)
    assert wrapped == b""
    schema.upgrade(engine)
    assert schema.differences(engine) == []


def test_a_case_of_the_earlier_version_is_read_and_gets_its_last_part(
    own_database: Database, tmp_path: Path
) -> None:
    """Its blob was head and case, of the same size."""
    engine = own_database.engine
    schema.upgrade(engine)
    vault = Vault.create(tmp_path / "keys")
    world = worlds.build(Sessions(engine, vault))
    worlds.with_policy(world)
    made = applied(world)
    case, head = world.read(casebook.get, made), casebook.HEAD_SIZE

    def as_before(session: Session) -> None:
        row, aad = session.get_one(SealedCase, made), made.encode()
        size = len(row.blob) - head
        row.blob = row.blob[:head] + vault.seal("case", codec.to_bytes(case), aad, size)

    world.run("apply", as_before)
    read = world.read(casebook.get, made)
    assert codec.dump(read) == codec.dump(case)
    assert read.rewraps == []
    before = world.read(lambda session: session.get_one(SealedCase, made).blob)
    world.run("apply", casebook.save, read)
    after = world.read(lambda session: session.get_one(SealedCase, made).blob)
    assert len(after) == len(before)
    assert summary.of(world.read(casebook.get, made)) == summary.of(case)


def test_a_damaged_case_is_not_taken_for_an_earlier_one(
    own_database: Database, tmp_path: Path
) -> None:
    engine = own_database.engine
    schema.upgrade(engine)
    world = worlds.build(Sessions(engine, Vault.create(tmp_path / "keys")))
    worlds.with_policy(world)
    made = applied(world)

    def damage(session: Session) -> None:
        row = session.get_one(SealedCase, made)
        row.blob = row.blob[:-1] + bytes([row.blob[-1] ^ 1])

    world.run("apply", damage)
    with pytest.raises(SealBroken):
        world.read(casebook.get, made)
