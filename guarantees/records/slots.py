"""The sealed index: numbered keyed tags that lead to cases (sealing.md, "sealed index")."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from guarantees.records import turns
from guarantees.records.sealed import SealedIndex

T = TypeVar("T")

FIRST_CHUNK = 16
"""Most scopes hold few cases or none: months of a supplier, lots."""

CHUNK = 128
"""Tags of one scope asked for at once; a full chunk means that there may be more."""

MOST_TAGS = 1000
"""Tags in one statement."""

WIDTH = 100
STRIDES = (WIDTH**2, WIDTH, 1)
"""A scope has room for WIDTH times the first one."""


def tag(session: Session, purpose: str, scope: tuple[str, ...], i: int) -> bytes:
    made: bytes = session.info["vault"].tag(f"slot/{purpose}", *scope, i)
    return made


def tags(
    session: Session, purpose: str, scope: tuple[str, ...], places: Iterable[int]
) -> list[bytes]:
    made: list[bytes] = session.info["vault"].tags(f"slot/{purpose}", *scope, places=places)
    return made


def append(session: Session, purpose: str, scope: tuple[str, ...], case_id: str) -> int:
    """Take the next free slot, whichever it is.

    In turn: the last of a crowd would lose more races than `Sessions.write` tries.
    """
    turns.take_turn(session, session.info["vault"].tag(f"turn/{purpose}", *scope))
    i = count(session, purpose, scope)
    take(session, purpose, scope, i, case_id)
    return i


def take(session: Session, purpose: str, scope: tuple[str, ...], i: int, case_id: str) -> None:
    """Take slot `i`, which was free. Two at once: the tag is unique, the loser's commit is retried
    and looks again."""
    session.add(SealedIndex(tag=tag(session, purpose, scope, i), case_id=case_id))
    session.flush()


def count(session: Session, purpose: str, scope: tuple[str, ...]) -> int:
    """Number of slots taken, in the same steps for any number: the access log holds how long a
    request took, and must not tell how many bids a lot has. There are no gaps: taken are the first.
    """
    taken = 0
    for stride in STRIDES:
        places = range(taken + stride - 1, taken + stride * WIDTH, stride)
        asked = tags(session, purpose, scope, places)
        taken += stride * len(_case_ids(session, asked))
    return taken


def at(session: Session, purpose: str, scope: tuple[str, ...], i: int) -> str | None:
    row = session.get(SealedIndex, tag(session, purpose, scope, i))
    return None if row is None else row.case_id


def all_in(session: Session, purpose: str, scope: tuple[str, ...]) -> Iterator[str]:
    """Case ids in the order of their slots."""
    yield from all_of(session, purpose, [scope], look=_case_ids)[0]


def all_of(
    session: Session,
    purpose: str,
    scopes: Sequence[tuple[str, ...]],
    *,
    look: Callable[[Session, Sequence[bytes]], Mapping[bytes, T]],
) -> list[list[T]]:
    """What each scope's slots lead to, in their order; few statements for many scopes.

    `look` answers for at most MOST_TAGS tags what each of those that are taken leads to.
    """
    found: list[list[T]] = [[] for _ in scopes]
    open_still = list(range(len(scopes)))
    start, size = 0, FIRST_CHUNK
    while open_still:
        places = range(start, start + size)
        asked = {one: tags(session, purpose, scopes[one], places) for one in open_still}
        flat = [tag for listed in asked.values() for tag in listed]
        held: dict[bytes, T] = {}
        for first in range(0, len(flat), MOST_TAGS):
            held |= look(session, flat[first : first + MOST_TAGS])
        for one, listed in asked.items():
            found[one] += [held[tag] for tag in listed if tag in held]
        start, size = start + size, CHUNK
        open_still = [one for one in open_still if len(found[one]) == start]
    return found


CASE_IDS = select(SealedIndex.tag, SealedIndex.case_id).where(
    SealedIndex.tag.in_(bindparam("tags", expanding=True))
)


def _case_ids(session: Session, asked: Sequence[bytes]) -> Mapping[bytes, str]:
    return dict(session.execute(CASE_IDS, {"tags": asked}).all())
