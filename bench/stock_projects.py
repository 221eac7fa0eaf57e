"""Projects of the stock: open ones, opened ones, drafts; lots, notices, openings, mandates."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.names import undertaking
from bench.stock import REGION, Stock, events
from guarantees.flow.grant_mandate import ACTIONS
from guarantees.records import project_notice
from guarantees.records.organisation import Organisation
from guarantees.records.project import Lot, Mandate, Opening, Project, ProjectVersion
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice, ProjectNotice

CERTIFICATE_BYTES = 500
LOTS = 5
"""Of a usual project."""
FILED_LOTS = 4


@dataclass
class Planned:
    """A project with its version in force and its lots, in the order of the notice."""

    project: Project
    version: ProjectVersion
    lots: list[Lot] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    """Written with the cases, whose number they tell."""

    @property
    def opening_time(self) -> datetime:
        """That of the notice, and its deadline."""
        assert self.version.opening_time is not None
        return self.version.opening_time


@dataclass
class Projects:
    open: list[Planned] = field(default_factory=list)
    """Registered, before their deadline; the largest one first."""
    opened: list[Planned] = field(default_factory=list)
    """The one with the largest opening first."""
    drafts: list[Planned] = field(default_factory=list)

    def filed(self, procurer: str) -> set[str]:
        """Opened lots of the procurer whose letters lie in the file store."""
        own = [one for one in self.opened if one.version.procurer_id == procurer]
        return {lot.id for lot in [lot for one in own for lot in one.lots][:FILED_LOTS]}

    def open_lots(self) -> list[tuple[Planned, Lot]]:
        return [(one, lot) for one in self.open for lot in one.lots]


def projects(stock: Stock) -> Projects:
    """As many as the cases of `stock.size` need; half of them the main procurer's."""
    size = stock.size
    made = Projects()
    for place, count in enumerate(_open_lots(size.own, size.lots)):
        deadline = stock.now + timedelta(days=3 + place % 25, hours=place % 9)
        made.open.append(_registered(stock, place, count, deadline))
    letters = max(1, size.letters // 3)
    for place in range(1 + -(-(size.opened - size.letters) // (letters * LOTS))):
        deadline = stock.ago(days=20 + 520 * place // 40 % 500, hours=place % 7)
        made.opened.append(_registered(stock, place, LOTS if place else 1, deadline))
    for place in range(size.drafts):
        made.drafts.append(_draft(stock, place))
    return made


def _open_lots(needed: int, largest: int) -> Iterator[int]:
    """Lots of each open project: one as large as can be, one of 40, usual ones for the rest."""
    yield largest
    yield min(40, largest)
    for _ in range(2 + needed // LOTS):
        yield LOTS


def _registered(stock: Stock, place: int, lots: int, deadline: datetime) -> Planned:
    planned = _project(stock, place, lots, deadline, "registered")
    opened = deadline < stock.now
    for lot in planned.lots:
        opening = Opening(
            id=new_id(),
            lot_id=lot.id,
            opening_time=deadline,
            certificate=stock.rng.randbytes(CERTIFICATE_BYTES),
            state="opened" if opened else "sealed",
            started_at=deadline if opened else None,
            opened_at=deadline + timedelta(minutes=2) if opened else None,
        )
        planned.openings.append(opening)
        if opened:
            done = [("opening.begun", ""), ("opening.finished", "")]
            stock.add(*events(stock, f"lot:{lot.id}", done, deadline))
    procurer, agency = planned.version.procurer_id, planned.version.agency_id
    stock.add(
        Mandate(
            id=new_id(),
            project_id=planned.project.id,
            procurer_id=procurer,
            agency_id=agency,
            actions=list(ACTIONS),
            granted_at=deadline - timedelta(days=20),
        )
    )
    return planned


def _draft(stock: Stock, place: int) -> Planned:
    return _project(stock, place, 3, stock.now + timedelta(days=30), "draft")


def _project(stock: Stock, place: int, lots: int, deadline: datetime, state: str) -> Planned:
    """The first of a kind has the longest history."""
    procurer, agency = _party(stock, "procurer", place), _party(stock, "agency", place)
    project = Project(
        id=new_id(),
        source_system="entered",
        source_id=new_id(),
        number=f"HDCG-{deadline.year}-{stock.rng.randrange(10**8):08d}",
        state=state,
        current=stock.size.versions if place == 0 else 2,
        entered_by=agency.id,
    )
    name = undertaking(stock.rng)
    stock.add(project)
    for number in range(1, project.current + 1):
        late = timedelta(days=number - project.current)
        notice = _notice(project, name, procurer, agency, lots, deadline + late)
        version = ProjectVersion(
            id=new_id(),
            project_id=project.id,
            number=number,
            procurer_id=procurer.id,
            agency_id=agency.id,
            note="更正公告" if number > 1 else "采购公告\n其他补充事宜：无",
            made_at=deadline - timedelta(days=40 - number, minutes=place),
            **project_notice.to_columns(notice),
        )
        stock.add(version)
    planned = Planned(project, version)
    planned.lots = [Lot(id=new_id(), project_id=project.id, number=f"{n:03}") for n in range(lots)]
    stock.add(*planned.lots)
    if state == "registered":
        since = deadline - timedelta(days=39)
        made = [("opening.registered", f"{lot.number} · 时间") for lot in planned.lots]
        whats = [("project.registered", "#1"), *made]
        stock.add(*events(stock, f"project:{project.id}", whats, since))
    return planned


def _party(stock: Stock, role: str, place: int) -> Organisation:
    """The main one in every other project."""
    known = stock.organisations[role]
    return known[0] if place % 2 == 0 else known[1 + place // 2 % (len(known) - 1)]


def _notice(
    project: Project,
    name: str,
    procurer: Organisation,
    agency: Organisation,
    lots: int,
    deadline: datetime,
) -> ProjectNotice:
    return ProjectNotice(
        source_system=project.source_system,
        source_id=project.source_id,
        name=name,
        number=project.number,
        method="公开招标",
        category="goods",
        region=REGION,
        procurer_name=procurer.name,
        agency_name=agency.name,
        budget=Money(386_000_000 * lots) if project.state != "draft" else None,
        deposit_forms="转账、支票、汇票、本票或者保函",
        guarantee_accepted="yes",
        bid_validity_days=90,
        submission_deadline=deadline,
        opening_time=deadline,
        lots=tuple(
            LotNotice(f"{n:03}", f"第 {n:03} 标段", Money(386_000_000), Money(7_000_000))
            for n in range(lots)
        ),
    )
