"""The public side of both worlds: suppliers, two institutions, and lots as unlike as can be."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from guarantees.flow import found, publish_product
from guarantees.flow.found import FirstOrganisation, FirstPerson
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.records.project import Lot, Opening, Project, ProjectVersion
from guarantees.values.actor import SYSTEM, Actor
from guarantees.values.codes import make_credit_code
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from tests import world as worlds
from tests.faults.stage import BY_PEOPLE
from tests.world import World

LONGEST = 300
"""Characters of the name of a project or lot at most (values/notice_faults.py)."""


@dataclass(frozen=True)
class Tender:
    """A project with equal lots."""

    name: str
    lot_name: str
    lots: int
    deposit: Money
    region: str
    days: int = 15
    """From START to the deadline and the opening."""
    validity: int = 90


TENDERS = (
    Tender("笔", "笔", 2, Money(7_000_000), "山西省太原市"),
    Tender("全" * LONGEST, "段" * LONGEST, 3, Money(12_345_678), "湖南省衡阳市"),
    Tender("城市生命线传感网采购", "监理", 1, Money(20_000_000), "山西省大同市", validity=120),
    Tender("医用直线加速器", "设备", 2, Money(100), "山西省晋中市", days=40, validity=365),
)
"""Shortest and longest names, deposits of one yuan and of 200,000, the last one opens later."""

SUPPLIERS = ("third", "fourth")
"""Besides the world's supplier and rival."""

INSURER = ("insurer-maker", "insurer-checker")


def furnish(world: World) -> None:
    """Adds to a world of tests.faults.stage: people, an insurer with its products, the tenders."""
    for name in SUPPLIERS:
        _found(world, "supplier", name, ((name, "clerk"),))
    people = ((INSURER[0], "maker"), (INSURER[1], "checker"))
    _found(world, "institution", "insurer", people, institution_type="insurer")
    world.lots.clear()
    for tender in TENDERS:
        world.run("demo_data", _tender, world, tender)


def publish(world: World) -> dict[str, str]:
    """Products of both institutions: one that a policy approves, one that people decide."""
    maker, checker = INSURER
    by_policy = replace(BY_PEOPLE, name="电子投标保单", automatic=True)
    act = publish_product.publish
    made = {
        "insurer policy": world.run("product", act, world.as_(maker), world.now, by_policy),
        "insurer people": world.run("product", act, world.as_(maker), world.now, BY_PEOPLE),
        "bank policy": world.product,
        "bank people": world.run("product", act, world.as_("maker"), world.now, BY_PEOPLE),
    }
    worlds.with_policy(world, maker=maker, checker=checker)
    return made


def _found(
    world: World, role: str, name: str, people: Sequence[tuple[str, str]], **more: Any
) -> None:
    first = FirstOrganisation(
        role=role,
        name=f"演示{name}有限公司",
        credit_code=make_credit_code("91140100MA", random.Random(name)),
        region="山西省太原市",
        account="6222000012345678",
        contact="山西省太原市演示路 2 号",
        details={"address": "山西省太原市演示路 2 号", "signatory": "沈知行"},
        people=tuple(
            FirstPerson(one, one, f"{one}@example.invalid", (part,), "") for one, part in people
        ),
        **more,
    )
    organisation = world.run("people", found.found, SYSTEM, world.now, first)
    for login, part in people:
        world.people[login] = world.read(_actor, organisation, login, part)


def _actor(session: Session, organisation_id: str, login: str, part: str) -> Actor:
    organisation = session.get_one(Organisation, organisation_id)
    person = session.query(Person).filter_by(login=login).one()
    return Actor(
        person_id=person.id,
        name=person.name,
        organisation_id=organisation_id,
        organisation_role=organisation.role,
        organisation_name=organisation.name,
        roles=frozenset({part}),
    )


def _tender(session: Session, world: World, tender: Tender) -> None:
    project = Project(
        id=new_id(),
        source_system="entered",
        source_id=new_id(),
        number=f"HDCG-2026-{world.rng.randrange(10**6):06}",
        state="registered",
        current=1,
        entered_by=world.people["agency"].organisation_id,
    )
    session.add(project)
    session.flush()
    numbers = [f"{place:02}" for place in range(1, tender.lots + 1)]
    session.add(_version(world, project, tender, numbers))
    for number in numbers:
        lot = Lot(id=new_id(), project_id=project.id, number=number)
        opening = new_id()
        session.add(lot)
        session.flush()
        session.add(
            Opening(
                id=opening,
                lot_id=lot.id,
                opening_time=world.now + timedelta(days=tender.days),
                certificate=opening.encode(),
                state="sealed",
            )
        )
        world.lots.append(lot.id)


def _version(
    world: World, project: Project, tender: Tender, numbers: Sequence[str]
) -> ProjectVersion:
    procurer, agency = world.people["procurer"], world.people["agency"]
    deadline = world.now + timedelta(days=tender.days)
    stated = {"name": tender.lot_name, "budget_fen": 10**9, "deposit_fen": tender.deposit.fen}
    return ProjectVersion(
        id=new_id(),
        project_id=project.id,
        number=1,
        name=tender.name,
        method="公开招标",
        category="goods",
        region=tender.region,
        procurer_name=procurer.organisation_name,
        procurer_id=procurer.organisation_id,
        agency_name=agency.organisation_name,
        agency_id=agency.organisation_id,
        budget_fen=10**9 * len(numbers),
        guarantee_accepted="yes",
        bid_validity_days=tender.validity,
        submission_deadline=deadline,
        opening_time=deadline,
        lots=[{"number": one, **stated} for one in numbers],
        made_at=world.now,
    )
