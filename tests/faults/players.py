"""The test's side of tests/faults/player.py."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from signing import faults
from tests.faults.outside import Outside
from tests.faults.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
PLAYER = (sys.executable, "-m", "tests.faults.player")
KILLED = -9
ENDED_BY_FAULT = faults.EXIT_CODE


@dataclass(frozen=True)
class Outcome:
    """How one process ended."""

    code: int
    moments: list[float] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def gaps(self) -> list[float]:
        """Seconds from the beginning to the first commit, and from each commit to the next."""
        return [after - before for before, after in pairwise(self.moments)]


@dataclass
class Players:
    """Processes made one after the other, each with the same part to play."""

    process: subprocess.Popen[bytes]
    log: IO[bytes]
    outside: Outside
    part: str

    def play(self, stage: Stage, **task: Any) -> Outcome:
        """`fault`, `kill_after`, `trace`: see tests/faults/player.py."""
        told, heard = self.process.stdin, self.process.stdout
        assert told is not None and heard is not None
        asked = _task(stage, self.outside, {"part": self.part, **task})
        told.write(json.dumps(asked).encode() + b"\n")
        told.flush()
        answer = heard.readline()
        assert answer, self._said()
        return Outcome(**json.loads(answer))

    def to_the_end(self, stage: Stage, **task: Any) -> Outcome:
        """A play that nobody disturbs."""
        outcome = self.play(stage, **task)
        assert (outcome.code, outcome.error) == (0, ""), outcome.error + self._said()
        return outcome

    def _said(self) -> str:
        self.log.seek(0)
        return self.log.read()[-4000:].decode(errors="replace")


def _task(stage: Stage, outside: Outside, task: dict[str, Any]) -> dict[str, Any]:
    return {
        "folder": str(stage.folder),
        "url": stage.url,
        "run": stage.run,
        "begun_at": stage.begun_at,
        "outside": {
            "bank": outside.bank_url,
            "bank_key": outside.bank.public_key.hex(),
            "signer": str(outside.signer),
            "timekeeper": str(outside.timekeeper),
        },
        **task,
    }


@contextmanager
def players(outside: Outside, part: str = "letters") -> Iterator[Players]:
    """Ends with the block; so do its children, which it waits for."""
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            PLAYER, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        yield Players(process, log, outside, part)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


def alone(stage: Stage, outside: Outside, part: str, fault: str) -> int:
    """Exit code of a process started for this play alone, under its own BAOHAN_FAULT."""
    task = json.dumps(_task(stage, outside, {"part": part}))
    done = subprocess.run(
        (*PLAYER, "--once", task),
        cwd=ROOT,
        env=os.environ | {"BAOHAN_FAULT": fault},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode
