"""Keys of an organisation as its people see them, and those that letters are sealed to; nothing
here depends on any letter."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries import rehearsals
from guarantees.records.key_change import KeyChange
from guarantees.records.person import CMS, OpeningKey, Person
from guarantees.tables import permissions
from guarantees.values.actor import Actor
from signing.seal import certificate_fault
from signing.seal.tokens import TokenFacts, facts_of


@dataclass(frozen=True)
class KeyRow:
    id: str
    person: str
    own: bool
    """The reader made it."""
    kind: str
    fingerprint: bytes
    public_key: bytes
    """Of a token its certificate, DER."""
    state: str
    """active, changing, retired, or expired (a token's certificate, judged as of now)."""
    token: TokenFacts | None
    made_at: datetime
    retired_at: datetime | None
    heir: bytes
    """Fingerprint of the key that it is or was changed for; empty: none."""


def of_own(session: Session, actor: Actor, now: datetime) -> list[KeyRow]:
    """Keys of the actor's organisation: active ones first, then the oldest first."""
    permissions.check(actor, "project.read", now)
    rows = session.execute(
        select(OpeningKey, Person.name)
        .join(Person, Person.id == OpeningKey.person_id)
        .where(OpeningKey.organisation_id == actor.organisation_id)
        .order_by(OpeningKey.state, OpeningKey.created_at, OpeningKey.id)
    ).all()
    running = set(
        session.scalars(
            select(KeyChange.old_key_id).where(
                KeyChange.organisation_id == actor.organisation_id, KeyChange.state == "running"
            )
        )
    )
    known = {key.id: key.fingerprint for key, _name in rows}
    return [
        KeyRow(
            id=key.id,
            person=name,
            own=key.person_id == actor.person_id,
            kind=key.kind,
            fingerprint=key.fingerprint,
            public_key=key.public_key,
            state=_state(key, running, now),
            token=facts_of(key.public_key) if key.kind == CMS else None,
            made_at=key.created_at,
            retired_at=key.retired_at,
            heir=known.get(key.heir_id or "", b""),
        )
        for key, name in rows
    ]


def one(session: Session, actor: Actor, now: datetime, key_id: str) -> KeyRow:
    """NotFound unless it is the organisation's."""
    found = [row for row in of_own(session, actor, now) if row.id == key_id]
    if not found:
        raise NotFound(noun="opening key", id=key_id)
    return found[0]


def _state(key: OpeningKey, running: set[str], now: datetime) -> str:
    if key.state == "active" and key.id in running:
        return "changing"
    if key.state == "active" and key.kind == CMS and certificate_fault(key.public_key, now):
        return "expired"
    return key.state


# --- to whom letters are sealed


Recipients = tuple[tuple[str, bytes], ...]
"""(role, public key; of a token its certificate): the procurer's keys, then the agency's, each the
oldest first."""


def recipients(session: Session, project_id: str, now: datetime) -> Recipients:
    """Keys of the procurer and of an agency with a mandate to open: active ones alone, of a token
    while its certificate is valid. None: a letter that was sealed now could not be opened."""
    return recipients_of(session, [project_id], now)[project_id]


def recipients_of(
    session: Session, projects: Collection[str], now: datetime
) -> dict[str, Recipients]:
    sides = rehearsals.sides(session, projects)
    organisations = {one for listed in sides.values() for _role, one in listed}
    keys = session.scalars(
        select(OpeningKey)
        .where(OpeningKey.organisation_id.in_(organisations), OpeningKey.state == "active")
        .order_by(OpeningKey.created_at)
    )
    held: dict[str, list[bytes]] = {}
    for key in keys:
        if key.kind != CMS or not certificate_fault(key.public_key, now):
            held.setdefault(key.organisation_id, []).append(key.public_key)
    return {
        project: tuple((role, key) for role, one in listed for key in held.get(one, ()))
        for project, listed in sides.items()
    }


def openable(session: Session, project_id: str, now: datetime) -> bool:
    """Whether a letter that was sealed now could be opened: only then it can be applied for."""
    return bool(recipients(session, project_id, now))
