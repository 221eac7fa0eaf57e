"""C2SP tlog-checkpoint: origin, size and root of a log, as a signed note."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from signing.log.errors import NoteInvalid
from signing.log.hashing import HASH
from signing.log.note import NOTE, Note, Signed, Verifier, unbase64, verified

MOST = 2**63 - 1
NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    origin: str
    """Name of the log, for good."""
    size: int
    """Entries."""
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def of_text(cls, text: str) -> "Checkpoint":
        """NoteInvalid unless the text is three lines and no more: we write no extensions."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteInvalid("a checkpoint has three lines")
        made = cls(lines[0], number(lines[1]), unbase64(lines[2]))
        if len(made.root) != HASH:
            raise NoteInvalid("the root is no SHA-256")
        return made


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkpoint whose log signature holds."""

    checkpoint: Checkpoint
    note: Note
    by: tuple[Signed, ...]
    """The log first, then those who cosigned it, of whom the keys are known."""

    @property
    def cosigned(self) -> tuple[Signed, ...]:
        return self.by[1:]


def open_checkpoint(data: bytes, log: Verifier, cosigners: Iterable[Verifier] = ()) -> Opened:
    """NoteInvalid unless the log itself signed it, under its origin as name, and every signature
    that claims to be by one of these keys holds."""
    note = Note.read(data)
    by = verified(note, (log, *cosigners))
    if not by or by[0].verifier != log or log.kind != NOTE:
        raise NoteInvalid("the log's signature is missing")
    checkpoint = Checkpoint.of_text(note.text)
    if checkpoint.origin != log.name:
        raise NoteInvalid("the checkpoint is another log's")
    return Opened(checkpoint, note, by)


def number(text: str) -> int:
    """A decimal number without leading zeros, below 2^63; NoteInvalid."""
    if NUMBER.fullmatch(text) is None or int(text) > MOST:
        raise NoteInvalid("not a number")
    return int(text)
