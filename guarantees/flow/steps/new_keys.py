"""New keys of an organisation, made by a person or taken from a token: how many, and their rows."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput
from guarantees.flow.steps import envelopes
from guarantees.records.person import CMS, HPKE, OpeningKey
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from signing import seal
from signing.seal import Recipient, SealContext, Wrap

MAX_ACTIVE_KEYS = 10
"""Per organisation: every letter is wrapped to each of them, and all wraps share 8 KiB."""

MAX_WRAP_BYTES = 1900
"""Of an organisation's active keys, one that is being made included: eleven plain keys, or one
plain key and two tokens. Procurer and agency together must leave 8 KiB room for the trustees, and
fit the 4 KiB for wraps that are made later (records.casebook)."""


HPKE_BYTES = 80
"""A share of 32 bytes with its encapsulated key and tag."""


@dataclass(frozen=True)
class PreparedKey:
    public_key: bytes
    """X25519, 32 bytes; of a token its certificate, DER."""
    fingerprint: bytes
    """As in the wraps of letters (sealing.md step 5), 32 bytes."""
    wrapped_private: bytes | None = field(repr=False)
    """Argon2id and AES-256-GCM under the passphrase; None for a token."""
    kind: str = HPKE


def make_room(
    session: Session, organisation_id: str, key: PreparedKey, *, replacing: bool = False
) -> None:
    """InvalidInput if the organisation has too many keys for one more; replacing: one will go."""
    held = envelopes.active_keys(session, organisation_id)
    count = len(held) - replacing
    wraps = sum(wrap_bytes(one.public_key) for one in held) + wrap_bytes(key.public_key)
    if count >= MAX_ACTIVE_KEYS or wraps > MAX_WRAP_BYTES:
        text = N_("本单位的解密钥匙已达上限，请使用已有的钥匙；忘记口令请联系平台运营。")
        raise InvalidInput({"passphrase": text, "certificate": text})


def wrap_bytes(public_key: bytes) -> int:
    """Of a letter's share wrapped to it."""
    recipient = Recipient.read("procurer", public_key)
    if recipient.kind == CMS:
        context = SealContext.new("", "", "")
        return len(seal.rewrap(bytes(32), context, bytes(32), recipient).encoded())
    return len(Wrap("P", HPKE, "procurer", bytes(32), bytes(HPKE_BYTES)).encoded())


def new_row(actor: Actor, now: datetime, key: PreparedKey) -> OpeningKey:
    return OpeningKey(
        id=new_id(),
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        kind=key.kind,
        public_key=key.public_key,
        fingerprint=key.fingerprint,
        wrapped_private=key.wrapped_private,
        state=move("opening key", NEW, "active", "opening_key.make"),
        created_at=now,
    )
