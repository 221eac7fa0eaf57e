"""What a process can get of others: files, folders, sockets, memory. Light to import, since it runs
in a process of some user (tests.signing.timekeeper_process.as_user)."""

import ctypes
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from signing import wire

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
PIDFD_OPEN, PIDFD_GETFD = 434, 438
"""Numbers of the system calls, the same on every architecture."""

OF_A_PROCESS = (
    "mem",
    "maps",
    "environ",
    "auxv",
    "syscall",
    "stack",
    "io",
    "fd",
    "map_files",
    "cwd",
)
"""Below /proc/PID: what says or shows something that the process keeps to itself (proc(5))."""


class Part(ctypes.Structure):
    """struct iovec"""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def openable(paths: Sequence[str]) -> list[str]:
    """Files that can be read, folders that can be listed, links that can be followed."""
    return [path for path in paths if _opens(Path(path))]


def _opens(path: Path) -> bool:
    with suppress(OSError):
        if path.is_symlink():
            path.readlink()
        elif path.is_dir():
            [*path.iterdir()]
        else:
            path.open("rb").close()
        return True
    return False


def changeable(paths: Sequence[str]) -> list[str]:
    """Files that can be written to or taken away, folders that take a new file."""
    return [path for path in paths if _changes(Path(path))]


def _changes(path: Path) -> bool:
    moved = path.with_name(f"{path.name}.moved")
    with suppress(OSError):
        path.rename(moved)
        moved.rename(path)
        return True
    with suppress(OSError):
        if path.is_dir():
            return os.access(path, os.W_OK)
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW))
        return True
    return False


def memory(pid: int) -> list[str]:
    """Ways into a running process that are open."""
    libc = ctypes.CDLL(None, use_errno=True)
    ways = [name for name in OF_A_PROCESS if openable([f"/proc/{pid}/{name}"])]
    if libc.ptrace(PTRACE_ATTACH, pid, None, None) == 0:
        os.waitpid(pid, 0)
        libc.ptrace(PTRACE_DETACH, pid, None, None)
        ways.append("ptrace")
    own, theirs = ctypes.create_string_buffer(8), Part(id(None), 8)
    mine = Part(ctypes.addressof(own), 8)
    if libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) >= 0:
        ways.append("process_vm_readv")
    handle = libc.syscall(PIDFD_OPEN, pid, 0)
    if libc.syscall(PIDFD_GETFD, handle, 2, 0) >= 0:
        ways.append("pidfd_getfd")
    with suppress(PermissionError):
        os.kill(pid, signal.SIGCONT)
        ways.append("signal")
    return ways


def call(socket: Path, operation: str) -> str:
    """What a server on a Unix socket answers: "answered", or the code of the refusal."""
    try:
        wire.Client(socket).call(operation)
    except wire.RemoteError as refused:
        return refused.code
    except wire.Unavailable:
        return "unavailable"
    return "answered"
