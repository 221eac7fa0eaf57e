"""Every write happens once: a keyed tag of (actor, key) leads to the first answer."""

import json
from typing import Any

from sqlalchemy.orm import Session

from guarantees.records import turns
from guarantees.records.sealed import IdempotencyKey

SIZE = (4 * 1024,)
PURPOSE = "idempotency"


def first_answer(session: Session, actor_id: str, key: str) -> Any:
    """What the first call answered, or None if this is the first.

    Another call with the same key waits here for the commit: what it would find of the first one's
    work without its answer, it would take for somebody else's.
    """
    tag = _tag(session, actor_id, key)
    turns.take_turn(session, tag)
    row = session.get(IdempotencyKey, tag)
    if row is None:
        return None
    return json.loads(session.info["vault"].open(PURPOSE, row.blob, tag))


def remember(session: Session, actor_id: str, key: str, answer: Any) -> None:
    """Keep the answer. Of two at once the second fails on the key and is retried."""
    tag = _tag(session, actor_id, key)
    blob = session.info["vault"].seal(PURPOSE, json.dumps(answer).encode(), tag, SIZE)
    session.add(IdempotencyKey(id=tag, blob=blob))
    session.flush()


def _tag(session: Session, actor_id: str, key: str) -> bytes:
    made: bytes = session.info["vault"].tag("idempotency", actor_id, key)
    return made
