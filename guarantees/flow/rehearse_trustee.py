"""A trustee shows that its key works (演练), without any letter: by its passphrase or by command.

The trial's part is an HMAC of a fresh name under the vault's index key, so nothing is kept of it:
whoever names the trial and gives its part back holds the key that it was wrapped to.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound
from guarantees.flow import steps
from guarantees.ports import Vault
from guarantees.records import trustbook as held
from guarantees.records.trust import TrusteeKey
from guarantees.values.actor import Actor
from signing.seal import Recipient, lp, part_request
from signing.seal.approvals import Asked, Part

OPENING = "rehearsal"
"""In place of an opening's id in the files of a trial."""

SUBSET = 1
SERVES = timedelta(days=3)
"""How long an answer to a trial is taken."""


def trials(session: Session, actor: Actor, now: datetime, vault: Vault) -> list[Asked]:
    """One trial for each key in use of the actor's organisation; nothing is written."""
    steps.require(actor, "trustee.rehearse", now)
    role = actor.organisation_role
    found = []
    for key in held.active_keys(session, actor.organisation_id):
        name = f"{int(now.timestamp())}-{secrets.token_hex(8)}"
        part, ctx, com = _part(vault, key, name), _hash("ctx", name), _hash("com", name)
        found.append(
            Asked(name, part_request(part, Recipient.of(role, key.public_key), ctx, com, SUBSET))
        )
    return found


def passed(
    session: Session, actor: Actor, now: datetime, parts: Sequence[Part], vault: Vault
) -> int:
    """Notes the keys whose trials were solved; answers how many. InvalidInput if none was."""
    steps.require(actor, "trustee.rehearse", now)
    solved = [
        key
        for key in held.active_keys(session, actor.organisation_id)
        if any(_solved(vault, key, one, now) for one in parts)
    ]
    if not solved:
        text = N_(
            "演练没有通过：答复不是由本单位在用的钥匙作出，或者已过 3 天。请重新下载演练文件。"
        )
        raise InvalidInput({"answer": text})
    for key in solved:
        key.rehearsed_at = now
    subject = f"organisation:{actor.organisation_id}"
    steps.record_about(session, subject, actor, now, "trustee.rehearsed")
    return len(solved)


def wrapped_key(session: Session, actor: Actor, now: datetime, key_id: str) -> bytes:
    """A key's private half under its passphrase: to keep a copy of, or to use by command."""
    steps.require(actor, "trustee.rehearse", now)
    key = session.get(TrusteeKey, key_id)
    if key is None or key.organisation_id != actor.organisation_id or not key.wrapped_private:
        raise NotFound(noun="trustee key", id=key_id)
    return key.wrapped_private


def _solved(vault: Vault, key: TrusteeKey, one: Part, now: datetime) -> bool:
    made = one.letter.partition("-")[0]
    if not made.isdigit() or len(made) > len(str(int(now.timestamp()))):
        return False
    age = now.timestamp() - int(made)
    fresh = 0 <= age <= SERVES.total_seconds()
    return fresh and secrets.compare_digest(one.part, _part(vault, key, one.letter))


def _part(vault: Vault, key: TrusteeKey, name: str) -> bytes:
    return vault.tag("trustee rehearsal", key.fingerprint, name)


def _hash(label: str, name: str) -> bytes:
    return hashlib.sha256(lp("baohan/trustee-rehearsal/v1", label, name)).digest()
