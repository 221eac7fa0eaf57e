"""Publishing the log: batches of one size, decided in one commit, counted in another.

`plan` decides which leaves stand where, `settle` writes it down once tiles and checkpoint are
there. Between the two nothing is left to chance, so that a publication which was killed anywhere is
simply done again; two sequencers at once would write the same bytes.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from guarantees.errors import Conflict
from guarantees.queries import log as queries
from guarantees.records import log
from guarantees.records.log import HASH, LogCut, LogState
from guarantees.records.sealed import LogLeaf
from guarantees.records.turns import take_turn
from signing.log import EMPTY_ROOT

BATCH = 64
"""Entries of every batch, however many leaves wait: what is lacking is filled up at random, what is
too much waits. A quarter of a tile."""


@dataclass(frozen=True)
class Plan:
    """A batch that is decided on and not yet published."""

    origin: str
    key: str
    start: int
    """Entries before it."""
    entries: tuple[bytes, ...]

    @property
    def end(self) -> int:
        return self.start + len(self.entries)


def begin(session: Session, now: datetime, origin: str, key: str) -> None:
    """Make the log, or end the one that has another name: then all its leaves go into the new one.

    `Conflict` if the log has another key than `key`: its signer is not the one that it began with.
    """
    _take_turn(session)
    held = log.state(session)
    if held is None:
        fresh = LogState(
            id=1, origin=origin, key=key, size=0, root=EMPTY_ROOT, cut_at=now, version=1, plan=None
        )
        session.add(fresh)
    elif held.origin != origin:
        held.origin, held.key = origin, key
        held.size, held.root, held.plan = 0, EMPTY_ROOT, None
        session.execute(update(LogLeaf).values(index=None))
    elif held.key != key:
        raise Conflict(noun="log key", id=origin)


def plan(session: Session, now: datetime, first: Collection[bytes] = ()) -> Plan:
    """The batch that is under way, or a new one: the `first` leaves that wait, then others by lot.

    Moments at which a batch has to be cut and that lie behind us get this one.
    """
    _take_turn(session)
    held = _state(session)
    if held.plan is None:
        chosen = _chosen(session, first)
        chosen += [secrets.token_bytes(HASH) for _ in range(BATCH - len(chosen))]
        secrets.SystemRandom().shuffle(chosen)
        held.plan = b"".join(chosen)
        for moment in queries.moments(session, held.cut_at, now):
            if session.get(LogCut, moment) is None:
                session.add(LogCut(at=moment, size=held.size + BATCH))
        held.cut_at = max(held.cut_at, now)
    return _plan(held)


def settle(session: Session, published: Plan, root: bytes) -> None:
    """Tiles and checkpoint are there: every leaf of the batch has its place. Twice is once."""
    _take_turn(session)
    held = _state(session)
    if (held.origin, held.size) != (published.origin, published.start) or held.plan is None:
        return
    places = [
        {"entry": entry, "place": published.start + number}
        for number, entry in enumerate(published.entries)
    ]
    session.connection().execute(
        update(LogLeaf.__table__)  # type: ignore[arg-type]  # a mapped class has a Table here
        .where(LogLeaf.leaf == bindparam("entry"))
        .values(index=bindparam("place")),
        places,
    )
    held.size, held.root, held.plan = published.end, root, None


def _chosen(session: Session, first: Collection[bytes]) -> list[bytes]:
    waiting = select(LogLeaf.leaf).where(LogLeaf.index.is_(None))
    leaves = [
        *session.scalars(waiting.where(LogLeaf.leaf.in_(list(first)[:BATCH])).limit(BATCH)),
    ]
    room = BATCH - len(leaves)
    if room:
        others = waiting.where(LogLeaf.leaf.not_in(leaves)).order_by(func.random()).limit(room)
        leaves += session.scalars(others)
    return leaves


def _plan(held: LogState) -> Plan:
    content = held.plan or b""
    entries = tuple(content[i : i + HASH] for i in range(0, len(content), HASH))
    return Plan(held.origin, held.key, held.size, entries)


def _state(session: Session) -> LogState:
    held = log.state(session)
    if held is None:
        raise LookupError("the log has not begun")
    return held


def _take_turn(session: Session) -> None:
    """One at a time, also on PostgreSQL."""
    take_turn(session, session.info["vault"].tag("log-turn"))
