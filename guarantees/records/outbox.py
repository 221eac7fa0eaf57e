"""Work to do after the commit: written with the business, padded, sealed, never deleted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from guarantees.records import codec
from guarantees.records.sealed import OutboxMessage
from guarantees.values.ids import new_id

SIZE = (4 * 1024,)
PURPOSE = "outbox"


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


def pending(session: Session, now: datetime, limit: int) -> Iterator[Message]:
    """Messages that are due, in no particular order."""
    rows = session.execute(
        select(OutboxMessage.id, OutboxMessage.blob, OutboxMessage.attempts)
        .where(OutboxMessage.done.is_(False))
        .limit(limit)
    ).all()
    for row in rows:
        message: Message = codec.from_bytes(
            Message, session.info["vault"].open(PURPOSE, row.blob, row.id.encode())
        )
        message.id, message.attempts = row.id, row.attempts
        if message.not_before is None or message.not_before <= now:
            yield message


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
