"""signing/timekeeper/hardening.py: memory locked where that is allowed, and else it is said."""

import os
import resource
from pathlib import Path

from signing.timekeeper import hardening
from signing.timekeeper.hardening import lock_memory
from tests.signing.timekeeper_process import as_user


def locked_kib() -> tuple[str, int]:
    """What lock_memory says, and what the kernel has locked then."""
    said = lock_memory()
    lines = Path("/proc/self/status").read_text().splitlines()
    return said, int(next(line for line in lines if line.startswith("VmLck")).split()[1])


def locked_without_right(swap: bool) -> tuple[str, int]:
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
    hardening.CAP_IPC_LOCK = 63  # a right that nobody has
    if swap:
        hardening.SWAPS = Path(__file__)  # more than one line
    return locked_kib()


def test_memory_is_locked_where_that_is_allowed_and_else_it_is_said() -> None:
    said, locked = as_user(os.geteuid(), locked_kib)
    swap = len(Path("/proc/swaps").read_text().splitlines()) > 1
    assert locked > 0 or bool(said) == swap
    said, locked = as_user(os.geteuid(), locked_without_right, False)
    assert (said, locked) == ("", 0) or swap
    said, locked = as_user(os.geteuid(), locked_without_right, True)
    assert "ulimit -l" in said
    assert locked == 0
