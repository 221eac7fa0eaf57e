"""Sealed letters in the write-once store, and the keys of an organisation."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.ports import Produced, Vault
from guarantees.records import codec
from guarantees.records.person import OpeningKey
from signing.seal import vault_unwrap, vault_wrap

FACTS_SIZE = 4 * 1024
"""Facts stand before the envelope at a fixed size, so that files differ by body size only."""


@dataclass(frozen=True)
class Stored:
    """What lies in the store under the intent's id: facts and envelope, written at once."""

    eid: bytes
    sha256: bytes
    """Of the signed PDF."""
    size: int
    signed_at: datetime
    certificate: bytes
    envelope: bytes
    """nonce ‖ AES-GCM(vault key, inner): what the log's leaf commits to (sealing.md 7, 8)."""


def pack(intent: str, made: Produced, vault: Vault) -> bytes:
    facts = {
        "eid": made.eid,
        "sha256": made.sha256,
        "size": made.size,
        "signed_at": made.signed_at,
        "certificate": made.certificate,
    }
    head = vault.seal("letter_facts", codec.to_bytes(facts), intent.encode(), (FACTS_SIZE,))
    return head + vault_wrap(made.inner, made.eid, vault.lock)


def unpack(intent: str, held: bytes, vault: Vault) -> Stored:
    facts: dict[str, Any] = json.loads(
        vault.open("letter_facts", held[:FACTS_SIZE], intent.encode())
    )
    return Stored(
        eid=bytes.fromhex(facts["eid"]),
        sha256=bytes.fromhex(facts["sha256"]),
        size=facts["size"],
        signed_at=datetime.fromisoformat(facts["signed_at"]),
        certificate=bytes.fromhex(facts["certificate"]),
        envelope=held[FACTS_SIZE:],
    )


def inner(stored: Stored, vault: Vault) -> bytes:
    """The envelope as the sealer made it; SealBroken if it is not what was stored."""
    return vault_unwrap(stored.envelope, stored.eid, vault.unlock)


def keys_of(session: Session, organisation_id: str) -> list[OpeningKey]:
    """All that it ever made; a retired one may be all that opens a letter."""
    return list(
        session.scalars(
            select(OpeningKey)
            .where(OpeningKey.organisation_id == organisation_id)
            .order_by(OpeningKey.created_at)
        )
    )


def active_keys(session: Session, organisation_id: str) -> list[OpeningKey]:
    return list(
        session.scalars(
            select(OpeningKey)
            .where(OpeningKey.organisation_id == organisation_id, OpeningKey.state == "active")
            .order_by(OpeningKey.created_at)
        )
    )
