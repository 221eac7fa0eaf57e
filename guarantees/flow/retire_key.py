"""A key is taken out of use: later letters are sealed to the others; earlier ones still open."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import LastKey, MoveRefused, NotFound
from guarantees.flow import steps
from guarantees.flow.steps import envelopes
from guarantees.flow.steps.rehearsals import SHOWN_DIGITS
from guarantees.records import accounts
from guarantees.records.key_change import KeyChange
from guarantees.records.person import OpeningKey
from guarantees.tables.lifecycle import move
from guarantees.values.actor import Actor


def retire(session: Session, actor: Actor, now: datetime, key_id: str) -> None:
    """MoveRefused while it is being changed, LastKey if no other would be left."""
    steps.require(actor, "opening_key.change", now)
    accounts.locked_organisation(session, actor.organisation_id)
    row = session.get(OpeningKey, key_id, populate_existing=True)
    if row is None or row.organisation_id != actor.organisation_id:
        raise NotFound(noun="opening key", id=key_id)
    running = select(KeyChange.id).where(
        KeyChange.state == "running",
        (KeyChange.old_key_id == key_id) | (KeyChange.new_key_id == key_id),
    )
    if session.scalar(running) is not None:
        raise MoveRefused(noun="opening key", id=key_id)
    if len(envelopes.active_keys(session, actor.organisation_id)) == 1 and row.state == "active":
        raise LastKey(noun="opening key", id=key_id)
    row.state, row.retired_at = move("opening key", row.state, "retired", "opening_key.change"), now
    digits = row.fingerprint.hex()[:SHOWN_DIGITS]
    subject = f"organisation:{actor.organisation_id}"
    steps.record_about(session, subject, actor, now, "opening_key.retired", digits)
