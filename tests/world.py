"""A small world to play in: organisations, people, a registered lot, products, doubles of ports.

Everything is made through records and flows, so that a test starts where users would be.
"""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.adapters.database import Sessions
from guarantees.flow import approve_policy, publish_product
from guarantees.flow.apply import CONSENT_ITEMS, ApplicationForm, Choice
from guarantees.ports import LetterOrder, Produced
from guarantees.records import exposure
from guarantees.records.case import Applicant
from guarantees.records.organisation import Organisation
from guarantees.records.person import OpeningKey, Person
from guarantees.records.project import Lot, Mandate, Opening, Project, ProjectVersion
from guarantees.tables.permissions import ROLES_OF
from guarantees.values.actor import Actor
from guarantees.values.codes import make_credit_code
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from signing import seal
from signing.seal.private_keys import Cost

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday 2026-03-02 09:00 in Beijing."""
ARCHIVE = seal.make_key_pair()
"""The institution's archive key."""
PASSPHRASE = "correct horse 电池 staple"
CHEAP = Cost(iterations=1, memory=64, lanes=1)
"""Tests derive keys often."""

R = TypeVar("R")


class Files:
    """The Files port in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put_once(self, name: str, data: bytes) -> bytes:
        return self.held.setdefault(name, data)

    def get(self, name: str) -> bytes | None:
        return self.held.get(name)


@dataclass
class World:
    sessions: Sessions
    now: datetime = START
    files: Files = field(default_factory=Files)
    people: dict[str, Actor] = field(default_factory=dict)
    lot: str = ""
    lots: list[str] = field(default_factory=list)
    project: str = ""
    product: str = ""
    opening_private: bytes = b""
    key_of_opening: seal.KeyPair | None = None
    recovery: seal.KeyPair = field(default_factory=seal.make_key_pair)
    rng: random.Random = field(default_factory=lambda: random.Random(5))

    def run(self, name: str, flow: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """One flow call and its commit, as the edge does it."""
        return self.sessions.write(name, lambda session: flow(session, *args, **kwargs))

    def read(self, query: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        with self.sessions.reading() as session:
            return query(session, *args, **kwargs)

    def as_(self, who: str, *, code: bool = True) -> Actor:
        """The actor, by default with a second factor just proved."""
        actor = self.people[who]
        proved = self.now if code else None
        return Actor(**{**_fields(actor), "second_factor_at": proved})

    def form(self, *lots: str, product: str = "", members: tuple[Applicant, ...] = ()) -> Any:
        chosen = tuple(Choice(lot, product or self.product) for lot in lots or (self.lot,))
        return ApplicationForm(chosen, members, frozenset(CONSENT_ITEMS), "周予安 13800000000")

    def letter_factory(self) -> "PlainLetters":
        return PlainLetters(self)


def _fields(actor: Actor) -> dict[str, Any]:
    return {name: getattr(actor, name) for name in Actor.__dataclass_fields__}


class PlainLetters:
    """A letter factory without rendering: the terms are the letter; sealing is real."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls = 0

    def produce(self, order: LetterOrder) -> Produced:
        import hashlib
        import json

        self.calls += 1
        letter = b"%PDF-1.7 " + order.terms.encode()
        number = json.loads(order.terms)["number"]
        assert self.world.key_of_opening is not None
        context = seal.SealContext.new(
            number, order.lot, order.certificate.decode(), random=secrets.token_bytes
        )
        envelope = seal.seal(
            letter,
            context,
            opening_key=self.world.key_of_opening.public_key,
            recipients=[seal.Recipient.read(label, key) for label, key in order.recipients],
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

    def preview(self, terms: str, template: str, logo: bytes = b"", seal: bytes = b"") -> bytes:
        return b"%PDF-1.7 " + terms.encode()

    def sign_list(self, document: dict[str, Any]) -> bytes:
        return repr(document).encode()


def build(sessions: Sessions, *, lots: int = 1) -> World:
    """Organisations of each role with their people, one registered project, two products."""
    world = World(sessions)
    sessions.write("demo_data", lambda session: _populate(session, world, lots))
    maker, checker = world.as_("maker"), world.as_("checker")
    form = publish_product.ProductForm(
        name="政采投标保函",
        kind="bid",
        form="independent",
        rate_ppm=4_500,
        minimum=Money.parse("200"),
        ceiling=Money.parse("1000000"),
        regions=(),
        minutes_to_issue=30,
        automatic=True,
        consortium=True,
    )
    world.product = world.run("product", publish_product.publish, maker, world.now, form)
    del checker
    return world


def with_policy(
    world: World,
    *,
    ceiling: str = "500000",
    total: str = "5000000",
    maker: str = "maker",
    checker: str = "checker",
) -> str:
    """An automatic underwriting policy, proposed by the maker, approved by the checker."""
    form = approve_policy.PolicyForm(
        ceiling=Money.parse(ceiling),
        supplier_ceiling=Money.parse(ceiling),
        total=Money.parse(total),
        consortium=False,
        expires_on=(world.now + timedelta(days=90)).date(),
    )
    policy = world.run("policy", approve_policy.propose, world.as_(maker), world.now, form)
    world.run("policy", approve_policy.decide, world.as_(checker), world.now, policy, "approved")
    return policy


PEOPLE = (
    ("supplier", "supplier", "clerk"),
    ("rival", "supplier", "clerk"),
    ("maker", "institution", "maker"),
    ("checker", "institution", "checker"),
    ("procurer", "procurer", "opener"),
    ("agency", "agency", "opener"),
    ("operator", "operator", "system_admin"),
    ("regulator", "regulator", "supervisor"),
    ("security", "operator", "security_admin"),
    ("regulator_trustee", "regulator", "trustee"),
    ("trading_centre", "trading_centre", "trustee"),
    ("association", "association", "trustee"),
)


def _populate(session: Session, world: World, lots: int) -> None:
    organisations: dict[str, Organisation] = {}
    for who, role, person_role in PEOPLE:
        key = "rival" if who == "rival" else role
        if key not in organisations:
            organisations[key] = _organisation(session, world, role, key)
        world.people[who] = _person(session, world, organisations[key], who, person_role)
    _project(session, world, organisations, lots)


def add_person(world: World, who: str, like: str, role: str) -> None:
    """One more person in the organisation of `like`."""
    organisation = world.people[like].organisation_id

    def add(session: Session) -> Actor:
        held = session.get_one(Organisation, organisation)
        return _person(session, world, held, who, role)

    world.people[who] = world.sessions.write("people", add)


def _organisation(session: Session, world: World, role: str, name: str) -> Organisation:
    made = Organisation(
        id=new_id(),
        role=role,
        name=f"演示{name}有限公司",
        credit_code=make_credit_code("91140100MA", world.rng),
        region="山西省太原市",
        institution_type="bank" if role == "institution" else None,
        state="active",
        account=f"62220000{world.rng.randrange(10**8):08d}",
        contact="山西省太原市演示路 1 号",
        details={"address": "山西省太原市演示路 1 号", "signatory": "沈知行"},
        created_at=world.now - timedelta(days=40),
    )
    session.add(made)
    session.flush()
    if role == "institution":
        exposure.create(session, made.id)
    return made


def _person(
    session: Session, world: World, organisation: Organisation, who: str, role: str
) -> Actor:
    person = Person(
        id=new_id(),
        organisation_id=organisation.id,
        login=who,
        name=f"演示{who}",
        mail=f"{who}@example.invalid",
        roles=[role] if role in ROLES_OF[organisation.role] else [],
        password_hash="",
        state="active",
        created_at=world.now,
    )
    session.add(person)
    session.flush()
    return Actor(
        person_id=person.id,
        name=person.name,
        organisation_id=organisation.id,
        organisation_role=organisation.role,
        organisation_name=organisation.name,
        roles=frozenset(person.roles),
    )


def _project(
    session: Session, world: World, organisations: dict[str, Organisation], lots: int
) -> None:
    deadline = world.now + timedelta(days=15)
    project = Project(
        id=new_id(),
        source_system="entered",
        source_id=new_id(),
        number=f"HDCG-2026-{world.rng.randrange(10**6)}",
        state="registered",
        current=1,
        entered_by=organisations["agency"].id,
    )
    session.add(project)
    session.flush()
    listed = [
        {"number": f"{i:02}", "name": f"第 {i:02} 标段", "budget_fen": 386_000_000,
         "deposit_fen": 7_000_000}
        for i in range(1, lots + 1)
    ]  # fmt: skip
    session.add(
        ProjectVersion(
            id=new_id(),
            project_id=project.id,
            number=1,
            name="全自动生化免疫流水线采购项目",
            method="公开招标",
            category="goods",
            region="山西省太原市",
            procurer_name=organisations["procurer"].name,
            procurer_id=organisations["procurer"].id,
            agency_name=organisations["agency"].name,
            agency_id=organisations["agency"].id,
            budget_fen=386_000_000 * lots,
            guarantee_accepted="yes",
            bid_validity_days=90,
            submission_deadline=deadline,
            opening_time=deadline,
            lots=listed,
            made_at=world.now,
        )
    )
    world.project = project.id
    world.key_of_opening = seal.make_key_pair()
    for one in listed:
        lot = Lot(id=new_id(), project_id=project.id, number=str(one["number"]))
        session.add(lot)
        session.flush()
        opening = new_id()
        session.add(
            Opening(
                id=opening,
                lot_id=lot.id,
                opening_time=deadline,
                certificate=opening.encode(),
                state="sealed",
            )
        )
        world.lots.append(lot.id)
    world.lot = world.lots[0]
    _rights(session, world, organisations)


def _rights(session: Session, world: World, organisations: dict[str, Organisation]) -> None:
    session.add(
        Mandate(
            id=new_id(),
            project_id=world.project,
            procurer_id=organisations["procurer"].id,
            agency_id=organisations["agency"].id,
            actions=["opening.read", "lot.open"],
            granted_at=world.now,
        )
    )
    pair = seal.make_key_pair()
    session.add(
        OpeningKey(
            id=new_id(),
            organisation_id=organisations["procurer"].id,
            person_id=world.people["procurer"].person_id,
            public_key=pair.public_key,
            fingerprint=seal.fingerprint_of(pair.public_key),
            wrapped_private=seal.wrap_private(pair.private_key, PASSPHRASE, CHEAP),
            state="active",
            created_at=world.now,
        )
    )
