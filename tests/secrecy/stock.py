"""A stock of sealed bids, made through the records layer, and everything that a thief gets of it.

Who bids for which lot, and when, is drawn by chance; the product's own functions write it. Letters
are random bytes of the right length.
"""

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app.adapters import mail as mailing
from app.adapters.vault import Vault
from app.jobs import worker
from guarantees.flow import issue, pay
from guarantees.flow.steps import envelopes
from guarantees.ports import BankNotice, LetterOrder, Produced
from guarantees.records import casebook, codec, exposure, idempotency, kept_form, outbox, slots
from guarantees.records.case import Applicant, Case, Intent, Letter, Quote
from guarantees.records.kept_form import KeptForm
from guarantees.records.sealed import PaymentNotice
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from signing.seal import construction
from tests.secrecy.shorthand import Shorthand
from tests.secrecy.written import Transaction, Written
from tests.world import START

BIDS, LOTS, SUPPLIERS, INSTITUTIONS = 200, 20, 40, 5
RATE_PPM = 4_500
DAYS = 14.0
"""The stock is seen so long after the first notice; nothing has been opened yet."""
RUSH = 3.0
"""Days after a lot's notice: bids come in with this mean."""
COMMITMENT_AND_WRAPS = 32 + 8 * 1024
"""Bytes of the envelope's inner besides the body (signing/seal)."""
TAG = 16
NEWS = outbox.Message("mail", {"event": "application.submitted", "to": "institution"})


