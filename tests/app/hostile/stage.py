"""A world in which every form of the application can be sent: somebody and something for each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.auth import throttle
from app.auth.throttle import Limits
from app.portals.public import log, verify
from guarantees.flow import (
    apply,
    approve_policy,
    design_letters,
    enter_project,
    invite,
    join,
    underwrite,
)
from guarantees.flow.apply import CONSENT_ITEMS, ApplicationForm, Choice
from guarantees.ports import anything_prints
from guarantees.queries import audit
from guarantees.records import authenticator, outbox
from guarantees.records.organisation import Organisation
from guarantees.records.person import Invitation, Person
from guarantees.records.product import Product
from guarantees.records.project import Mandate
from guarantees.values.codes import make_credit_code
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice
from guarantees.values.one_time_codes import new_secret
from tests import visitors
from tests import world as worlds
from tests.accounts import CHEAP, PASSWORD
from tests.guarantees.flow.project_samples import NOTICE
from tests.rollback import SavepointSessions
from tests.visitors import Pages

CASES = ("submitted", "in_review", "returned", "awaiting_payment", "issued")
LOTS = len(CASES) + 1


@dataclass
class Faults:
    """All that an address gets wrong, told together."""

    found: list[str] = field(default_factory=list)

    @contextmanager
    def of(self, where: str) -> Iterator[None]:
        try:
            yield
        except AssertionError as error:
            self.found.append(f"{where}: {str(error).splitlines()[0]}")


@dataclass
class Stage:
    """What stands there; `undone()` takes back what a request did."""

    pages: Pages
    connection: Connection
    cases: dict[str, str] = field(default_factory=dict)
    """State → a case in it."""
    ids: dict[str, str] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    """Names of the flows that were committed."""

    @property
    def strict(self) -> bool:
        """The database refuses what is too long, too large or no text."""
        return self.connection.dialect.name == "postgresql"

    @property
    def app(self) -> Flask:
        return self.pages.app

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A savepoint around one request; its time, and memory that counts tries, go back too."""
        self.app.extensions["baohan_limits"] = Limits()
        self.commits.clear()
        began = self.pages.world.now
        point = self.connection.begin_nested()
        try:
            yield
        finally:
            point.rollback()
            self.pages.world.now = began

    def broken(self) -> list[str]:
        """What the audit finds."""
        world = self.pages.world
        with world.sessions.reading() as session:
            found = audit.broken(session, world.files, world.sessions.vault)  # type: ignore[arg-type]
            return [f"{one.subject}: {one.rule}" for one in found]


def build(
    sessions: SavepointSessions, connection: Connection, folder: Path, patch: pytest.MonkeyPatch
) -> Stage:
    """The world, its people and papers."""
    world = worlds.build(sessions, lots=LOTS)
    pages = visitors.visit(world, folder, patch)
    pages.app.extensions["baohan_passwords"] = CHEAP
    for name in ("LOOKUPS", "CHECKS"):
        patch.setattr(verify, name, throttle.AddressLimit(10**9, throttle.SIGN_IN_WINDOW))
    patch.setattr(log, "CHECKS", throttle.AddressLimit(10**9, throttle.SIGN_IN_WINDOW))
    stage = Stage(pages, connection)
    _people(stage)
    _cases(stage)
    _others(stage)
    _count_commits(stage, patch)
    return stage


