"""Taking turns on PostgreSQL, where transactions run side by side. SQLite has one writer anyway."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def take_turn(session: Session, place: bytes) -> None:
    """Wait until no other transaction has the turn at `place` (a keyed tag: the lock table tells a
    watcher nothing), and keep it until the commit. What is read afterwards is up to date."""
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(place[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(key)))