@dataclass(frozen=True)
class PublicLot:
    """What the notice says, and everybody knows."""

    id: str
    number: str
    project: str
    project_number: str
    name: str
    amount: Money
    published: float
    """Days since START."""

    @property
    def page(self) -> str:
        return f"/supplier/lots/{self.id}/apply"

    @property
    def premium(self) -> Money:
        return Money(self.amount.fen * RATE_PPM // 10**6)


@dataclass(frozen=True)
class Bid:
    """What the thief wants to know: which supplier bids for which lot."""

    lot: PublicLot
    supplier: int
    institution: int
    at: datetime


@dataclass(frozen=True)
class StoredFile:
    name: str
    size: int
    mtime: datetime
    place: int
    """As an inode's number: in the order of making."""


@dataclass(frozen=True)
class Mail:
    to: str
    text: str


@dataclass
class Loot:
    """All that a thief of database, its log, files, mail sink and logs gets, and what is public."""

    lots: list[PublicLot]
    transactions: list[Transaction]
    lines: list[Mapping[str, Any]]
    files: list[StoredFile]
    mails: list[Mail]


@dataclass
class Stock:
    loot: Loot
    truth: dict[str, PublicLot]
    """Case → its lot; only the test knows."""


@dataclass
class Store:
    """A write-once store in memory; its clock is the stock's."""

    now: Any
    held: dict[str, bytes] = field(default_factory=dict)
    files: list[StoredFile] = field(default_factory=list)

    def put_once(self, name: str, data: bytes) -> bytes:
        if name not in self.held:
            self.held[name] = data[: envelopes.FACTS_SIZE + 64]
            self.files.append(StoredFile(name, len(data), self.now(), len(self.files)))
        return data

    def get(self, name: str) -> bytes | None:
        return None


class Desk:
    """Everything that is written while one stock comes in. `bid` is the one being worked on: only
    leaks (tests/secrecy/mutants.py) look at it."""

    def __init__(self, rng: random.Random, lots: list[PublicLot]) -> None:
        self.rng = rng
        self.lots = lots
        self.now = START
        self.sessions: Any = None
        """`Sessions`, or what stands for it."""
        self.store = Store(lambda: self.now)
        self.seen = Written()
        self.mails: list[Mail] = []
        self.bid: Bid | None = None
        self.institutions = [new_id() for _ in range(INSTITUTIONS)]
        self.suppliers = [new_id() for _ in range(SUPPLIERS)]
        self.taken: dict[tuple[Any, ...], int] = {}
        self.truth: dict[str, PublicLot] = {}
        self.body = bytes(range(256)) * 600

    def prepare(self, session: Session) -> None:
        for institution in self.institutions:
            exposure.create(session, institution)

    def place(self, _session: Session, purpose: str, scope: tuple[str, ...]) -> int:
        """Slots taken, without asking: the stock was begun empty."""
        number = self.taken.get((purpose, *scope), 0)
        self.taken[purpose, *scope] = number + 1
        return number

    def applied(self, bid: Bid) -> Case:
        """What apply.submit writes, after a form that was kept over a login."""
        self.bid, self.now = bid, bid.at
        case = self._case(bid)
        self.truth[case.id] = bid.lot
        person = f"person {bid.supplier}"
        form = KeptForm(bid.lot.page, self.now, {f"product-{bid.lot.id}": [case.product]})
        self.sessions.write("draft", lambda session: kept_form.put(session, person, form))
        self.sessions.write("apply", lambda session: self._apply(session, case))
        self._work(case.institution)
        return case

    def _apply(self, session: Session, case: Case) -> None:
        scope = (case.lot, case.supplier)
        slots.take(session, "guard", scope, self.place(session, "guard", scope), case.id)
        row, book = exposure.locked(session, case.institution)
        for key in ("total", f"supplier:{case.supplier}"):
            book.used[key] = book.used.get(key, 0) + case.amount.fen
        exposure.write(session, row, book)
        casebook.add(session, case, sealed=True)
        idempotency.remember(session, case.submitted_by, new_id(), [case.id])
        outbox.put(session, NEWS)

    def paid(self, case: Case) -> None:
        """What pay.receive writes."""
        assert self.bid is not None
        reference = f"YH{self.rng.getrandbits(64)}"
        notice = BankNotice(reference, "", "paid", case.quote.premium, "", "", self.now)

        def receive(session: Session) -> None:
            tag = session.info["vault"].tag("payment_notice", reference)
            blob = session.info["vault"].seal(
                "payment_notice", codec.to_bytes(notice), tag, pay.NOTICE_SIZE
            )
            session.add(PaymentNotice(id=tag, blob=blob))
            slots.append(session, "payment", (reference,), case.id)
            case.state = "issuing"
            case.intent = self._intent(case)
            casebook.save(session, case)

        self.sessions.write("payment_notice", receive)

    def issued(self, case: Case) -> None:
        """What the job "issue" writes: the file, then the case with its leaves."""
        assert case.intent is not None and self.bid is not None
        order = LetterOrder(case.intent.id, "", "", "", "", b"", case.lot, (), b"")
        stored = issue.produce(order, letters=self, files=self.store, vault=self.sessions.vault)  # type: ignore[arg-type]  # it makes letters only
        case.state = "issued"
        intent = case.intent

        def settle(session: Session) -> None:
            leaf = issue.log_letter(session, intent, stored)
            case.letter = Letter("sealed", stored.eid, b"", stored.size, self.now, b"", leaf)
            casebook.save(session, case)
            outbox.put(session, NEWS)

        self.sessions.write("settle_letter", settle)
        self._work(case.supplier)

    def produce(self, _order: LetterOrder) -> Produced:
        """A letter of two pages: longer names make it a little longer."""
        assert self.bid is not None
        names = 3 * len(self.bid.lot.name) + self.rng.randrange(12)
        letter = self.body[: 100_000 + 16 * names]
        inner = os.urandom(COMMITMENT_AND_WRAPS) + construction._body(letter) + bytes(TAG)
        return Produced(inner, os.urandom(16), os.urandom(32), len(letter), self.now, b"")

    def _work(self, to: str) -> None:
        """What the jobs' thread does after a commit: the mail, the mark, the line."""
        last = self.seen.transactions[-1].changes
        message = replace(NEWS, id=next(one.values["id"] for one in last if one.table == "outbox"))
        subject, text = mailing.render("news", "https://example.invalid", {})
        self.mails.append(Mail(f"{to}@example.invalid", f"{subject}\n{text}"))
        self.sessions.write("outbox", lambda session: outbox.finish(session, message))
        worker.log.info("done", kind=message.kind, id=message.id)

    # --- what a case holds

    def _case(self, bid: Bid) -> Case:
        lot, supplier = bid.lot, self.suppliers[bid.supplier]
        name = "演示供应商" + "甲" * (bid.supplier % 4)
        return Case(
            id=new_id(),
            kind="bid",
            form="independent",
            lot=lot.id,
            project=lot.project,
            project_version=1,
            supplier=supplier,
            institution=self.institutions[bid.institution],
            product=new_id(),
            state="awaiting_payment",
            applicants=[Applicant(name, f"91140100MA{bid.supplier:08}")],
            amount=lot.amount,
            submitted_at=bid.at,
            submitted_by=f"person {bid.supplier}",
            due_at=bid.at + timedelta(minutes=30),
            contact="周予安 13800000000",
            quote=Quote(
                premium=lot.premium,
                formula="premium",
                rate_ppm=RATE_PPM,
                minimum=Money(0),
                valid_until=bid.at + timedelta(days=7),
            ),
        )

    def _intent(self, case: Case) -> Intent:
        assert self.bid is not None
        lot = self.bid.lot
        terms = f'{{"project":"{lot.name}","number":"{lot.project_number}","lot":"{lot.number}"}}'
        return Intent(
            id=new_id(),
            number=f"BH2026{self.rng.getrandbits(40):012}",
            check_code="ABCD",
            terms=terms,
            digest=self.sessions.vault.tag("terms", terms),
            template="bid/v1",
            opening=new_id(),
            salt=os.urandom(32),
            reserved_at=self.now,
        )


def market(rng: random.Random) -> list[PublicLot]:
    """Lots as unlike as can be: each has its own amount, name, length of name and day."""
    amounts = rng.sample(range(1_000, 80_000), LOTS)
    lengths = rng.sample(range(8, 8 + 12 * LOTS, 12), LOTS)
    return [
        PublicLot(
            id=new_id(),
            number=f"BD{rng.randrange(10**6):06}",
            project=new_id(),
            project_number=f"HDCG-2026-{rng.randrange(10**6):06}",
            name=f"采购{rng.randrange(10**4):04}".ljust(lengths[place], "项"),
            amount=Money(amounts[place] * 1_000),
            published=rng.uniform(0, 10),
        )
        for place in range(LOTS)
    ]


def bids(rng: random.Random, lots: list[PublicLot]) -> list[Bid]:
    """Some lots draw many bidders and some draw few; each supplier bids for a lot once."""
    weights = [rng.uniform(0.3, 3) for _ in lots]
    chosen: dict[tuple[int, int], Bid] = {}
    while len(chosen) < BIDS:
        [place], supplier = rng.choices(range(len(lots)), weights), rng.randrange(SUPPLIERS)
        day = lots[place].published + rng.expovariate(1 / RUSH)
        if day < DAYS and (place, supplier) not in chosen:
            at = START + timedelta(days=day)
            chosen[place, supplier] = Bid(lots[place], supplier, rng.randrange(INSTITUTIONS), at)
    return sorted(chosen.values(), key=lambda one: one.at)


def gather(seed: int, at_end: Callable[[Desk], None] | None = None) -> Stock:
    """One stock, in shorthand. `at_end` may do more when all is there."""
    rng = random.Random(seed)
    desk = Desk(rng, market(rng))
    in_shorthand(desk)
    with capture_logs() as lines:
        fill(desk, bids(rng, desk.lots))
        if at_end is not None:
            at_end(desk)
    loot = Loot(desk.lots, desk.seen.transactions, lines, desk.store.files, desk.mails)
    return Stock(loot, desk.truth)


def in_shorthand(desk: Desk) -> Shorthand:
    """Let the desk write into a stand-in for the database."""
    made = desk.sessions = Shorthand(new_vault(), lambda: desk.now)
    desk.seen = made.written
    return made


def fill(desk: Desk, coming: Sequence[Bid]) -> None:
    """Let these bids come in, each up to its letter."""
    CURRENT.append(desk)
    desk.sessions.write("people", desk.prepare)
    with mock.patch.object(slots, "count", desk.place):
        for bid in coming:
            case = desk.applied(bid)
            desk.now += timedelta(minutes=desk.rng.uniform(5, 60))
            desk.paid(case)
            desk.now += timedelta(seconds=desk.rng.uniform(1, 9))
            desk.issued(case)
    CURRENT.pop()


def new_vault() -> Vault:
    return Vault([os.urandom(32)], os.urandom(32))


CURRENT: list[Desk] = []
"""The desk that works now, last: for leaks."""
