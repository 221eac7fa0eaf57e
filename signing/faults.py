"""Fault points: named places where a test may kill the process.

A module declares its points once, at import, and passes them while it works:

    STORED = faults.declare("timekeeper.register.stored")
    ...
    faults.point(STORED)

Nothing happens unless the environment variable BAOHAN_FAULT holds `name` or `name:n` when the
process starts; then the process ends at the n-th pass (the first, if n is not given) with exit
code 137, as after SIGKILL: no handler, no finally, no flush. The variable can only end a process,
never change what it does. Nothing but the standard library is imported here.
"""

import itertools
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

EXIT_CODE = 137
"""What a shell reports for SIGKILL."""

_declared: set[str] = set()
_lock = threading.Lock()


@dataclass(frozen=True)
class _Fault:
    """Where this process ends."""

    name: str
    count: int
    passes: Iterator[int] = field(default_factory=lambda: itertools.count(1))


def _read(setting: str) -> _Fault:
    name, _, count = setting.partition(":")
    return _Fault(name, int(count) if count.isdecimal() else 1)


_fault = _read(os.environ.get("BAOHAN_FAULT", ""))


def arm(setting: str) -> None:
    """What the variable does at the start, for a process that was forked: `name` or `name:n`."""
    global _fault  # noqa: PLW0603 - one per process, as the variable is
    _fault = _read(setting)


def declare(name: str) -> str:
    """Registers a point and returns its name; a name belongs to one place in the code."""
    if name in _declared:
        raise ValueError(f"fault point {name!r} is declared twice: name each place once")
    _declared.add(name)
    return name


def names() -> frozenset[str]:
    """All points declared by the modules imported so far."""
    return frozenset(_declared)


def point(name: str) -> None:
    """Ends the process here if BAOHAN_FAULT asks for it; LookupError for an undeclared name."""
    if name not in _declared:
        raise LookupError(f"fault point {name!r} is not declared: call faults.declare() first")
    if name == _fault.name:
        _pass(_fault)


def _pass(fault: _Fault) -> None:
    with _lock:
        if next(fault.passes) == fault.count:
            os._exit(EXIT_CODE)
