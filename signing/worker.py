"""Looking at uploaded files in processes of their own, within limits of memory, time and size.

A file that makes a reader crash, hang or eat memory takes a child process with it and nothing else;
its end is a verdict. Children are started afresh (no fork of a threaded process), reused, and
replaced after a while. Frames on the pipes: 4-byte big-endian length, then that many bytes.
"""

import contextlib
import json
import os
import queue
import resource
import selectors
import struct
import subprocess  # nosec B404 - our own module with fixed arguments
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import BinaryIO, Final, Self

from signing.errors import WorkerError
from signing.report import SignatureReport
from signing.structure import MAX_BYTES
from signing.trust import Trust
from signing.verify import unjudged, verify

WORKERS: Final = 2
MEMORY: Final = 768 * 1024 * 1024
"""Bytes of address space of a child; the libraries alone take some 250 million."""
SECONDS: Final = 20.0
"""Wall-clock seconds for one file."""
JOBS_PER_WORKER: Final = 500
"""Files after which a child is replaced, so that nothing piles up in it."""
START_SECONDS: Final = 60.0
"""Until a new child must have said that it is ready; importing takes about one second."""
_FILES: Final = 64
_HEADER: Final = struct.Struct(">I")
_MAX_FRAME: Final = MAX_BYTES + 1024 * 1024
_READY: Final = b"ready"


class _Dead(Exception):
    """The child ended, or did not answer in time."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__(timed_out)
        self.timed_out = timed_out


class Pool:
    """A fixed number of children; `verify` may be called from any thread."""

    def __init__(
        self, workers: int = WORKERS, memory: int = MEMORY, seconds: float = SECONDS
    ) -> None:
        self._memory = memory
        self._seconds = seconds
        self._lock = Lock()
        self._closed = False
        self._children: set[_Child] = set()
        # None stands for a child that is to be started when it is needed.
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(workers):
            self._idle.put(None)

    def verify(
        self, pdf: bytes, *, trust: Trust, at: datetime, password: str | None = None
    ) -> SignatureReport:
        """As signing.verify.verify, in a child. A child's death is a verdict.

        Waits for a free child. Raises WorkerError if the pool is closed or no child can be started.
        """
        if not pdf or len(pdf) > MAX_BYTES:
            return verify(pdf, trust=trust, at=at)
        child = self._usable(self._borrow())
        try:
            report = child.run(pdf, trust, at, password, self._seconds)
        except _Dead as death:
            self._discard(child)
            if death.timed_out:
                return unjudged(pdf, "worker_timeout", seconds=f"{self._seconds:g}")
            return unjudged(pdf, "worker_died")
        except BaseException:
            self._discard(child)
            raise
        self._idle.put(child)
        return report

    def warm(self) -> None:
        """Start all children now, so that nobody waits for it later. Raises WorkerError."""
        for child in [self._usable(self._borrow()) for _ in range(self._idle.qsize())]:
            self._idle.put(child)

    def close(self) -> None:
        """End all children. Calls under way get a verdict of a died worker."""
        with self._lock:
            self._closed = True
            children, self._children = self._children, set()
        for child in children:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _borrow(self) -> "_Child | None":
        return self._idle.get()

    def _usable(self, child: "_Child | None") -> "_Child":
        """`child` if it still serves, else a new one. On an error its place is free again."""
        if child is not None and child.jobs < JOBS_PER_WORKER and child.alive:
            return child
        if child is not None:
            self._forget(child)
        try:
            fresh = self._start()
        except BaseException:
            self._idle.put(None)
            raise
        try:
            fresh.wait_ready()
        except BaseException as error:
            self._discard(fresh)
            if not isinstance(error, _Dead):
                raise
            raise WorkerError("a child process did not start: look at memory and Python") from None
        return fresh

    def _start(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise WorkerError("the pool is closed")
            child = _Child(self._memory)
            self._children.add(child)
            return child

    def _discard(self, child: "_Child") -> None:
        """End a child; its place is free for a new one."""
        self._forget(child)
        self._idle.put(None)

    def _forget(self, child: "_Child") -> None:
        with self._lock:
            self._children.discard(child)
        child.end()


class _Child:
    """One process and the pipes to it."""

    def __init__(self, memory: int) -> None:
        root = str(Path(__file__).resolve().parent.parent)
        self._process = subprocess.Popen(  # nosec B603 - no shell, no input in the arguments
            [sys.executable, "-m", "signing.worker", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
            close_fds=True,
            start_new_session=True,
        )
        self._trusts: set[str] = set()
        self.jobs = 0

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until it has imported what it needs. Raises _Dead."""
        if self._receive(time.monotonic() + START_SECONDS) != _READY:
            raise _Dead(timed_out=False)

    def run(
        self, pdf: bytes, trust: Trust, at: datetime, password: str | None, seconds: float
    ) -> SignatureReport:
        """Give it one file. Raises _Dead."""
        self.jobs += 1
        head = {"trust": trust.key, "at": at.isoformat(), "password": password, "seconds": seconds}
        frames = [json.dumps(head).encode(), pdf]
        if trust.key not in self._trusts:
            frames[0] = json.dumps(head | {"new": True}).encode()
            frames.insert(1, trust.to_bytes())
            self._trusts.add(trust.key)
        self._send(frames)
        answer = self._receive(time.monotonic() + seconds)
        try:
            return SignatureReport.from_bytes(answer)
        except (ValueError, KeyError, TypeError):
            raise _Dead(timed_out=False) from None

    def end(self) -> None:
        """Kill it and wait for its end."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # a frame half written to a dead child
                    pipe.close()

    def _send(self, frames: list[bytes]) -> None:
        """The child reads a whole job before it works on it, so that writing never blocks long."""
        pipe = self._process.stdin
        if pipe is None:
            raise _Dead(timed_out=False)
        try:
            for frame in frames:
                pipe.write(_HEADER.pack(len(frame)))
                pipe.write(frame)
            pipe.flush()
        except (OSError, ValueError):
            raise _Dead(timed_out=False) from None

    def _receive(self, deadline: float) -> bytes:
        size = _HEADER.unpack(self._read(_HEADER.size, deadline))[0]
        if size > _MAX_FRAME:
            raise _Dead(timed_out=False)
        return self._read(size, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        pipe = self._process.stdout
        if pipe is None:
            raise _Dead(timed_out=False)
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(pipe, selectors.EVENT_READ)
                while size:
                    if not selector.select(max(0.0, deadline - time.monotonic())):
                        raise _Dead(timed_out=True)
                    part = os.read(pipe.fileno(), min(size, 1 << 20))
                    if not part:
                        raise _Dead(timed_out=False)
                    parts.append(part)
                    size -= len(part)
            except (OSError, ValueError):  # closed under our hands by Pool.close
                raise _Dead(timed_out=False) from None
        return b"".join(parts)


# What runs in the child


def limit(memory: int) -> None:
    """Take from this process what reading a file does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))


