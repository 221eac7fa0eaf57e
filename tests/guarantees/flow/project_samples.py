"""Notices and small worlds for the tests of projects."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from guarantees.flow import (
    correct_project,
    enter_project,
    grant_mandate,
    import_projects,
    register_project,
)
from guarantees.flow.steps.corrections import Correction
from guarantees.queries import project_detail, projects
from guarantees.queries.lots import LotRow
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.records.project import Opening
from guarantees.values.actor import Actor
from guarantees.values.codes import make_credit_code
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice, ProjectNotice
from guarantees.values.notice_faults import NoticeRefused
from guarantees.values.notice_rows import NoticeRow
from signing.timekeeper.double import DoubleTimekeeper, SettableClock
from tests import world as worlds
from tests.conftest import Database
from tests.world import START, World

PROCURER = "演示procurer有限公司"
AGENCY = "演示agency有限公司"

NOTICE = ProjectNotice(
    source_system="",
    source_id="N-1",
    name="门诊楼空调设备采购",
    number="YS-2026-001",
    method="公开招标",
    category="goods",
    region="山西省太原市",
    procurer_name=PROCURER,
    agency_name=AGENCY,
    guarantee_accepted="yes",
    bid_validity_days=90,
    submission_deadline=START + timedelta(days=10),
    opening_time=START + timedelta(days=10, hours=1),
    lots=(
        LotNotice("01", "冷水机组", Money.parse("1000000"), Money.parse("20000")),
        LotNotice("02", "末端设备", Money.parse("770000"), Money.parse("15000")),
    ),
)
"""Complete: it can be registered as it stands."""

GAPS = ProjectNotice(source_system="", source_id="N-2", name="信息安全测评服务")
"""All that some notices say."""


def notice(**changes: Any) -> ProjectNotice:
    return replace(NOTICE, **changes)


@dataclass
class Office:
    """A world with a timekeeper, and the flows of projects in short."""

    world: World
    timekeeper: DoubleTimekeeper = field(
        default_factory=lambda: DoubleTimekeeper(SettableClock(START))
    )
    keys: int = 0

    def enter(self, given: ProjectNotice = NOTICE, who: str = "agency") -> str:
        self.keys += 1
        return self.world.run(
            "enter_project",
            enter_project.enter,
            self.world.as_(who),
            self.world.now,
            given,
            f"key-{self.keys}",
        )

    def register(self, project: str, who: str = "agency") -> int:
        return self.world.run(
            "register_project",
            register_project.register,
            self.world.as_(who),
            self.world.now,
            project,
            self.timekeeper,
        )

    def registered(self, given: ProjectNotice = NOTICE) -> str:
        project = self.enter(given)
        self.register(project)
        return project

    def correct(
        self,
        project: str,
        given: ProjectNotice,
        expected: int = 1,
        who: str = "agency",
        note: str = "更正公告（一）",
    ) -> Correction:
        return self.world.run(
            "correct_project",
            correct_project.correct,
            self.world.as_(who),
            self.world.now,
            project,
            given,
            expected=expected,
            note=note,
            timekeeper=self.timekeeper,
        )

    def import_(
        self, *given: ProjectNotice, who: str = "agency", system: str = "import"
    ) -> tuple[import_projects.Imported, ...]:
        rows = [NoticeRow(number, one) for number, one in enumerate(given, 1)]
        return self.world.run(
            "import_projects",
            import_projects.import_notices,
            self.world.as_(who),
            self.world.now,
            system,
            rows,
            self.timekeeper,
        )

    def count(self, table: type) -> int:
        return self.world.read(
            lambda session: session.scalar(select(func.count()).select_from(table))
        )

    def advance(self, **duration: float) -> None:
        """Time passes for the web and for the timekeeper."""
        self.world.now += timedelta(**duration)
        self.timekeeper.clock.advance(**duration)

    def stranger(self, role: str = "agency", person_role: str = "opener") -> str:
        """A person of another organisation; answers its name in the world."""
        who = f"other {role}"
        self.world.people[who] = self.world.run("people", _stranger, self.world, role, person_role)
        return who


def _stranger(session: Session, world: World, role: str, person_role: str) -> Actor:
    organisation = Organisation(
        id=new_id(),
        role=role,
        name=f"另一家{role}（演示）",
        credit_code=make_credit_code("91140100MA", world.rng),
        region="山西省太原市",
        state="active",
        created_at=world.now,
    )
    session.add(organisation)
    session.flush()
    person = Person(
        id=new_id(),
        organisation_id=organisation.id,
        login=f"other-{role}",
        name="旁人",
        mail="other@example.invalid",
        roles=[person_role],
        password_hash="",
        state="active",
        created_at=world.now,
    )
    session.add(person)
    return Actor(
        person_id=person.id,
        name=person.name,
        organisation_id=organisation.id,
        organisation_role=role,
        organisation_name=organisation.name,
        roles=frozenset({person_role}),
    )


class Kept:
    """A small world on SQLite, built once and copied for every test: building takes a second."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "world.db"
        self.vault = Vault.create(folder / "keys")
        engine = make_engine(f"sqlite:///{self.file}")
        schema.upgrade(engine)
        self.world = worlds.build(Sessions(engine, self.vault))
        engine.dispose()

    @contextmanager
    def open(self, folder: Path) -> Iterator[Office]:
        shutil.copy(self.file, folder / "world.db")
        engine = make_engine(f"sqlite:///{folder / 'world.db'}")
        people = dict(self.world.people)
        sessions = Sessions(engine, self.vault)
        yield Office(replace(self.world, sessions=sessions, people=people))
        engine.dispose()


@contextmanager
def office_on(database: Database, keys: Path) -> Iterator[Office]:
    """A world of its own on an empty database of either kind."""
    schema.upgrade(database.engine)
    yield Office(worlds.build(Sessions(database.engine, Vault.create(keys))))


def view(office: Office, project: str, who: str = "agency") -> project_detail.ProjectView:
    return office.world.read(project_detail.view, office.world.as_(who), office.world.now, project)


def openings(office: Office, project: str) -> dict[str, Opening]:
    lots = {one.id: one.notice.number for one in view(office, project).lots}
    rows = office.world.read(
        lambda session: session.scalars(select(Opening).where(Opening.lot_id.in_(lots))).all()
    )
    return {lots[one.lot_id]: one for one in rows}


def codes(refused: pytest.ExceptionInfo[NoticeRefused]) -> list[str]:
    return [one.reason.code for one in refused.value.faults]


def grant(
    office: Office,
    project: str,
    who: str = "procurer",
    actions: Sequence[str] = ("opening.read", "lot.open"),
    agency: str = "演示agency有限公司",
) -> str:
    world = office.world
    return world.run(
        "mandate", grant_mandate.grant, world.as_(who), world.now, project, agency, actions
    )


def open_lots(office: Office, **filters: object) -> tuple[LotRow, ...]:
    supplier = office.world.as_("supplier")
    return office.world.read(projects.open_lots, supplier, office.world.now, **filters).items


class Mark:
    """A cursor, as app.paging makes one."""

    def __init__(self, direction: str, key: object) -> None:
        self.direction = direction
        self.key = key
