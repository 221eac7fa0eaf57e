"""What the log commits to when a letter is withdrawn, and what its supplier keeps as proof."""

import hashlib

import rfc8785

from guarantees.errors import NotFound
from guarantees.records import codec
from guarantees.records.case import Case, Withdrawal

SCHEMA = "baohan/withdrawal/v1"


def statement(case: Case, made: Withdrawal) -> bytes:
    """Canonical JSON (RFC 8785): number and leaf of the letter, and when it was taken back."""
    if case.intent is None or case.letter is None:
        raise NotFound(noun="letter", id=case.id)
    return rfc8785.dumps(
        {
            "schema": SCHEMA,
            "number": case.intent.number,
            "opening": case.intent.opening,
            "leaf": case.letter.leaf.hex(),
            "at": codec.dump(made.at),
        }
    )


def digest(case: Case, made: Withdrawal) -> bytes:
    """SHA-256 of the statement."""
    return hashlib.sha256(statement(case, made)).digest()
