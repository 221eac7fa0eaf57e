"""At the start: whether our log is as far as those who follow it have seen.

A platform that was restored from a backup would publish other entries in the place of those that
people hold receipts for. Nobody would sign that; the start says it before anything else goes wrong.
"""

import structlog

from app.adapters.database import Sessions
from app.adapters.log import Log
from app.settings import BadSetting
from guarantees.queries import log as queries
from guarantees.queries.log import State
from guarantees.values.moments import BEGINNING
from signing import log as tlog

log = structlog.get_logger("baohan.log")


def check(sessions: Sessions, ours: Log) -> None:
    """RolledBack, LogForked, BadSetting. Whoever is away is asked again with the next batch."""
    with sessions.reading() as session:
        state = queries.state(session)
    if ours.renamed and state is not None and state.origin != ours.origin:
        _check_moved(ours)
        return
    if state is None:
        state = _nothing(ours)
    note = _check_folder(ours, state)
    head = tlog.Checkpoint(state.origin, state.size, state.root)
    for one in ours.cosigners:
        name = type(one).__name__
        try:
            name = one.verifier(state.origin).name
            theirs = one.latest(head, note)
        except tlog.FollowerAway as away:
            log.warning("not_asked", name=away.name)
            continue
        except tlog.NotFollowed as refused:  # it does not follow this log at all: say so each time
            log.warning("not_followed", name=refused.name, why=refused.why)
            continue
        if theirs > state.end:
            raise tlog.RolledBack(name, state.end, theirs)


def _nothing(ours: Log) -> State:
    return State(ours.origin, "", 0, tlog.EMPTY_ROOT, BEGINNING, 0)


def _check_moved(ours: Log) -> None:
    if ours.folder.checkpoint() is not None:
        raise BadSetting(
            f"BAOHAN_LOG_ORIGIN names a new log ({ours.origin}): move {ours.folder.folder} away"
            " first, and keep it, since receipts of the old log rest on it (docs/log.md)"
        )


def _check_folder(ours: Log, state: State) -> bytes | None:
    """The checkpoint of the size that the database knows, if it lies there; LogForked for one of
    any other size than now or after the batch under way."""
    note = ours.folder.checkpoint()
    if note is None:
        if state.size:
            raise tlog.LogForked("the missing checkpoint")
        return None
    found = tlog.Checkpoint.of_text(tlog.Note.read(note).text)
    if found.origin != state.origin or found.size not in (state.size, state.end):
        raise tlog.LogForked("the checkpoint")
    if found.size != state.size:
        return None
    if found.root != state.root:
        raise tlog.LogForked("the checkpoint")
    return note
