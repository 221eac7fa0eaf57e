"""What a process that holds secrets does first (prctl(2), setrlimit(2), umask(2), mlockall(2))."""

import ctypes
import os
import resource
from pathlib import Path

PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
CAP_IPC_LOCK = 14
SWAPS = Path("/proc/swaps")


def harden() -> None:
    """No core dumps, no ptrace, no reading of /proc/PID/mem by the same user, private files.

    OSError if the kernel refuses. Does not hold against root.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def lock_memory() -> str:
    """Keeps this process's memory out of swap; "" if it is, else why it may be written there.

    Without the right to lock as much as it needs a process must not begin with it: it would fail
    later, in the middle of a call. ONFAULT: only what is touched takes memory.
    """
    if _may_lock():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0:
            return ""
        reason = f"mlockall: {os.strerror(ctypes.get_errno())}"
    else:
        reason = "this user may lock too little memory (ulimit -l)"
    swap = SWAPS.read_text(encoding="utf-8").splitlines()[1:]
    return f"{reason}, and the machine has swap" if swap else ""


def _may_lock() -> bool:
    _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
        return True
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    effective = next(line for line in lines if line.startswith("CapEff:")).split()[1]
    return bool(int(effective, 16) >> CAP_IPC_LOCK & 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    none = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), none, none, none) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}, {value}): {os.strerror(number)}")