def limit_time(seconds: float) -> None:
    """Let the next job take so many seconds of processor time; the kernel kills what takes more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime + seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer jobs until the pipe closes."""
    trusts: dict[str, Trust] = {}
    _write(sink, _READY)
    while head := _read_frame(source):
        job = json.loads(head)
        if job.get("new"):
            trusts[job["trust"]] = Trust.from_bytes(_read_frame(source))
        pdf = _read_frame(source)
        limit_time(job["seconds"])
        _write(sink, _answer(pdf, job, trusts))


def _answer(pdf: bytes, job: Mapping[str, str], trusts: Mapping[str, Trust]) -> bytes:
    try:
        report = verify(
            pdf,
            trust=trusts[job["trust"]],
            at=datetime.fromisoformat(job["at"]),
            password=job["password"],
        )
    except MemoryError:
        report = unjudged(pdf, "worker_died")
    return report.to_bytes()


def _read_frame(source: BinaryIO) -> bytes:
    header = source.read(_HEADER.size)
    return source.read(_HEADER.unpack(header)[0]) if len(header) == _HEADER.size else b""


def _write(sink: BinaryIO, frame: bytes) -> None:
    sink.write(_HEADER.pack(len(frame)) + frame)
    sink.flush()


if __name__ == "__main__":
    limit(int(sys.argv[1]))
    serve(sys.stdin.buffer, sys.stdout.buffer)
