"""Keys of an organisation and what one passphrase opens of them. No database, no storing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from guarantees.records.person import OpeningKey
from signing import seal
from signing.seal import KeyLocked, SealBroken


@dataclass(frozen=True)
class Kept:
    """A key as it is kept."""

    id: str
    fingerprint: bytes
    active: bool
    wrapped: bytes | None = field(repr=False)
    """None: on a token."""
    heir: str | None
    inherited: bytes | None = field(repr=False)


def kept(row: OpeningKey) -> Kept:
    return Kept(
        row.id,
        row.fingerprint,
        row.state == "active",
        row.wrapped_private,
        row.heir_id,
        row.inherited,
    )


def unlock(keys: Sequence[Kept], passphrase: str) -> list[bytes]:
    """Private keys that the passphrase opens, with those that they inherited; empty if none.

    Retired keys are tried where no active one opens: the passphrase before the last one counts
    for the letters that only it opens.
    """
    opened = _opened((one for one in keys if one.active), passphrase)
    if not opened:
        opened = _opened((one for one in keys if not one.active), passphrase)
    _inherit(keys, opened)
    return list(opened.values())


def _opened(keys: Iterable[Kept], passphrase: str) -> dict[str, bytes]:
    found = {}
    for one in keys:
        if one.wrapped is None:
            continue
        try:
            found[one.id] = seal.unwrap_private(one.wrapped, passphrase)
        except KeyLocked:
            continue
    return found


def _inherit(keys: Sequence[Kept], opened: dict[str, bytes]) -> None:
    """Add what the opened keys inherited, and what those had inherited."""
    found = True
    while found:
        found = False
        for one in keys:
            if one.id in opened or one.inherited is None or one.heir not in opened:
                continue
            try:
                key = seal.inherit(one.inherited, opened[one.heir], one.fingerprint)
            except SealBroken:
                continue
            opened[one.id], found = key, True
