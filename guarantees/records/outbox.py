"""Work to do after the commit: written with the business, padded, sealed, never deleted."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from guarantees.records import codec
from guarantees.records.sealed import OutboxMessage
from guarantees.values.ids import new_id
from signing.seal import SealBroken

SIZE = (4 * 1024,)
PURPOSE = "outbox"

PAGE = 500
"""Rows read at once: 2 MB of blobs."""

UNREADABLE = "unreadable"
"""Kind that stands for a row which does not open."""


@dataclass
class Message:
    """A piece of work: `kind` names the job (app/jobs), `arguments` its parameters."""

    kind: str
    arguments: dict[str, str] = field(default_factory=dict)
    not_before: datetime | None = None
    id: str = field(default="", metadata={"stored": False})
    attempts: int = field(default=0, metadata={"stored": False})


def put(session: Session, message: Message) -> None:
    made = new_id()
    session.add(OutboxMessage(id=made, blob=_seal(session, made, message)))


def pending(
    session: Session, now: datetime, limit: int, kinds: Container[str] | None = None
) -> Iterator[Message]:
    """At most `limit` messages that are due, of these kinds (None: all), in no particular order.

    All that waits is looked through: a thousand mails that a server refuses must not hide a letter.
    A row that does not open is yielded as a message of kind UNREADABLE, whatever was asked for.
    """
    due = (
        message
        for message in _waiting(session)
        if message.kind == UNREADABLE
        or (
            (kinds is None or message.kind in kinds)
            and (message.not_before is None or message.not_before <= now)
        )
    )
    return islice(due, limit)


def _waiting(session: Session) -> Iterator[Message]:
    """Every message that is not done, page by page."""
    last = ""
    while True:
        rows = session.execute(
            select(OutboxMessage.id, OutboxMessage.blob, OutboxMessage.attempts)
            .where(OutboxMessage.done.is_(False), OutboxMessage.id > last)
            .order_by(OutboxMessage.id)
            .limit(PAGE)
        ).all()
        for row in rows:
            message = _opened(session, row.id, row.blob)
            message.id, message.attempts = row.id, row.attempts
            yield message
        if len(rows) < PAGE:
            return
        last = rows[-1].id


def _opened(session: Session, made: str, blob: bytes) -> Message:
    """One damaged row must not hold up all the others."""
    try:
        opened = session.info["vault"].open(PURPOSE, blob, made.encode())
        message: Message = codec.from_bytes(Message, opened)
    except (SealBroken, ValueError, TypeError, KeyError):
        return Message(UNREADABLE)
    return message


def finish(session: Session, message: Message) -> None:
    session.execute(update(OutboxMessage).where(OutboxMessage.id == message.id).values(done=True))


def postpone(session: Session, message: Message, until: datetime) -> None:
    """After a failure: tried again at `until`."""
    later = Message(message.kind, message.arguments, until)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message.id)
        .values(blob=_seal(session, message.id, later), attempts=OutboxMessage.attempts + 1)
    )


def _seal(session: Session, made: str, message: Message) -> bytes:
    sealed: bytes = session.info["vault"].seal(
        PURPOSE, codec.to_bytes(message), made.encode(), SIZE
    )
    return sealed
