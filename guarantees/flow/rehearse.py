"""The rehearsal (开标演练): from registration on, a recipient proves that its key opens.

`prepare` reads, `prove` seals and opens a trial of every lot under the typed passphrase without a
database, `store` writes who has proved it. Nothing in it asks whether anybody bids.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import MoveRefused, PassphraseRefused, RehearsalFailed
from guarantees.flow import steps
from guarantees.flow.steps import envelopes, keyring, rehearsals, trials
from guarantees.records.project import Lot
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


def _recipients(session: Session, lot: Lot, now: datetime) -> tuple[Recipient, ...]:
    found = envelopes.recipients(session, lot, now)
    return tuple(Recipient.read(label, key) for label, key in found)
