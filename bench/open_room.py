"""A house with one opening after the other to measure: real database, files and vault, a clock to
set for the timekeeper."""

import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import event, insert, text
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.files_local import LocalFiles
from app.adapters.vault import Vault
from bench.letters import ISSUER, sample_terms
from bench.measure import Phases
from guarantees.flow import open_lot
from guarantees.flow.found import FirstOrganisation, FirstPerson, found
from guarantees.flow.open_lot import Sealed
from guarantees.flow.steps import envelopes
from guarantees.flow.steps.means import Means
from guarantees.ports import Produced
from guarantees.records import casebook
from guarantees.records.case import Applicant, Case, Guarantee, Intent, Letter, Quote
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.records.project import Lot, Opening, Project, ProjectVersion
from guarantees.records.sealed import LogLeaf, SealedCase, SealedIndex
from guarantees.tables.letter_forms import newest
from guarantees.values.actor import SYSTEM, Actor
from guarantees.values.codes import make_credit_code
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from signing import seal
from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.double import DoubleTimekeeper, SettableClock

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
T = timedelta(days=15)
"""From NOW; a room's opening."""

BATCH = 200
"""As the opening asks the timekeeper (app/jobs/openings)."""

CASES_IN_CROWD = 20_000
"""Rows of the crowd that are cases, 16 KiB each; the others are tags and leaves."""

CHUNK = 20_000


@dataclass(frozen=True)
class House:
    sessions: Sessions
    files: LocalFiles
    procurer: Actor
    institution: str
    supplier: str


def house(folder: Path) -> House:
    """Migrated, with a procurer, an institution and a supplier."""
    sessions = Sessions(
        make_engine(f"sqlite:///{folder / 'baohan.db'}"), Vault.create(folder / "keys")
    )
    schema.upgrade(sessions.engine)
    made = sessions.write("demo_data", _people)
    return House(sessions, LocalFiles(folder / "files"), *made)


def _people(session: Session) -> tuple[Actor, str, str]:
    rng = random.Random(3)  # nosec B311 - credit codes
    ids = {}
    for role, person in (("procurer", "opener"), ("institution", "maker"), ("supplier", "clerk")):
        first = FirstOrganisation(
            role=role,
            name=f"测量{role}",
            credit_code=make_credit_code("91140100", rng),
            region="山西省太原市",
            institution_type="bank" if role == "institution" else "",
            account="6222000012345678",
            contact="山西省太原市迎泽大街 1 号",
            details={},
            people=(FirstPerson(role, "测量", f"{role}@example.com", (person,), "", ""),),
        )
        ids[role] = found(session, SYSTEM, NOW, first)
    procurer = session.get_one(Organisation, ids["procurer"])
    opener = session.query(Person).filter_by(organisation_id=procurer.id).one()
    actor = Actor(
        person_id=opener.id,
        name=opener.name,
        organisation_id=procurer.id,
        organisation_role="procurer",
        organisation_name=procurer.name,
        roles=frozenset(opener.roles),
        second_factor_at=NOW + T,
    )
    return actor, ids["institution"], ids["supplier"]


