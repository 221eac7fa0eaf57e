"""A prepared world on disk and in a database, and copies of it: one for each kill."""

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from guarantees.flow import publish_product
from guarantees.records.person import OpeningKey
from guarantees.records.product import Policy
from guarantees.records.project import Opening
from guarantees.values.actor import Actor
from guarantees.values.money import Money
from signing import seal
from signing.seal.private_keys import Cost
from tests import world as worlds
from tests.databases import PREFIX, Kind, fresh_database, server_url
from tests.world import World

CHEAP = Cost(iterations=1, memory=8, lanes=1)
"""Argon2id with the smallest parameters: passphrases are typed again after every kill."""

BY_PEOPLE = publish_product.ProductForm(
    name="政采投标保函（人工审核）",
    kind="bid",
    form="independent",
    rate_ppm=5_000,
    minimum=Money.parse("200"),
    ceiling=Money.parse("1000000"),
    regions=(),
    minutes_to_issue=240,
    automatic=False,
    consortium=True,
)


@dataclass(frozen=True)
class Stage:
    """One world that can be played in: files, keys and database are its own."""

    folder: Path
    url: str
    run: str
    """Name of its own bank (tests.faults.outside)."""
    begun_at: float
    """Real seconds since 1970 at which the world's clock stood at its START."""

    def notes(self) -> dict[str, Any]:
        """Who is who and what is what, as `prepare` wrote it."""
        return dict(json.loads((self.folder / "world.json").read_text()))

    @contextmanager
    def sessions(self) -> Iterator[Sessions]:
        engine = make_engine(self.url)
        try:
            yield Sessions(engine, Vault.load(self.folder / "keys"))
        finally:
            engine.dispose()


def actor_of(notes: dict[str, Any]) -> Actor:
    return Actor(**{**notes, "roles": frozenset(notes["roles"])})


def prepare(
    folder: Path, url: str, lots: int = 1, more: Callable[[World], None] | None = None
) -> World:
    """A world in `folder` and the empty database `url`: two suppliers, one product that a policy
    approves and one that people decide, one lot with its keys. `more` adds to it."""
    engine = make_engine(url)
    schema.upgrade(engine)
    world = worlds.build(Sessions(engine, Vault.create(folder / "keys")), lots=lots)
    by_people = world.run(
        "product", publish_product.publish, world.as_("maker"), world.now, BY_PEOPLE
    )
    policy = worlds.with_policy(world)
    world.run("opening_key", _cheap_key)
    if more is not None:
        more(world)
    _write_notes(world, folder, by_people, policy)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return world


def _cheap_key(session: Any) -> None:
    pair = seal.make_key_pair()
    key = session.scalars(select(OpeningKey)).one()
    key.public_key, key.fingerprint = pair.public_key, seal.fingerprint_of(pair.public_key)
    key.wrapped_private = seal.wrap_private(pair.private_key, worlds.PASSPHRASE, CHEAP)


def _write_notes(world: World, folder: Path, by_people: str, policy: str) -> None:
    with world.sessions.reading() as session:
        openings = {one.lot_id: one.id for one in session.scalars(select(Opening))}
        assert session.get(Policy, policy) is not None
    notes = {
        "people": {
            who: {**asdict(actor), "roles": sorted(actor.roles), "second_factor_at": None}
            for who, actor in world.people.items()
        },
        "lots": world.lots,
        "openings": openings,
        "project": world.project,
        "products": {"automatic": world.product, "by_people": by_people},
        "policy": policy,
        "recovery": world.recovery.public_key.hex(),
    }
    (folder / "world.json").write_text(json.dumps(notes))


class Template:
    """A prepared world that nobody plays in; copying it is a matter of milliseconds."""

    def __init__(
        self,
        kind: Kind,
        folder: Path,
        url: str,
        more: Callable[[World], None] | None = None,
        lots: int = 1,
    ) -> None:
        self.kind = kind
        self.folder = folder
        self.url = url
        self.world = prepare(folder, url, lots, more)

    @contextmanager
    def copy(self, where: Path) -> Iterator[Stage]:
        """A copy that is gone afterwards."""
        run = secrets.token_hex(6)
        folder = where / run
        shutil.copytree(self.folder, folder)
        stage = Stage(folder, "", run, time.time())
        if self.kind == "sqlite":
            yield replace(stage, url=f"sqlite:///{folder / 'test.db'}")
        else:
            with _copied(self.url) as url:
                yield replace(stage, url=url)
        shutil.rmtree(folder)


@contextmanager
def template(
    kind: Kind, folder: Path, more: Callable[[World], None] | None = None, lots: int = 1
) -> Iterator[Template]:
    folder.mkdir()
    if kind == "sqlite":
        yield Template(kind, folder, f"sqlite:///{folder / 'test.db'}", more, lots)
    else:
        with fresh_database(kind) as url:
            yield Template(kind, folder, url, more, lots)


@contextmanager
def _copied(url: str) -> Iterator[str]:
    """A copy of a PostgreSQL database that nobody is connected to."""
    name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(6)}"
    made, model = sql.Identifier(name), sql.Identifier(str(make_url(url).database))
    make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(made, model)
    hurry = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(made)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(made)
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(make)
        connection.execute(hurry)
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(drop)
