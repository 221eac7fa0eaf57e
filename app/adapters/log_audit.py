"""Every invariant of the log: files against the database, tiles against entries, signatures."""

from collections.abc import Generator, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters.log_folder import LogFolder
from guarantees.queries import log as queries
from guarantees.queries.audit import Broken
from guarantees.queries.log import State
from guarantees.records.log import LogCut
from guarantees.records.sealed import LogLeaf
from signing import log
from signing.log.hashing import perfect_root

LOG = "log"
ROWS = 1000


def broken(session: Session, folder: LogFolder) -> Iterator[Broken]:
    """All broken invariants of the log; none: it is whole, and says what the database says."""
    state = queries.state(session)
    if state is None:
        if folder.checkpoint() is not None:
            yield Broken("a log that has files has its row", LOG)
        return
    try:
        size = yield from _checkpoint(folder, state)
        yield from _tiles(folder, size)
        yield from _rows(session, folder, size)
    except log.TilesBroken as error:
        yield Broken(f"a tile is there and whole ({error.why})", error.tile)
    yield from _cuts(session, state)


def _checkpoint(folder: LogFolder, state: State) -> Generator[Broken, None, int]:
    """Answers the size that tiles and rows are held against."""
    note, keys = folder.checkpoint(), folder.verifiers()
    if note is None:
        if state.size:
            yield Broken("a published log has its checkpoint", LOG)
        return 0
    if not keys or keys[0].vkey() != state.key:
        yield Broken("the log's key is the one that it began with", LOG)
    try:
        opened = log.open_checkpoint(note, log.Verifier.of_vkey(state.key), keys[1:])
    except log.NoteInvalid as error:
        yield Broken(f"log and cosigners signed the checkpoint ({error.why})", LOG)
        return state.size
    head = opened.checkpoint
    if head.origin != state.origin or head.size not in (state.size, state.end):
        yield Broken("checkpoint and database are equally far", LOG)
    if head.size == state.size and head.root != state.root:
        yield Broken("checkpoint and database have the same root", LOG)
    if head.root != log.Tree(head.size, folder.read).root():
        yield Broken("the tiles make the root of the checkpoint", LOG)
    return head.size


def _tiles(folder: LogFolder, size: int) -> Iterator[Broken]:
    """Every tile is made from the entries, level by level."""
    hashes = _entry_hashes(folder, size)
    level = 0
    while True:
        above: list[bytes] = []
        for tile, made in _chunks(level, hashes):
            if folder.read(tile) != b"".join(made):
                yield Broken("a tile holds the hashes of what lies below it", tile.path())
            if tile.full:
                above.append(perfect_root(made))
        if not above:
            return
        level, hashes = level + 1, iter(above)


def _entry_hashes(folder: LogFolder, size: int) -> Iterator[bytes]:
    for start in range(0, size, log.WIDTH):
        tile = log.tile_of(log.ENTRIES, start, size)
        for entry in log.unbundle(folder.read(tile), tile):
            yield log.entry_hash(entry)


def _chunks(level: int, hashes: Iterator[bytes]) -> Iterator[tuple[log.Tile, list[bytes]]]:
    number, held = 0, list[bytes]()
    for one in hashes:
        held.append(one)
        if len(held) == log.WIDTH:
            yield log.Tile(level, number), held
            number, held = number + 1, []
    if held:
        yield log.Tile(level, number, len(held)), held


def _rows(session: Session, folder: LogFolder, size: int) -> Iterator[Broken]:
    """Every published leaf stands in the log, at its place; no place is given twice."""
    rows = session.execute(
        select(LogLeaf.leaf, LogLeaf.index)
        .where(LogLeaf.index.is_not(None))
        .order_by(LogLeaf.index)
        .execution_options(yield_per=ROWS)
    )
    held: tuple[log.Tile | None, list[bytes]] = (None, [])
    last = -1
    for leaf, place in rows:
        index = place or 0
        if index >= size:
            yield Broken("a published leaf lies within the log", f"leaf {index}")
            continue
        if index == last:
            yield Broken("a place holds one leaf", f"leaf {index}")
        last = index
        tile = log.tile_of(log.ENTRIES, index, size)
        if held[0] != tile:
            held = tile, log.unbundle(folder.read(tile), tile)
        if held[1][index % log.WIDTH] != leaf:
            yield Broken("the log holds the leaf that the database says", f"leaf {index}")


def _cuts(session: Session, state: State) -> Iterator[Broken]:
    """How far the log was at deadlines: never less than before, never more than now."""
    last = 0
    for cut in session.scalars(select(LogCut).order_by(LogCut.at)):
        if not last <= cut.size <= state.end:
            yield Broken("the log only grows from deadline to deadline", f"cut {cut.at:%F %T}")
        last = cut.size