def crowd(built: House, rows: int) -> None:
    """So many rows of other lots: tags, leaves, and cases that nobody here reads."""
    engine = built.sessions.engine
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    engine.dispose()  # the crowd's own connections need not last a power cut
    cases = min(CASES_IN_CROWD, rows // 10)
    each = (rows - cases) // 2
    makers = (
        (SealedIndex, each, lambda: {"tag": os.urandom(32), "case_id": new_id()}),
        (LogLeaf, each, lambda: {"id": new_id(), "leaf": os.urandom(32)}),
        (
            SealedCase,
            cases,
            lambda: {
                "id": new_id(),
                "version": 1,
                "opened": False,
                "blob": os.urandom(casebook.SIZES[0]),
            },
        ),
    )
    for table, count, row in makers:
        for start in range(0, count, CHUNK):
            with engine.begin() as connection:
                chunk = [row() for _ in range(min(CHUNK, count - start))]
                connection.execute(insert(table), chunk)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


@dataclass
class Room:
    """One lot, from its registration to the last letter decrypted."""

    house: House
    lot: str
    project: str
    certificate: OpeningCertificate
    timekeeper: DoubleTimekeeper
    clock: SettableClock
    recipient: seal.KeyPair
    recovery: seal.KeyPair
    letters: list[Sealed] = field(default_factory=list)
    shares: list[bytes] = field(default_factory=list)

    @classmethod
    def made(cls, built: House) -> "Room":
        clock = SettableClock(NOW)
        timekeeper = DoubleTimekeeper(clock)
        lot, project = new_id(), new_id()
        certificate = timekeeper.register(lot, NOW + T, NOW + T)
        built.sessions.write(
            "demo_data", lambda session: _register(session, built, lot, project, certificate)
        )
        pairs = seal.make_key_pair(), seal.make_key_pair()
        return cls(built, lot, project, certificate, timekeeper, clock, *pairs)

    def close(self, letter: bytes, phases: Phases) -> None:
        """One letter of this lot: sealed, stored, committed."""
        case = _case(self)
        intent = case.intent
        if intent is None:
            raise RuntimeError("a case without intent")
        vault = self.house.sessions.vault
        with phases.phase("seal"):
            envelope = self._sealed(letter, intent.number)
            packed = envelopes.pack(intent.id, _produced(letter, envelope), vault)
        with phases.phase("store"):
            self.house.files.put_once(f"sealed/{intent.id}", packed)
        with phases.phase("commit"):
            stored = envelopes.unpack(intent.id, packed, vault)
            self.house.sessions.write(
                "settle_letter", lambda session: _settle(session, case, stored, intent)
            )

    def _sealed(self, letter: bytes, number: str) -> seal.Envelope:
        return seal.seal(
            letter,
            seal.SealContext.new(number, self.lot, self.certificate.opening),
            opening_key=self.certificate.public_key,
            recipients=[seal.Recipient.of("procurer", self.recipient.public_key)],
            recovery=seal.Recipient.of("recovery", self.recovery.public_key),
        )

    def clock_to_t(self) -> None:
        self.clock.now = NOW + T

    def prepare(self) -> list[Sealed]:
        built = self.house
        with built.sessions.reading() as session:
            plan = open_lot.prepare(
                session,
                built.procurer,
                NOW + T,
                self.lot,
                files=built.files,
                vault=built.sessions.vault,
            )
        self.letters = list(plan.letters)
        return self.letters

    def release(self) -> None:
        """Of all letters, in batches."""
        for start in range(0, len(self.letters), BATCH):
            requests = [
                request
                for one in self.letters[start : start + BATCH]
                if (request := one.request()) is not None
            ]
            shares = self.timekeeper.release(self.certificate.opening, requests)
            self.shares += [share for share in shares if isinstance(share, bytes)]

    def decrypt(self, number: int, phases: Phases) -> None:
        with phases.phase("decrypt"):
            means = Means([self.recipient.private_key])
            open_lot.unseal(self.letters[number], means, self.shares[number])


def _register(
    session: Session, built: House, lot: str, project: str, certificate: OpeningCertificate
) -> None:
    terms = sample_terms(1)
    session.add(
        Project(
            id=project,
            source_system="entered",
            source_id=project,
            number=project,
            state="registered",
            current=1,
            entered_by=built.procurer.organisation_id,
        )
    )
    session.flush()
    session.add(
        ProjectVersion(
            id=new_id(),
            project_id=project,
            number=1,
            name=terms.project_name,
            method="公开招标",
            category="goods",
            region="山西省太原市",
            procurer_name=built.procurer.organisation_name,
            procurer_id=built.procurer.organisation_id,
            agency_name="",
            guarantee_accepted="yes",
            bid_validity_days=90,
            submission_deadline=NOW + T,
            opening_time=NOW + T,
            lots=[],
            made_at=NOW,
        )
    )
    session.add(Lot(id=lot, project_id=project, number="1"))
    session.flush()
    session.add(
        Opening(
            id=certificate.opening,
            lot_id=lot,
            opening_time=NOW + T,
            certificate=certificate.to_bytes(),
            state="sealed",
        )
    )


def _case(room: Room) -> Case:
    terms = sample_terms(random.randrange(10**6))  # nosec B311 - invented
    intent = Intent(
        id=new_id(),
        number=terms.number,
        check_code="7K3F9M2Q",
        terms=terms.canonical().decode(),
        digest=os.urandom(32),
        template=newest(terms.kind, terms.form).name,
        opening=room.certificate.opening,
        salt=os.urandom(32),
        reserved_at=NOW,
    )
    amount = Money(terms.amount.fen)
    return Case(
        id=new_id(),
        kind="bid",
        form="independent",
        lot=room.lot,
        project=room.project,
        project_version=1,
        supplier=room.house.supplier,
        institution=room.house.institution,
        product=new_id(),
        state="issued",
        applicants=[Applicant(party.name, party.credit_code or "") for party in terms.applicants],
        amount=amount,
        submitted_at=NOW,
        submitted_by=new_id(),
        due_at=NOW,
        contact=ISSUER,
        quote=Quote(Money(31_500), "rate/v1", 4_500, Money(20_000), NOW),
        intent=intent,
        guarantee=Guarantee(
            "in_force", terms.number, amount, terms.effective_from, terms.expires_on
        ),
    )


def _produced(letter: bytes, envelope: seal.Envelope) -> Produced:
    return Produced(
        inner=envelope.inner,
        eid=envelope.eid,
        sha256=os.urandom(32),
        size=len(letter),
        signed_at=NOW,
        certificate=os.urandom(32),
    )


def _settle(session: Session, case: Case, stored: envelopes.Stored, intent: Intent) -> None:
    leaf = seal.leaf_hash(intent.salt, stored.envelope)
    case.letter = Letter(
        state="sealed",
        eid=stored.eid,
        sha256=stored.sha256,
        size=stored.size,
        signed_at=stored.signed_at,
        certificate=stored.certificate,
        leaf=leaf,
    )
    casebook.add(session, case, sealed=True)
    session.add(LogLeaf(id=new_id(), leaf=leaf))
