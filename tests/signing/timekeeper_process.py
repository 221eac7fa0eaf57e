"""Helpers: timekeepers as processes that can be killed, and envelopes sealed to them."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from signing import faults, seal, wire
from signing.timekeeper import __main__
from signing.timekeeper.client import TimekeeperClient
from signing.timekeeper.protocol import OpeningCertificate, ReleaseRequest

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.signing.timekeeper_process", "signing.timekeeper.authorities"])

Answer = TypeVar("Answer")
PROCURER = seal.make_key_pair()
LETTER = b"%PDF-1.7 a letter"


class Sealed:
    """A letter sealed to an opening."""

    def __init__(
        self,
        certificate: OpeningCertificate,
        number: str = "BH-1",
        recovery: seal.KeyPair | None = None,
    ) -> None:
        recovery = recovery or seal.make_key_pair()
        self.context = seal.SealContext.new(number, certificate.lot, certificate.opening)
        self.envelope = seal.seal(
            LETTER,
            self.context,
            opening_key=certificate.public_key,
            recipients=[seal.Recipient.of("procurer", PROCURER.public_key)],
            recovery=seal.Recipient.of("recovery", recovery.public_key),
        )

    @property
    def request(self) -> ReleaseRequest:
        return self.envelope.release_request(self.context)

    def opened(self, share: object) -> bytes:
        assert isinstance(share, bytes)
        return seal.open_envelope(self.envelope, self.context, self.sp(PROCURER), share)

    def sp(self, by: seal.KeyPair) -> bytes:
        return seal.unwrap_sp(self.envelope, self.context.ctx, by.private_key)


class Running:
    """A timekeeper process on one store: killed, started again, its clock moved.

    It is forked from a server that has everything imported, so a start takes milliseconds, and
    works as another user even where that user could not read the interpreter.
    """

    def __init__(self, folder: Path, *options: str, uid: int | None = None) -> None:
        self.store, self.socket, self.ahead = folder / "store", folder / "s", folder / "ahead"
        self.options = ("--allow-uid", str(os.geteuid()), *options)
        self.client = TimekeeperClient(self.socket, timeout=20)
        self.uid = uid
        self.starts = 0
        self.move_clock(timedelta())

    def start(self, fault: str = "") -> bool:
        """True once it answers, False if it ended before."""
        arguments = ("--store", str(self.store), "--socket", str(self.socket), *self.options)
        given = (arguments, fault, self.uid, self.ahead)
        self.process = FORKS.Process(target=_run, args=given, daemon=True)
        self.process.start()
        self.starts += 1
        while self.process.is_alive():
            with suppress(wire.Unavailable):
                self.client.status()
                return True
            time.sleep(0.005)
        return False

    def move_clock(self, ahead: timedelta) -> None:
        """From now on the process's clock is so far ahead of ours."""
        self.ahead.write_text(str(ahead.total_seconds()))

    def persist(self, call: Callable[[], Answer]) -> Answer:
        """Calls; if the process dies of it, starts it again without fault and calls again."""
        try:
            return call()
        except wire.Unavailable:
            assert self.exit_code == faults.EXIT_CODE
            assert self.start()
            return call()

    @property
    def exit_code(self) -> int | None:
        self.process.join(10)
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()
        self.process.join(10)

    def stop(self) -> int | None:
        with suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, signal.SIGTERM)
        return self.exit_code


def _run(arguments: tuple[str, ...], fault: str, uid: int | None, ahead: Path) -> None:
    """In the child: fault and clock are set by hand, since no option of the real one sets them."""
    become(uid)
    faults.arm(fault)
    __main__.clock = lambda: datetime.now(UTC) + timedelta(seconds=float(ahead.read_text()))
    raise SystemExit(__main__.main(arguments))


def become(uid: int | None) -> None:
    if uid is not None and uid != os.geteuid():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def as_user(uid: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function answers in a process of that user."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_answer, args=(theirs, uid, function, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join(10)


def _answer(
    pipe: Connection, uid: int, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    become(uid)
    pipe.send(function(*arguments))
