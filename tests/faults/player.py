"""The process that is killed: python -m tests.faults.player

Reads one task a line from standard input (JSON) and plays it in a process of its own, forked so
that what is imported once serves all; answers one line for each:

    {"code": exit code, or minus the signal that ended it,
     "moments": seconds of the monotonic clock when it began, and when each commit did,
     "passed": names of the fault points in their order, if the task asks for a "trace",
     "error": what went wrong, if anything did}

The "part" is one of PARTS. A task with "fault" ends itself there, as BAOHAN_FAULT would make it.
One with "kill_after": [commits, seconds] gets SIGKILL so long after it began that many commits: a
slow machine moves no kill. One with "warm" is played without a fork, so that later ones begin with
everything compiled.
With --once TASK it is the only one, played in this very process, under its own BAOHAN_FAULT.
"""

import gc
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy.orm import Session

from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from signing import faults
from tests.faults.ends import Ends
from tests.faults.play import Play
from tests.faults.stage import Stage
from tests.faults.watch import watched

PARTS: dict[str, type[Play]] = {"letters": Play, "ends": Ends}
BEGUN = b"B"
COMMITTING = b"c"


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """In a process of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        faults.arm(task.get("fault", ""))
        _end(_play(task, writing))
    os.close(writing)
    said = _kill(pid, reading, *task["kill_after"]) if "kill_after" in task else b""
    with os.fdopen(reading, "rb") as pipe:
        said = (said + pipe.read()).lstrip(BEGUN + COMMITTING)
    _, status = os.waitpid(pid, 0)
    answer: dict[str, Any] = json.loads(said) if said else {}
    return {**answer, "code": os.waitstatus_to_exitcode(status)}


def _kill(pid: int, reading: int, commits: int, seconds: float) -> bytes:
    """Answers what it said until then. The descriptor names this child and no other, even if it
    has ended meanwhile."""
    said = b""
    handle = os.pidfd_open(pid)
    try:
        while BEGUN not in said or said.count(COMMITTING) < commits:
            one = os.read(reading, 1)
            said += one
            if one in (b"", b"{"):
                return said
        if not select.select([handle], [], [], seconds)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)
    return said


def _play(task: dict[str, Any], writing: int) -> int:
    """Plays; tells when the writes began, and at the end how it was. Answers the exit code."""
    answer: dict[str, Any] = {}
    stage = Stage(Path(task["folder"]), task["url"], task["run"], task["begun_at"])
    engine = make_engine(stage.url)
    try:
        sessions = Sessions(engine, Vault.load(stage.folder / "keys"))
        with sessions.reading() as session:
            session.connection()  # connected before the clock runs
        play = PARTS[task["part"]](stage, sessions, task["outside"])
        with (
            closing(play),
            watched(task.get("trace", False)) as passed,
            _telling(writing) as moments,
        ):
            play.all()
        answer["moments"] = moments
        if task.get("trace"):
            answer["passed"] = passed
    except Exception:
        answer["error"] = traceback.format_exc()
    engine.dispose()
    os.write(writing, json.dumps(answer).encode())
    return 1 if "error" in answer else 0


@contextmanager
def _telling(writing: int) -> Iterator[list[float]]:
    """One byte at once, and one for every commit that begins; answers when that was."""
    real = Session.commit
    moments = []

    def tell(word: bytes) -> None:
        os.write(writing, word)
        moments.append(time.monotonic())

    def commit(session: Session) -> None:
        tell(COMMITTING)
        real(session)

    with mock.patch.object(Session, "commit", commit):
        tell(BEGUN)
        yield moments


def _end(code: int) -> None:
    """Without the handlers of the process that was forked."""
    sys.stderr.flush()
    os._exit(code)


def main(arguments: list[str]) -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what is printed is no answer
    if arguments:
        _end(_play(json.loads(arguments[1]), answers))
    for line in sys.stdin:
        task = json.loads(line)
        answer = _warm(task) if task.get("warm") else perform(task)
        os.write(answers, json.dumps(answer).encode() + b"\n")


def _warm(task: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as said:
        code = _play(task, said.fileno())
        said.seek(0)
        answer: dict[str, Any] = json.loads(said.read().lstrip(BEGUN + COMMITTING))
    gc.collect()
    gc.freeze()  # what is never looked at again is never copied
    return {**answer, "code": code}


if __name__ == "__main__":
    main(sys.argv[1:])
