"""The migration of recipients on a landed schema with data in it, both ways, on both databases."""

from pathlib import Path

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from guarantees.records import casebook, codec, summary
from guarantees.records.person import OpeningKey
from guarantees.records.sealed import SealedCase
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
    schema.downgrade(engine, "0001")
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
    schema.downgrade(engine, "0001")
    [(_id, _organisation, _public, wrapped, _state)] = keys(engine)
    assert wrapped == b""
    schema.upgrade(engine)
    assert schema.differences(engine) == []


def test_a_case_of_the_earlier_version_is_read_and_grows_its_last_part(
    own_database: Database, tmp_path: Path
) -> None:
    """Its blob ended with the case itself."""
    engine = own_database.engine
    schema.upgrade(engine)
    world = worlds.build(Sessions(engine, Vault.create(tmp_path / "keys")))
    worlds.with_policy(world)
    made = applied(world)

    def as_before(session: Session) -> int:
        row = session.get_one(SealedCase, made)
        row.blob = row.blob[: -casebook.REWRAPS_SIZE]
        return len(row.blob)

    size = world.run("apply", as_before)
    assert size in casebook.SIZES
    case = world.read(casebook.get, made)
    assert (case.rewraps, case.supplier) == ([], world.people["supplier"].organisation_id)
    world.run("apply", casebook.save, case)
    row = world.read(lambda session: session.get(SealedCase, made))
    assert len(row.blob) == size + casebook.REWRAPS_SIZE
    again = world.read(casebook.get, made)
    assert codec.dump(again) == codec.dump(case)
    assert summary.of(again) == summary.of(case)
