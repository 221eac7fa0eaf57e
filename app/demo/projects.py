"""The demonstration's projects: imported, registered, mandates granted."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import demo_projects
from app.adapters.demo_projects import DemoProject
from app.demo import cast
from app.demo.offers import login_of
from app.demo.stage import Stage
from guarantees.flow import grant_mandate, import_projects, register_project
from guarantees.records.project import Lot
from guarantees.values.notice_rows import NoticeRow

SOON = timedelta(minutes=3, seconds=20)
"""Until the opening that everybody can wait for: three minutes after the start is said."""

AHEAD = timedelta(seconds=30)
"""Until the opening that the demonstration holds itself: its letters are made before."""

OPERATOR = "operator"


@dataclass(frozen=True)
class Loaded:
    """A project in the database."""

    demo: DemoProject
    id: str
    lots: tuple[str, ...]
    """Ids, in the order of their numbers."""

    @property
    def procurer(self) -> str:
        """Login of the procurer's opener; empty where the notice names none."""
        return _opener(self.demo.notice.procurer_name)

    @property
    def agency(self) -> str:
        return _opener(self.demo.notice.agency_name)


def _opener(name: str | None) -> str:
    known = [one for one in cast.organisations() if one.name == name]
    return login_of(known[0], "opener") if known else ""


def load_all(stage: Stage) -> list[Loaded]:
    """All projects, those that are complete registered; drafts stay drafts."""
    demos = demo_projects.load(stage.house.now(), soon=SOON, ahead=AHEAD)
    return load(stage, demos)


def load(stage: Stage, demos: tuple[DemoProject, ...]) -> list[Loaded]:
    rows = [NoticeRow(place, one.notice) for place, one in enumerate(demos, 1)]
    imported = stage.write(
        "import_projects",
        import_projects.import_notices,
        stage.actor(OPERATOR),
        stage.house.now(),
        demo_projects.SYSTEM,
        rows,
        stage.house.timekeeper,
        demonstration=True,
    )
    made = [
        _registered(stage, demo, one.project) for demo, one in zip(demos, imported, strict=True)
    ]
    for one in made:
        _grant(stage, one)
    return made


def _registered(stage: Stage, demo: DemoProject, project: str) -> Loaded:
    if demo.stage != "draft":
        stage.write(
            "register_project",
            register_project.register,
            stage.actor(OPERATOR),
            stage.house.now(),
            project,
            stage.house.timekeeper,
        )
    return Loaded(demo, project, stage.read(_lots, project))


def _lots(session: Session, project: str) -> tuple[str, ...]:
    return tuple(
        session.scalars(select(Lot.id).where(Lot.project_id == project).order_by(Lot.number))
    )


def _grant(stage: Stage, loaded: Loaded) -> None:
    """The procurer lets the agency that the notice names act at the opening."""
    agency = loaded.demo.notice.agency_name
    if not loaded.procurer or not agency or loaded.demo.stage == "draft":
        return
    stage.write(
        "mandate",
        grant_mandate.grant,
        stage.actor(loaded.procurer),
        stage.house.now(),
        loaded.id,
        agency,
        tuple(grant_mandate.ACTIONS),
    )
