"""A house whose timekeeper is a real one, but for its clock, which is the world's."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import update

from app.house import House
from guarantees.ports import LetterOrder, Produced
from guarantees.records.project import Opening
from signing import seal, wire
from signing.timekeeper.double import DoubleTimekeeper
from signing.timekeeper.protocol import OpeningCertificate
from signing.timekeeper.service import TimekeeperService
from tests.house import OPENING
from tests.world import ARCHIVE, PlainLetters, World


class CertifiedLetters(PlainLetters):
    """As PlainLetters, sealed to what the lot's certificate says, with an archive copy."""

    def produce(self, order: LetterOrder) -> Produced:
        certificate = OpeningCertificate.from_bytes(order.certificate)
        letter = b"%PDF-1.7 " + order.terms.encode()
        number = json.loads(order.terms)["number"]
        context = seal.SealContext.new(number, order.lot, certificate.opening)
        envelope = seal.seal(
            letter,
            context,
            opening_key=certificate.public_key,
            recipients=[seal.Recipient.of(label, key) for label, key in order.recipients],
            recovery=seal.Recipient.of("recovery", order.recovery),
            archive=seal.Recipient.of("institution", ARCHIVE.public_key),
            profile=order.profile,
            trustees=[seal.Recipient.of(role, key) for role, key in order.trustees],
        )
        return Produced(
            inner=envelope.inner,
            eid=context.eid,
            sha256=hashlib.sha256(letter).digest(),
            size=len(letter),
            signed_at=self.world.now,
            certificate=hashlib.sha256(b"certificate").digest(),
        )


class AwayTimekeeper(DoubleTimekeeper):
    """Refuses every call to these operations while `away` names them, as if nobody were there."""

    away: frozenset[str] = frozenset()

    def __getattribute__(self, name: str) -> Any:
        if name != "away" and name in super().__getattribute__("away"):
            raise wire.Unavailable(Path("timekeeper.sock"), "away", sent=False)
        return super().__getattribute__(name)


def with_true_time(world: World, house: House) -> House:
    """The world's lots registered with the timekeeper, under its opening ids and keys."""
    keeper = AwayTimekeeper(lambda: world.now, recovery_key=world.recovery.public_key)
    register_lots(world, keeper)
    return replace(house, timekeeper=keeper, letters=CertifiedLetters(world))


def register_lots(world: World, keeper: TimekeeperService) -> None:
    """Under the timekeeper's opening ids and keys from now on."""
    for lot in world.lots:
        made = keeper.register(lot, OPENING, OPENING)
        change = (
            update(Opening)
            .where(Opening.lot_id == lot)
            .values(id=made.opening, certificate=made.to_bytes())
        )
        world.run("demo_data", lambda session, change=change: session.execute(change))
