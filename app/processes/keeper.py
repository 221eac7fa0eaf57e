"""Starting, watching and ending child processes."""

import json
import os
import shutil
import signal
import subprocess  # nosec B404 - our own modules, no shell
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.processes.users import User
from app.settings import ROOT

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a process that ended is started again; they double while it keeps ending."""

STEADY_SECONDS = 60.0
"""Having run so long, a process that ends is started again with the first pause."""

START_SECONDS = 60.0
LOOK_SECONDS = 0.05
LOG_LIMIT = 50 * 2**20
"""Bytes of a log before it is put aside at a start; one earlier log is kept."""

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""Of the environment: a proxy or a password has no business in every process."""

FAULT = "BAOHAN_FAULT"
"""Passed on at the first start alone: a fault that a test asked for happens once."""


class StartFailed(Exception):
    """A process did not come up; `why` is the last line of its log."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name = name
        self.why = why


@dataclass(frozen=True)
class Spec:
    """A process as it is to run."""

    name: str
    module: str
    arguments: tuple[str, ...]
    user: User
    descriptors: tuple[int, ...] = ()
    """Listening sockets that it inherits."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        return [
            *_dies_with_us(),
            *(sys.executable, "-P", "-m", self.module, *self.arguments),
        ]


def _dies_with_us() -> tuple[str, ...]:
    """A supervisor that was killed leaves nothing running: the next start needs the sockets."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


@dataclass
class _Kept:
    spec: Spec
    process: subprocess.Popen[bytes]
    started: float
    pause: float = FIRST_PAUSE
    again_at: float | None = None
    """When it is started again, if it has ended."""


class Keeper:
    """Owns its children; used from one thread."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._kept: dict[str, _Kept] = {}
        self._guests: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, spec: Spec) -> None:
        self._kept[spec.name] = _Kept(spec, self._spawn(spec, first=True), time.monotonic())

    def pids(self) -> dict[str, int]:
        return {name: kept.process.pid for name, kept in self._kept.items()}

    def open_once(self, spec: Spec) -> subprocess.Popen[bytes]:
        """A process that ends by itself, with a pipe for what it says on standard output."""
        process = self._spawn(spec, first=True, stdout=subprocess.PIPE)
        self._guests[spec.name] = process
        return process

    def wait_for(self, name: str, ready: Callable[[], bool]) -> None:
        """Until `ready`; StartFailed if the process ends before or takes too long."""
        process, until = self._kept[name].process, time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise StartFailed(name, self.last_words(name))
            time.sleep(LOOK_SECONDS)

    def tend(self) -> None:
        """Start again what has ended, after a pause; say when something done once has failed."""
        for name, process in list(self._guests.items()):
            if process.poll() is not None:
                del self._guests[name]
                if process.returncode != 0:
                    self._say(f"{name} did not end well: {self.last_words(name)}")
        for kept in self._kept.values():
            if kept.again_at is None and kept.process.poll() is not None:
                self._ended(kept)
            if kept.again_at is not None and time.monotonic() >= kept.again_at:
                kept.process = self._spawn(kept.spec, first=False)
                kept.started, kept.again_at = time.monotonic(), None

    def _ended(self, kept: _Kept) -> None:
        now = time.monotonic()
        if now - kept.started > STEADY_SECONDS:
            kept.pause = FIRST_PAUSE
        code = kept.process.returncode
        self._say(f"{kept.spec.name} ended ({code}), starting it again in {kept.pause:g} s")
        kept.again_at = now + kept.pause
        kept.pause = min(LONGEST_PAUSE, 2 * kept.pause)

    def end(self, names: Sequence[str], seconds: float, hurry: Callable[[], bool]) -> None:
        """SIGTERM to these; SIGKILL for what is left after `seconds`, or once `hurry` says so."""
        processes = [self._kept.pop(name).process for name in names if name in self._kept]
        processes += [self._guests.pop(name) for name in names if name in self._guests]
        for one in processes:
            _signal(one, signal.SIGTERM)
        until = time.monotonic() + seconds
        while any(one.poll() is None for one in processes):
            if hurry() or time.monotonic() > until:
                for one in processes:
                    _signal(one, signal.SIGKILL)
            time.sleep(LOOK_SECONDS)

    def last_words(self, name: str) -> str:
        """Why a process ended, as far as the last line of its log tells; and where the log is."""
        log = self._log(name)
        last = "it said nothing"
        with suppress(OSError, IndexError):
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1]
        with suppress(ValueError, AttributeError):
            said = json.loads(last)
            last = str(said.get("why") or said.get("event"))
        return f"{last} (log: {log})"

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _spawn(
        self, spec: Spec, *, first: bool, stdout: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        environment = {**_environment(first=first), **spec.environment}
        other = None if spec.user.uid == os.geteuid() else spec.user
        if first:
            _put_aside(self._log(spec.name))
        with self._log(spec.name).open("ab") as log:
            return subprocess.Popen(  # nosec B603 - our own modules
                spec.command(),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=log,
                env=environment,
                cwd="/",
                pass_fds=spec.descriptors,
                start_new_session=True,  # the terminal's Ctrl-C is the supervisor's alone
                umask=0o077,
                user=other.uid if other else None,
                group=other.gid if other else None,
                extra_groups=[] if other else None,
            )


def _environment(*, first: bool) -> dict[str, str]:
    names = (*PASSED_ON, FAULT) if first else PASSED_ON
    passed = {name: os.environ[name] for name in names if name in os.environ}
    return {**passed, "PYTHONPATH": str(ROOT)}


def _put_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)
