"""A house of doubles around a world: what jobs and openings work with, without other processes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from app.house import House
from app.settings import read
from guarantees.errors import InvalidInput, Unavailable
from guarantees.ports import BankNotice, PremiumOrder
from signing import wire
from signing.report import Integrity, Result, SignatureReport, Signer, make_step
from signing.seal import ReleaseRequest, SealBroken, unwrap_st
from signing.timekeeper.double import DoubleTimekeeper
from signing.timekeeper.protocol import Refusal, TimekeeperRefused
from signing.timekeeper.times import to_text
from tests.log_house import local_log
from tests.world import START, World

OPENING = START + timedelta(days=15)
"""T of the world's lots."""


@dataclass
class Gateway:
    """Notes what it is told; away while `away`."""

    away: bool = False
    orders: list[PremiumOrder] = field(default_factory=list)

    def order(self, order: PremiumOrder) -> None:
        if self.away:
            raise Unavailable(service="bank")
        self.orders.append(order)

    def read_notice(self, body: bytes, signature: str) -> BankNotice:
        raise InvalidInput({})


@dataclass
class Mailbox:
    """Keeps mails; refuses those to `broken`."""

    broken: str = ""
    mails: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str) -> None:
        if to == self.broken:
            raise Unavailable(service="mail")
        self.mails.append((to, subject, text))


class WorldTimekeeper(DoubleTimekeeper):
    """Releases with the world's one opening key, after the world's T, unless it is `away`."""

    def __init__(self, world: World) -> None:
        super().__init__(lambda: world.now)
        self.world = world
        self.away = False
        self.withheld: set[bytes] = set()
        self.calls: list[int] = []

    def release(
        self, opening: str, requests: Sequence[ReleaseRequest], *, peer: int | None = None
    ) -> list[bytes | Refusal]:
        if self.away:
            raise wire.Unavailable(Path("timekeeper.sock"), "away", sent=False)
        if self.world.now < OPENING:
            now = to_text(self.world.now)
            raise TimekeeperRefused("early", opening_time=to_text(OPENING), now=now)
        self.calls.append(len(requests))
        return [self._share(request) for request in requests]

    def _share(self, request: ReleaseRequest) -> bytes | Refusal:
        if request.digest in self.withheld:
            return Refusal("withheld")
        assert self.world.key_of_opening is not None
        key = X25519PrivateKey.from_private_bytes(self.world.key_of_opening.private_key)
        try:
            return unwrap_st(request, key)
        except SealBroken:
            return Refusal("broken_wrap")


class PlainVerifier:
    """Believes the letters of tests.world.PlainLetters, but none that contains `doubted`."""

    doubted: bytes = b""

    def verify(self, pdf: bytes, at: datetime, password: str | None = None) -> SignatureReport:
        terms = pdf.removeprefix(b"%PDF-1.7 ")
        issuer = json.loads(terms)["issuer"]
        good = not self.doubted or self.doubted not in pdf
        step = make_step(1, Result.PASSED if good else Result.FAILED, "readable", signatures=1)
        return SignatureReport(
            steps=(step,),
            signature=step.result,
            integrity=Integrity.INTACT if good else Integrity.BROKEN,
            sha256=hashlib.sha256(pdf).hexdigest(),
            signers=(Signer(issuer["name"], issuer["credit_code"], "00"),) if good else (),
            terms=terms if good else None,
        )


def around(world: World, folder: Path) -> House:
    """Its ports are the doubles above; its clock is the world's."""
    return House(
        settings=read({"BAOHAN_DATA": str(folder), "BAOHAN_BASE_URL": "https://example.invalid"}),
        sessions=world.sessions,
        files=world.files,
        gateway=Gateway(),
        letters=world.letter_factory(),
        timekeeper=WorldTimekeeper(world),
        verifier=PlainVerifier(),
        mailer=Mailbox(),
        recovery_key=world.recovery.public_key,
        now=lambda: world.now,
        log=local_log(folder / "log"),
    )
