"""How every process of ours begins: nothing for others to read, and an end on the first signal."""

import ctypes
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

import structlog

from signing.timekeeper.hardening import harden

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that this process gets when its parent ends."""


def end_with_parent() -> None:
    """A supervisor that was killed leaves nothing running behind it (SIGTERM: drain)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@dataclass(frozen=True)
class Ending:
    """What SIGTERM and SIGINT set: the first one asks to finish, the second one to end at once."""

    first: threading.Event = field(default_factory=threading.Event)
    second: threading.Event = field(default_factory=threading.Event)


def on_signals() -> Ending:
    """For a process that ends by its own doing."""
    ending = Ending()

    def on_signal(number: int, frame: object) -> None:
        (ending.second if ending.first.is_set() else ending.first).set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return ending


def until_signal() -> threading.Event:
    """An event that the first SIGTERM or SIGINT sets; the second one ends the process at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def log_to_stderr(process: str, *, quiet: bool = False) -> None:
    """JSON lines with a time and the process's name; what is logged names no person or case.

    quiet: only what went wrong.
    """
    structlog.configure(
        processors=[
            _naming(process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.ERROR if quiet else logging.INFO
        ),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s", force=True)


def _naming(process: str) -> structlog.types.Processor:
    def name(logger: object, method: str, event: structlog.types.EventDict) -> Any:
        event["process"] = process
        return event

    return name


def begin(process: str) -> threading.Event:
    """All of it; answers the event that ends the process."""
    harden()
    end_with_parent()
    log_to_stderr(process)
    return until_signal()
