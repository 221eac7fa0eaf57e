"""The rehearsal (开标演练): from registration on, a recipient proves that its key opens.

`prepare` reads, `prove` seals and opens a trial of every lot under the typed passphrase without a
database, `store` writes who has proved it. Nothing in it asks whether anybody bids.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import MoveRefused, NotFound, PassphraseRefused, RehearsalFailed
from guarantees.flow import steps
from guarantees.flow.steps import envelopes, keyring, rehearsals, trials
from guarantees.queries import opening_keys
from guarantees.records.person import CMS, OpeningKey
from guarantees.records.project import Lot
from guarantees.records.rehearsal import Rehearsal
from guarantees.values.actor import Actor
from signing.seal import Recipient, fingerprint_of_private


@dataclass(frozen=True)
class Plan:
    """What one person is about to prove: every lot of a project, with every key of its side."""

    project: str
    lots: tuple[tuple[str, tuple[Recipient, ...]], ...]
    """Id and recipients of each lot whose opening is yet to begin."""
    keys: tuple[keyring.Kept, ...]
    """Active keys of the person's organisation."""


def prepare(session: Session, actor: Actor, now: datetime, lot_id: str) -> Plan:
    """All lots of this lot's project; MoveRefused if the opening of each has begun."""
    steps.require(actor, "opening.rehearse", now)
    project = steps.project_for(session, actor, "lot.open", steps.lot(session, lot_id).project_id)
    lots = rehearsals.lots_ahead(session, project)
    if not lots:
        raise MoveRefused(noun="rehearsal", id=lot_id)
    keys = envelopes.active_keys(session, actor.organisation_id)
    return Plan(
        project.id,
        tuple((lot.id, _recipients(session, lot, now)) for lot in lots),
        tuple(keyring.kept(key) for key in keys),
    )


def prove(plan: Plan, passphrase: str, recovery: bytes) -> frozenset[bytes]:
    """Fingerprints of the keys that opened a trial of every lot.

    PassphraseRefused if the passphrase opens no key, RehearsalFailed if a key opens no letter.
    """
    keys = keyring.unlock(plan.keys, passphrase)
    if not keys:
        raise PassphraseRefused(noun="opening key")
    for lot_id, recipients in plan.lots:
        trial = trials.make(lot_id, recipients, recovery)
        if not all(trial.opens(key) for key in keys):
            raise RehearsalFailed(noun="opening key")
    return frozenset(map(fingerprint_of_private, keys))


def store(
    session: Session, actor: Actor, now: datetime, plan: Plan, proved: frozenset[bytes]
) -> None:
    """Write down the keys that have proved it; once more changes only the time."""
    steps.require(actor, "opening.rehearse", now)
    steps.project_for(session, actor, "lot.open", plan.project)
    lots = [lot_id for lot_id, _recipients in plan.lots]
    for fingerprint in sorted(proved):
        rehearsals.record_passed(session, actor, now, lots, fingerprint)


# --- a token, whose private key never comes here


def ask(session: Session, actor: Actor, now: datetime, lot_id: str, key_id: str) -> None:
    """Seal a trial of the lot to the token; its share waits to be fetched. Asked again: afresh."""
    token, _lots = _token(session, actor, now, lot_id, key_id)
    row = rehearsals.row_for(session, actor, lot_id, token.fingerprint)
    row.question, row.answer = trials.for_token(lot_id, token)
    row.person_id = actor.person_id


def question(session: Session, actor: Actor, now: datetime, lot_id: str, key_id: str) -> bytes:
    """The sealed share, DER; NotFound unless one was asked for."""
    token, _lots = _token(session, actor, now, lot_id, key_id)
    found = _asked(session, lot_id, token)
    if found is None or found.question is None:
        raise NotFound(noun="rehearsal", id=lot_id)
    return found.question


def answer(
    session: Session, actor: Actor, now: datetime, lot_id: str, key_id: str, share: bytes
) -> None:
    """Handed in opened: proved for every lot of the project, which has the same recipients.

    RehearsalFailed if it is another's, MoveRefused unless one was asked for.
    """
    token, lots = _token(session, actor, now, lot_id, key_id)
    found = _asked(session, lot_id, token)
    if found is None or found.answer is None:
        raise MoveRefused(noun="rehearsal", id=lot_id)
    if not hmac.compare_digest(hashlib.sha256(share).digest(), found.answer):
        raise RehearsalFailed(noun="token")
    rehearsals.record_passed(session, actor, now, lots, token.fingerprint)


def _token(
    session: Session, actor: Actor, now: datetime, lot_id: str, key_id: str
) -> tuple[Recipient, list[str]]:
    """An active token of the actor's side, and the project's lots that are rehearsed."""
    steps.require(actor, "opening.rehearse", now)
    project = steps.project_for(session, actor, "lot.open", steps.lot(session, lot_id).project_id)
    lots = [lot.id for lot in rehearsals.lots_ahead(session, project)]
    key = session.get(OpeningKey, key_id)
    if key is None or key.organisation_id != actor.organisation_id or key.kind != CMS:
        raise NotFound(noun="token", id=key_id)
    if lot_id not in lots or key.state != "active":
        raise MoveRefused(noun="rehearsal", id=lot_id)
    return Recipient.read(actor.organisation_role, key.public_key), lots


def _asked(session: Session, lot_id: str, token: Recipient) -> Rehearsal | None:
    return session.scalars(
        select(Rehearsal).where(
            Rehearsal.lot_id == lot_id, Rehearsal.fingerprint == token.fingerprint
        )
    ).one_or_none()


def _recipients(session: Session, lot: Lot, now: datetime) -> tuple[Recipient, ...]:
    found = opening_keys.recipients(session, lot.project_id, now)
    return tuple(Recipient.read(label, key) for label, key in found)
