"""One batch of the log, from the decision to the last row; done again, wherever it was killed.

The order: what is to be published is decided and stored; tiles, written once; the checkpoint,
signed and cosigned; then the rows. Whoever reads finds every tile that a checkpoint needs, and
every index in the database is in the checkpoint.
"""

from collections.abc import Collection

import structlog

from app.adapters.log import Busy
from app.house import House
from guarantees.errors import Conflict, Unavailable
from guarantees.flow import publish_log
from guarantees.flow.publish_log import BATCH, Plan
from guarantees.queries import log as queries
from signing import log as tlog

OPENING_PATIENCE = 30.0
"""Seconds that an opening waits for a batch that somebody else is publishing."""

log = structlog.get_logger("baohan.log")


def publish(house: House, first: Collection[bytes] = (), patience: float = 0.0) -> int:
    """One batch; answers the log's size after it.

    `first`: leaves that go before others. Busy; FollowerAway if the signer is; RolledBack,
    NotFollowed, LogForked, TilesBroken if the log cannot go on as it is.
    """
    ours = house.log
    with ours.alone(house.sessions.engine, patience):
        _begin(house)
        plan = house.sessions.write(
            "plan_batch", lambda session: publish_log.plan(session, house.now(), first)
        )
        _write_tiles(house, plan)
        root = _sign(house, plan)
        _prune(house, plan)
        house.sessions.write(
            "publish_batch", lambda session: publish_log.settle(session, plan, root)
        )
    log.info("published", size=plan.end)
    return plan.end


def publish_all(house: House, leaves: Collection[bytes]) -> bool:
    """For an opening, whose letters are to stand in the log before its result: one batch in any
    case, more while some of these leaves wait. Answers whether all are published; it is no reason
    not to open."""
    waiting = set(leaves)
    try:
        # One more than they need: the first may be one that was killed half-way.
        for _ in range(len(waiting) // BATCH + 2):
            publish(house, waiting, OPENING_PATIENCE)
            with house.sessions.reading() as session:
                waiting = queries.waiting(session, waiting)
            if not waiting:
                return True
    except (Busy, Unavailable, Conflict, tlog.FollowerAway) as error:
        log.warning("opening_not_published", why=type(error).__name__)
    except (tlog.RolledBack, tlog.NotFollowed, tlog.LogForked, tlog.TilesBroken) as error:
        log.error("opening_not_published", why=str(error))
    return False


def _begin(house: House) -> None:
    """A log that has not begun, or one in the place of another that has ended."""
    ours = house.log
    with house.sessions.reading() as session:
        state = queries.state(session)
    if state is not None and not (ours.renamed and state.origin != ours.origin):
        return
    key = ours.signer.key(ours.origin).vkey()
    house.sessions.write(
        "begin_log", lambda session: publish_log.begin(session, house.now(), ours.origin, key)
    )


def _write_tiles(house: House, plan: Plan) -> None:
    folder = house.log.folder
    for tile, content in tlog.grown(folder.read, plan.start, plan.entries):
        folder.put(tile, content)


def _sign(house: House, plan: Plan) -> bytes:
    """The root of the checkpoint, which stands in its place when this returns."""
    ours, key = house.log, tlog.Verifier.of_vkey(plan.key)
    tree = tlog.Tree(plan.end, ours.folder.read)
    head = tlog.Checkpoint(plan.origin, plan.end, tree.root())
    note = ours.signed(head, tree, plan.start, key)
    ours.folder.put_keys(ours.known_keys(key))
    ours.folder.put_checkpoint(note)
    return head.root


def _prune(house: House, plan: Plan) -> None:
    """Partial tiles that have become full need nobody keep."""
    for tile, _content in tlog.grown(house.log.folder.read, plan.start, plan.entries):
        if tile.full:
            house.log.folder.prune(tile)