def _count_commits(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    sessions = stage.pages.world.sessions
    real = sessions.write

    def write(name: str, flow: Callable[[Session], Any]) -> Any:
        answer = real(name, flow)
        stage.commits.append(name)
        return answer

    patch.setattr(sessions, "write", write)


def _people(stage: Stage) -> None:
    """An administrator and its colleagues; one of them has no authenticator yet."""
    world = stage.pages.world

    def make(session: Session) -> None:
        for who, role, person_role in (
            ("boss", "supplier", "admin"),
            ("colleague", "supplier", "clerk"),
            ("absent", "supplier", "clerk"),
            ("enrolled", "supplier", "clerk"),
            ("newcomer", "supplier", "clerk"),
            ("bank_admin", "maker", "admin"),
        ):
            organisation = session.get(Organisation, world.people[role].organisation_id)
            assert organisation is not None
            world.people[who] = worlds._person(session, world, organisation, who, person_role)
            person = session.get(Person, world.people[who].person_id)
            assert person is not None
            person.password_hash = CHEAP.hash(PASSWORD)
            person.state = "disabled" if who == "absent" else "active"
            if who != "newcomer":
                authenticator.place(session, person, new_secret())
                person.totp_step = 1

    world.run("demo_data", make)
    stage.ids |= {who: world.people[who].person_id for who in ("colleague", "absent")}


def _cases(stage: Stage) -> None:
    world = stage.pages.world
    for place, state in enumerate(CASES):
        chosen = (Choice(world.lots[place], world.product),)
        form = ApplicationForm(chosen, (), frozenset(CONSENT_ITEMS), "周予安 13800000000")
        [case] = world.run("apply", apply.submit, world.as_("supplier"), world.now, form, state)
        stage.cases[state] = case
        maker, checker = world.as_("maker"), world.as_("checker")
        if state == "returned":
            world.run("underwrite", underwrite.give_back, maker, world.now, case, "请补正")
        elif state != "submitted":
            world.run("underwrite", underwrite.recommend, maker, world.now, case, "approve", "")
        if state in ("awaiting_payment", "issued"):
            world.run("underwrite", underwrite.decide, checker, world.now, case, "approve", "")
    stage.ids["free lot"] = world.lots[-1]


def _others(stage: Stage) -> None:
    """A draft, a proposed policy and design, a waiting supplier, an invitation."""
    world = stage.pages.world
    design = design_letters.DesignForm(b"", b"", ("请同时以电话告知。",))
    admin = world.as_("bank_admin")
    world.run("design", design_letters.propose, admin, world.now, design, anything_prints)
    draft = replace(NOTICE, lots=NOTICE.lots[:1])
    stage.ids["draft"] = world.run(
        "enter_project", enter_project.enter, world.as_("agency"), world.now, draft, "draft"
    )
    other = replace(NOTICE, number="YS-2026-002", lots=three_lots())
    stage.ids["other project"] = world.run(
        "enter_project", enter_project.enter, world.as_("agency"), world.now, other, "other"
    )
    limits = approve_policy.PolicyForm(
        *(Money.parse(one) for one in ("100", "100", "100")), False, world.now.date()
    )
    stage.ids["policy"] = world.run(
        "policy", approve_policy.propose, world.as_("maker"), world.now, limits
    )
    registration = join.Registration(
        make_credit_code("91140100MA", world.rng), "待确认有限公司", "山西省太原市",
        "6222000012345678", "周新", "new@example.com", "zhouxin", CHEAP.hash(PASSWORD),
    )  # fmt: skip
    visitor = replace(world.people["supplier"], organisation_role="public", roles=frozenset())
    world.run("join", join.register_supplier, visitor, world.now, registration)
    boss = world.as_("boss")
    world.run("people", invite.invite, boss, world.now, "郑友", "zheng@example.com", ("clerk",))
    _find(stage)


def three_lots() -> tuple[LotNotice, ...]:
    return tuple(replace(NOTICE.lots[0], number=f"0{place}") for place in (1, 2, 3))


def _find(stage: Stage) -> None:
    world = stage.pages.world
    with world.sessions.reading() as session:
        product = session.get(Product, world.product)
        mandate = session.scalars(select(Mandate)).one()
        assert product is not None
        stage.ids |= {"series": product.series, "mandate": mandate.id}
        invitation = session.scalars(select(Invitation)).one()
        stage.ids["invitation"] = invitation.id.hex()
        waiting = select(Organisation.id).where(Organisation.state == "pending")
        stage.ids["pending"] = session.scalars(waiting).one()
        for message in outbox.pending(session, world.now, 1000):
            if message.arguments.get("to") == "invited":
                stage.ids["token"] = message.arguments["token"]
