"""The stock put together in a throw-away database."""

import gc
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.house import House
from bench.stock import Size, Stock, parties
from bench.stock_cases import Cases, cases
from bench.stock_changes import Changes, changes
from bench.stock_projects import Projects, projects
from bench.stock_trust import Trust, trust


@dataclass(frozen=True)
class FullHouse:
    stock: Stock
    projects: Projects
    cases: Cases
    changes: Changes
    trust: Trust
    seconds: float
    """What filling it took."""


def fill(house: House, size: Size) -> FullHouse:
    """Write everything into the house's empty database and file store."""
    began = time.perf_counter()
    stock = Stock(house.now(), size, random.Random(size.opened))  # nosec B311 - invented data
    engine = make_engine(house.settings.database_url)
    if engine.dialect.name == "sqlite":
        # In order of tables, not of references; and a power cut may take it all.
        event.listen(engine, "connect", _hurry)
    schema.upgrade(engine)
    sessions = Sessions(engine, house.sessions.vault)
    sessions.write(
        "make_database",
        lambda session: schema.ensure_mode(session, house.settings.mode, stock.now),
    )
    with _nothing_to_collect():
        made = sessions.write("demo_data", lambda session: _fill(session, stock, house))
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    _check(sessions)
    engine.dispose()
    return FullHouse(stock, *made, time.perf_counter() - began)


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Hundreds of thousands of rows, none of them garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _fill(session: Session, stock: Stock, house: House) -> tuple[Projects, Cases, Changes, Trust]:
    parties(session, stock)
    planned = projects(stock)
    changed = changes(stock, planned)
    trusted = trust(stock, planned)
    return planned, cases(session, stock, planned, house), changed, trusted


def _hurry(connection: object, record: object) -> None:
    for pragma in ("foreign_keys=OFF", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


def _check(sessions: Sessions) -> None:
    with sessions.reading() as session:
        if session.get_bind().dialect.name == "sqlite":
            lost = session.execute(text("PRAGMA foreign_key_check")).all()
            if lost:
                raise RuntimeError(f"{len(lost)} rows refer to nothing, e.g. {lost[0]}")
