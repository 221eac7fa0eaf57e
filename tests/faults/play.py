"""The play: two suppliers apply, pay and get their letters; the log is published; then their lot is
opened.

Everybody does what they would do after a break, too: send the form again (with its key), look how
far a case has come, order what is unpaid, type the passphrase again. So the same play, begun anew
in a new process, goes on wherever the last one ended.
"""

import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import requests

from app.adapters.database import Sessions
from app.adapters.files_local import LocalFiles
from app.adapters.gateway import HttpBank
from app.adapters.letters import SignerClient
from app.adapters.log import Log
from app.adapters.log_folder import LogFolder
from app.adapters.log_signers import SocketSigner, TimekeeperCosigner
from app.adapters.mail import mailer
from app.adapters.timekeeper import TimekeeperClient
from app.house import House
from app.jobs import approvals, openings
from app.jobs.publishing import publish
from app.jobs.worker import Jobs
from app.settings import read
from guarantees.errors import MoveRefused, TooLate
from guarantees.flow import apply, pay, underwrite
from guarantees.queries import openings as queries
from guarantees.records import casebook
from guarantees.values.actor import Actor
from tests.faults.stage import Stage, actor_of
from tests.house import OPENING, PlainVerifier
from tests.trustees import WHO, passphrase_of
from tests.world import PASSPHRASE, START

openings.LOOK_SECONDS = 0.01

BIDS = {"supplier": "automatic", "rival": "by_people"}
"""Who applies for which product."""

AGREEING = ("regulator", "association")
"""Of the three trustees."""

ACCOUNT = "6222000012345678"
PLAYERS = {"supplier", "rival", "maker", "checker", "procurer"}


class Interrupted(Exception):
    """The play came to no end although nobody killed it."""


class Play:
    """One process's part; `outside` tells where bank, signer and timekeeper are."""

    def __init__(self, stage: Stage, sessions: Sessions, outside: dict[str, str]) -> None:
        self.notes = stage.notes()
        self.lot = self.notes["lots"][0]
        self.begun_at = stage.begun_at
        self.phase = START
        self.bank = f"{outside['bank']}/{stage.run}"
        settings = read(
            {"BAOHAN_DATA": str(stage.folder), "BAOHAN_BASE_URL": "https://example.invalid"}
        )
        self.house = House(
            settings=settings,
            sessions=sessions,
            files=LocalFiles(stage.folder / "files"),
            gateway=HttpBank(self.bank, bytes.fromhex(outside["bank_key"])),
            letters=SignerClient(outside["signer"]),
            timekeeper=TimekeeperClient(outside["timekeeper"]),
            verifier=PlainVerifier(),
            mailer=mailer(settings),
            recovery_key=bytes.fromhex(self.notes["recovery"]),
            now=self.now,
            log=Log(
                folder=LogFolder(stage.folder / "log"),
                signer=SocketSigner(Path(outside["signer"])),
                cosigners=(TimekeeperCosigner(Path(outside["timekeeper"])),),
                origin=f"{stage.run}.example/log",
            ),
        )
        self.house.files.remove_leftovers()  # type: ignore[attr-defined]  # as every start does
        self.jobs = Jobs(self.house)

    def close(self) -> None:
        """What the part has begun in its own process ends."""

    def now(self) -> datetime:
        """Runs on across kills, as clocks do; T comes at once."""
        return self.phase + timedelta(seconds=time.time() - self.begun_at)

    def as_(self, who: str) -> Actor:
        notes = self.notes["people"][who]
        return actor_of({**notes, "second_factor_at": self.now()})

    def all(self) -> None:
        """From the first write to the last one."""
        cases = {who: self.applied(who) for who in BIDS}
        self.jobs.run_due()
        for case in cases.values():
            self.decided(case)
        for who, case in cases.items():
            self.ordered(who, case)
        self.jobs.run_due()
        self.notified()
        self.jobs.run_due()
        publish(self.house, patience=30.0)
        self.phase = OPENING
        self.opened()
        self.jobs.run_due()

    def applied(self, who: str) -> str:
        choice = apply.Choice(self.lot, self.notes["products"][BIDS[who]])
        consents = frozenset(apply.CONSENT_ITEMS)
        form = apply.ApplicationForm((choice,), (), consents, "周予安 13800000000")
        [case] = self.house.sessions.write(
            "apply",
            lambda session: apply.submit(session, self.as_(who), self.now(), form, f"key {who}"),
        )
        return case

    def state(self, case: str) -> str:
        with self.house.sessions.reading() as session:
            return casebook.get(session, case).state

    def decided(self, case: str) -> None:
        """By maker and checker, if a policy or another player has not done it."""
        if self.state(case) == "submitted":
            with suppress(MoveRefused):
                self._underwrite(underwrite.recommend, "maker", case)
        if self.state(case) == "in_review":
            with suppress(MoveRefused):
                self._underwrite(underwrite.decide, "checker", case)

    def _underwrite(self, step: object, who: str, case: str) -> None:
        assert callable(step)
        self.house.sessions.write(
            "underwrite",
            lambda session: step(session, self.as_(who), self.now(), case, "approve", "同意"),
        )

    def ordered(self, who: str, case: str) -> None:
        if self.state(case) == "awaiting_payment":
            self.house.sessions.write(
                "order_payment",
                lambda session: pay.order(session, self.as_(who), self.now(), case, ACCOUNT),
            )

    def notified(self) -> None:
        """The bank's notices, each until it is answered."""
        with requests.Session() as http:
            http.trust_env = False
            for one in http.get(f"{self.bank}/notices", timeout=10).json():
                notice = self.house.gateway.read_notice(one["body"].encode(), one["signature"])
                self.house.sessions.write(
                    "payment_notice",
                    lambda session, notice=notice: pay.receive(session, notice, self.now()),
                )
                http.request("POST", f"{self.bank}/answered/{one['reference']}", timeout=10)

    def agreed(self) -> None:
        """Two trustees of three agree, once the opening waits for them."""
        until = time.monotonic() + 60
        while openings.running(self.lot) and not openings.awaited(self.lot):
            assert time.monotonic() < until
            time.sleep(0.005)
        for role in AGREEING:
            with suppress(TooLate):
                actor, typed = self.as_(WHO[role]), passphrase_of(role)
                approvals.approve(self.house, actor, self.now(), self.lot, typed)

    def opened(self) -> None:
        """The procurer types its passphrase and waits for the end."""
        openings.start(self.house, self.as_("procurer"), self.now(), self.lot, PASSPHRASE)
        self.agreed()
        openings.wait(self.lot, 60)
        with self.house.sessions.reading() as session:
            room = queries.room(session, self.as_("procurer"), self.now(), self.lot)
        if room.state != "opened":
            raise Interrupted(room.state)
