"""The transparency log as this process works with it: files, signers, and whose turn it is."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from app.adapters.log_folder import LogFolder
from app.adapters.log_signers import NoSigner
from signing import log as tlog

Answer = TypeVar("Answer")

LOCK_KEY = 0x62616F68616E6C67
"""Advisory lock of PostgreSQL: one publication at a time, whatever hosts there are."""

LOOK_SECONDS = 0.05

AT_ONCE = 8
"""Cosigners asked side by side."""

log = structlog.get_logger("baohan.log")


class Busy(Exception):
    """Somebody else is publishing."""


@dataclass(frozen=True)
class Log:
    folder: LogFolder
    signer: tlog.CheckpointSigner = field(default_factory=NoSigner)
    cosigners: tuple[tlog.Cosigner, ...] = ()
    """The timekeeper first."""
    origin: str = ""
    """Name for a log that has yet to begin."""
    renamed: bool = False
    """The setting asks for exactly this name: a log with another one has ended."""
    cadence: timedelta = timedelta(seconds=60)

    # --- publishing

    @contextmanager
    def alone(self, engine: Engine, patience: float = 0.0) -> Iterator[None]:
        """The right to publish; Busy if another has it for longer than `patience` seconds."""
        with _locked(self.folder.folder, patience), _guarded(engine, patience):
            yield

    def signed(self, head: tlog.Checkpoint, tree: tlog.Tree, old: int, key: tlog.Verifier) -> bytes:
        """The checkpoint as a note: signed by the log, cosigned by whoever answers.

        FollowerAway or NotFollowed if the log's own signer does not sign; RolledBack if anybody
        has signed more than this.
        """

        def sign(start: int, proof: Sequence[bytes]) -> tlog.Signature:
            return self.signer.sign(head, start, proof)

        own = _asked("signer", sign, tree, old)
        try:
            key.check(head.text(), own)
        except tlog.NoteInvalid:
            raise tlog.NotFollowed("signer", "it has another key than this log") from None
        note = tlog.Note(head.text(), (own,)).to_bytes()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda one: self._cosigned(one, note, key, tree, old), self.cosigners)
            more = [signature for signature in found if signature is not None]
        return tlog.Note(head.text(), (own, *more)).to_bytes()

    def _cosigned(
        self, one: tlog.Cosigner, note: bytes, key: tlog.Verifier, tree: tlog.Tree, old: int
    ) -> tlog.Signature | None:
        """None from one who is away or cannot use it: the log goes on, and its checkpoint shows it.
        RolledBack from one who has signed another tree: then it must not go on."""

        def cosign(start: int, proof: Sequence[bytes]) -> tlog.Signature:
            return one.cosign(note, key, start, proof)

        try:
            return _asked(type(one).__name__, cosign, tree, old)
        except (tlog.FollowerAway, tlog.NotFollowed) as error:
            log.warning("not_cosigned", name=error.name, why=type(error).__name__)
            return None

    def known_keys(self, key: tlog.Verifier) -> tuple[tlog.Verifier, ...]:
        """The log's key, then every cosigner's that is or ever was, in order of appearance."""
        known = {key: None}
        known |= dict.fromkeys(one for one in self.folder.verifiers() if one.name != key.name)
        for one in self.cosigners:
            try:
                known[one.verifier(key.name)] = None
            except (tlog.FollowerAway, tlog.NotFollowed):
                continue
        return tuple(known)

    # --- reading

    def opened(self) -> tlog.Opened | None:
        """The latest checkpoint, its signatures verified; None: nothing is published.

        NoteInvalid if it is not what the log signed.
        """
        note = self.folder.checkpoint()
        if note is None:
            return None
        keys = self.folder.verifiers()
        if not keys:
            raise tlog.NoteInvalid("the log's keys are missing")
        return tlog.open_checkpoint(note, keys[0], keys[1:])

    def bundle(self, index: int) -> tlog.Bundle | None:
        """Proof that the entry at `index` is in the latest checkpoint; None if it is not yet."""
        opened = self.opened()
        if opened is None or index >= opened.checkpoint.size:
            return None
        tree = tlog.Tree(opened.checkpoint.size, self.folder.read)
        return tlog.Bundle(index, tree.inclusion(index), opened.note.to_bytes())

    def includes(self, leaf: bytes, index: int) -> bool:
        """Whether that entry really is in the latest checkpoint, by tiles and signature."""
        try:
            bundle, keys = self.bundle(index), self.folder.verifiers()
            if bundle is None:
                return False
            bundle.check(leaf, keys[0], keys[1:])
        except (tlog.NoteInvalid, tlog.ProofInvalid, tlog.TilesBroken):
            return False
        return True


def no_log() -> Log:
    """Nothing is published and nothing can be."""
    return Log(LogFolder(Path("/nonexistent")))


def _asked(
    name: str, ask: Callable[[int, Sequence[bytes]], Answer], tree: tlog.Tree, old: int
) -> Answer:
    """Once, and again with the right size if it stands elsewhere."""
    try:
        return ask(old, tree.consistency(old))
    except tlog.OldSize as told:
        if told.size > tree.size:
            raise tlog.RolledBack(name, tree.size, told.size) from None
        try:
            return ask(told.size, tree.consistency(told.size))
        except tlog.OldSize as again:
            raise tlog.NotFollowed(name, f"it stands at {again.size}, then elsewhere") from None


@contextmanager
def _locked(folder: Path, patience: float) -> Iterator[None]:
    """Among the processes of this folder; the kernel takes the lock back from a dead one."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(lambda: _flocked(handle), patience)
        yield
    finally:
        os.close(handle)


def _flocked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _guarded(engine: Engine, patience: float) -> Iterator[None]:
    """Among all who use this database; the server takes the lock back from a lost connection."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _wait(
            lambda: bool(connection.scalar(select(func.pg_try_advisory_lock(LOCK_KEY)))), patience
        )
        try:
            yield
        finally:
            try:
                connection.scalar(select(func.pg_advisory_unlock(LOCK_KEY)))
            except DBAPIError:  # the connection is gone, and the lock with it
                connection.invalidate()


def _wait(taken: Callable[[], bool], patience: float) -> None:
    until = time.monotonic() + patience
    while not taken():
        if time.monotonic() >= until:
            raise Busy
        time.sleep(LOOK_SECONDS)
