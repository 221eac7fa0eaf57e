"""The real system on throw-away folders: its processes, and everything that they write."""

import ctypes
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from sqlalchemy import Engine, create_engine, inspect

from app.adapters.database import Sessions, make_engine
from app.adapters.vault import VAULT_FILE, Vault
from app.demo.secrets import DemoSecrets
from app.processes.loopback import listen
from app.processes.places import Places
from app.processes.supervisor import Supervisor
from app.processes.users import Users, find_or_make
from app.settings import COPIES, Settings, read
from tests.secrecy.scanner import files

SHARED = ("/tmp", "/var/tmp", "/dev/shm")
"""Where a process that knows no better puts its temporary files."""

IN_CREATE, IN_MOVED_TO = 0x100, 0x80
EVENT = struct.Struct("iIII")


class Watch:
    """The name of every file that was made in a folder, however short it lived (inotify(7))."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        mask = IN_CREATE | IN_MOVED_TO
        if self._libc.inotify_add_watch(self._handle, os.fsencode(folder), mask) < 0:
            raise OSError(ctypes.get_errno(), f"cannot watch {folder}")

    def names(self) -> list[str]:
        """Since the last call."""
        found = []
        with suppress(BlockingIOError):
            while data := os.read(self._handle, 64 * 1024):
                place = 0
                while place < len(data):
                    length = EVENT.unpack_from(data, place)[3]
                    place += EVENT.size + length
                    found.append(data[place - length : place].rstrip(b"\0").decode())
        return found

    def close(self) -> None:
        os.close(self._handle)


@dataclass
class Installation:
    base: Path
    settings: Settings
    supervisor: Supervisor
    temporary: Path
    """TMPDIR of the processes."""
    watch: Watch
    """Of `temporary`."""

    @property
    def places(self) -> Places:
        return self.supervisor.places

    @property
    def users(self) -> Users:
        return self.supervisor.users

    @property
    def url(self) -> str:
        return self.supervisor.running.web

    def secrets(self) -> DemoSecrets:
        return DemoSecrets.of(self.settings.data)

    def vault(self) -> Vault:
        """Whoever holds BAOHAN_KEYS; read as root reads, whoever they belong to."""
        keys = sorted(one for one in self.settings.keys.iterdir() if VAULT_FILE.match(one.name))
        index = (self.settings.keys / "index.key").read_bytes()
        return Vault([one.read_bytes() for one in keys], index)

    @contextmanager
    def sessions(self) -> Iterator[Sessions]:
        """For reading beside the running system; leaves nothing on the disk."""
        engine = _reading(self.settings.database_url)
        yield Sessions(engine, self.vault())
        engine.dispose()

    # --- everything that is written

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """(place, bytes): files of every folder, files without a name, what processes were told,
        each column of each table."""
        yield from files(self.base)
        yield from self._strewn()
        yield from self._of_processes()
        yield from self._tables()

    def processes(self) -> list[psutil.Process]:
        """With those that they started."""
        own = [psutil.Process(pid) for pid in self.supervisor.keeper.pids().values()]
        return own + [below for one in own for below in one.children(recursive=True)]

    def _strewn(self) -> Iterator[tuple[str, bytes]]:
        """Files of our users in folders that all share; as one user for all they can't be told."""
        if not self.users.isolated:
            return
        ours = {self.users.web.uid, self.users.time.uid, self.users.sign.uid, self.users.bank.uid}
        for folder in SHARED:
            for path in Path(folder).glob("*"):
                with suppress(FileNotFoundError):
                    if path.lstat().st_uid in ours and path.is_file():
                        yield str(path), path.read_bytes()

    def _of_processes(self) -> Iterator[tuple[str, bytes]]:
        for process in self.processes():
            folder = Path(f"/proc/{process.pid}")
            with suppress(FileNotFoundError, ProcessLookupError):
                for name in ("environ", "cmdline"):
                    yield str(folder / name), (folder / name).read_bytes()
                for handle in (folder / "fd").iterdir():
                    if str(handle.readlink()).endswith(" (deleted)") and handle.is_file():
                        yield str(handle), handle.read_bytes()

    def _tables(self) -> Iterator[tuple[str, bytes]]:
        engine = _reading(self.settings.database_url)
        with engine.connect() as connection:
            for table in inspect(connection).get_table_names():
                rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"')
                names = list(rows.keys())
                columns = zip(*rows, strict=True)
                for name, cells in zip(names, columns, strict=False):
                    yield f"table {table}.{name}", b"\n".join(map(_bytes, cells))
        engine.dispose()


def _bytes(cell: object) -> bytes:
    return bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()


def _reading(url: str) -> Engine:
    """Root must leave no files that the web process could not write (SQLite's -shm and -wal)."""
    path = url.removeprefix("sqlite:///")
    if path == url:
        return make_engine(url)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)

    return create_engine("sqlite://", creator=connect)


@contextmanager
def installed(database_url: str = "") -> Iterator[Installation]:
    """All processes, each as a user of its own where this user may choose; ended and gone
    afterwards. The default is SQLite in the data folder."""
    with ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="baohan-secrecy-", dir="/tmp"))
        stack.callback(shutil.rmtree, base, ignore_errors=True)
        base.chmod(0o755)  # every user passes through to its own folder
        temporary = base / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        stack.enter_context(_variable("TMPDIR", str(temporary)))
        web = stack.enter_context(closing(listen()))
        settings = _settings(base, web.getsockname()[1], database_url)
        supervisor = Supervisor(settings, find_or_make(), web, print)
        stack.callback(supervisor.end)
        watch = stack.enter_context(closing(Watch(temporary)))
        supervisor.start()
        yield Installation(base, settings, supervisor, temporary, watch)


def _settings(base: Path, port: int, database_url: str) -> Settings:
    data = base / "data"
    return replace(
        read({}),
        database_url=database_url or f"sqlite:///{data / 'baohan.db'}",
        data=data,
        keys=base / "keys",
        timekeeper=base / "timekeeper",
        copies=base / COPIES,
        signer=base / "signer",
        run=base / "run",
        fonts=read().fonts,
        base_url=f"http://127.0.0.1:{port}",
    )


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """An environment variable of the processes; this one's own temporary folder is settled."""
    tempfile.gettempdir()
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before
