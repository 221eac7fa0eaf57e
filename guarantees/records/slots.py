"""The sealed index: numbered keyed tags that lead to cases (sealing.md, "sealed index")."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.records.sealed import SealedIndex

FIRST_CHUNK = 16
"""Most scopes hold few cases or none: months of a supplier, lots."""

CHUNK = 256
"""Tags asked for at once; a full chunk means that there may be more."""


def tag(session: Session, purpose: str, scope: tuple[str, ...], i: int) -> bytes:
    made: bytes = session.info["vault"].tag(f"slot/{purpose}", *scope, i)
    return made


def append(session: Session, purpose: str, scope: tuple[str, ...], case_id: str) -> int:
    """Take the next free slot. Two at once: the tag is unique, the loser's commit is retried."""
    i = count(session, purpose, scope)
    session.add(SealedIndex(tag=tag(session, purpose, scope, i), case_id=case_id))
    session.flush()
    return i


def count(session: Session, purpose: str, scope: tuple[str, ...]) -> int:
    """Number of slots taken: doubling, then halving, since there are no gaps."""
    low, high = -1, 0
    while at(session, purpose, scope, high) is not None:
        low, high = high, 2 * high + 1
    while high - low > 1:
        middle = (low + high) // 2
        if at(session, purpose, scope, middle) is None:
            high = middle
        else:
            low = middle
    return low + 1


def at(session: Session, purpose: str, scope: tuple[str, ...], i: int) -> str | None:
    row = session.get(SealedIndex, tag(session, purpose, scope, i))
    return None if row is None else row.case_id


def all_in(session: Session, purpose: str, scope: tuple[str, ...]) -> Iterator[str]:
    """Case ids in the order of their slots."""
    start, size = 0, FIRST_CHUNK
    while True:
        tags = [tag(session, purpose, scope, i) for i in range(start, start + size)]
        rows = session.execute(
            select(SealedIndex.tag, SealedIndex.case_id).where(SealedIndex.tag.in_(tags))
        )
        found = {row.tag: row.case_id for row in rows}
        yield from (found[one] for one in tags if one in found)
        if len(found) < size:
            return
        start, size = start + size, CHUNK
