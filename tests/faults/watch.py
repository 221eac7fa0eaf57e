"""What a process does to the world outside it, written down beside the fault points it passes."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import requests
from sqlalchemy.orm import Session

from app.adapters.mail import FileSink
from signing import faults, wire

EFFECTS: tuple[tuple[Any, str, str], ...] = (
    (Session, "commit", "commit"),
    (os, "link", "put_once"),
    (requests.Session, "post", "order"),
    (wire.Client, "call", "call"),
    (FileSink, "send", "mail"),
)
"""(owner, function, word): all by which a commit, a file or a message leaves the process."""

DOING = "doing "
"""Stands before the word of an effect in the list."""


@contextmanager
def watched(trace: bool) -> Iterator[list[str]]:
    """Names of points, and "doing <word>" where an effect begins; "<thread>/" before each."""
    seen: list[str] = []
    if not trace:
        yield seen
        return
    patches = [mock.patch.object(faults, "point", _noting(seen, faults.point))]
    for owner, method, word in EFFECTS:
        real = getattr(owner, method)
        patches.append(mock.patch.object(owner, method, _told(seen, real, DOING + word)))
    for one in patches:
        one.start()
    try:
        yield seen
    finally:
        for one in patches:
            one.stop()


def _note(seen: list[str], word: str) -> None:
    seen.append(f"{threading.get_ident()}/{word}")


def _noting(seen: list[str], real: Callable[[str], None]) -> Callable[[str], None]:
    def point(name: str) -> None:
        _note(seen, name)
        real(name)

    return point


def _told(seen: list[str], real: Callable[..., Any], word: str) -> Callable[..., Any]:
    def told(*args: Any, **kwargs: Any) -> Any:
        _note(seen, word)
        return real(*args, **kwargs)

    return told


def point_of(entry: str) -> str:
    """The fault point of an entry; "" for an effect."""
    word = entry.partition("/")[2]
    return "" if word.startswith(DOING) else word


def by_thread(seen: list[str]) -> dict[str, list[str]]:
    """The entries of each thread, in its own order."""
    threads: dict[str, list[str]] = {}
    for entry in seen:
        thread, _, word = entry.partition("/")
        threads.setdefault(thread, []).append(word)
    return threads
