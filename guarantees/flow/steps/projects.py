"""What import, form and correction of projects share: making them and adding versions.

The source's own word is told from people's by the author: a version that an import made has none
(`made_by` NULL); its event says who imported it.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.records import project_notice
from guarantees.records.organisation import Organisation
from guarantees.records.project import Lot, Mandate, Project, ProjectVersion
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import ID_BYTES, id_from_bytes, new_id
from guarantees.values.notice import FIELD_NAMES, ProjectNotice
from guarantees.values.notice_faults import Fault, NoticeRefused, faults
from guarantees.values.sentence import Sentence

SYSTEM_LIMIT = 30
"""Characters of a source system's name; an organisation's id follows it."""


def source_system(actor: Actor, name: str) -> str:
    """The namespace of what the actor brings in under `name`.

    Procurers and agencies have one each, so that no file of theirs can touch, or find, a project
    of others; the operator brings in what trading systems send.
    """
    name = name[:SYSTEM_LIMIT]
    if actor.organisation_role in ("operator", "system"):
        return name
    return f"{name}:{actor.organisation_id}"


def check(session: Session, actor: Actor, notice: ProjectNotice) -> None:
    """NoticeRefused if the notice cannot be stored, or is not the actor's to bring in."""
    found = own_faults(actor, notice, _name(session, actor))
    if found:
        raise NoticeRefused(found)


def own_faults(actor: Actor, notice: ProjectNotice, organisation_name: str) -> tuple[Fault, ...]:
    """All faults of a notice in the actor's hands: a procurer brings in its own projects only."""
    found = faults(notice)
    if actor.organisation_role != "procurer" or notice.procurer_name == organisation_name:
        return found
    text = N_("采购人只能办理本单位的项目，“%(field)s”应为“%(expected)s”。")
    fields = {"field": FIELD_NAMES["procurer_name"], "expected": organisation_name}
    return (*found, Fault("procurer_name", Sentence("procurer_foreign", text, fields)))


def _name(session: Session, actor: Actor) -> str:
    if actor.organisation_role != "procurer":
        return actor.organisation_name
    return steps.organisation(session, actor.organisation_id).name


def create(
    session: Session,
    actor: Actor,
    now: datetime,
    notice: ProjectNotice,
    *,
    imported: bool,
    demonstration: bool = False,
) -> Project:
    """A draft with its first version and its lots."""
    project = Project(
        id=new_id(),
        source_system=notice.source_system,
        source_id=notice.source_id,
        number=notice.number,
        state=move("project", NEW, "draft", "project.enter"),
        current=0,
        entered_by=actor.organisation_id,
        demonstration=demonstration,
    )
    session.add(project)
    session.flush()
    add_version(session, actor, now, project, notice, notice.remarks, imported=imported)
    return project


def add_version(
    session: Session,
    actor: Actor,
    now: datetime,
    project: Project,
    notice: ProjectNotice,
    note: str,
    *,
    imported: bool,
) -> ProjectVersion:
    """The next version becomes the current one; lots follow it. `notice` was checked."""
    procurer, agency = matched(session, notice)
    version = ProjectVersion(
        id=new_id(),
        project_id=project.id,
        number=project.current + 1,
        procurer_id=procurer,
        agency_id=agency,
        note=note,
        made_by=None if imported else actor.person_id or None,
        made_at=now,
        **project_notice.to_columns(notice),
    )
    session.add(version)
    project.current, project.number = version.number, notice.number
    _sync_lots(session, project, notice)
    session.flush()
    return version


def _sync_lots(session: Session, project: Project, notice: ProjectNotice) -> None:
    """A lot keeps its row for good; one that the notice drops is marked."""
    stated = {lot.number for lot in notice.effective_lots()}
    known = {lot.number: lot for lot in _lots(session, project)}
    for number, lot in known.items():
        lot.withdrawn = number not in stated
    session.add_all(
        Lot(id=_lot_id(session, project, number), project_id=project.id, number=number)
        for number in stated - known.keys()
    )


def _lot_id(session: Session, project: Project, number: str) -> str:
    """Looks random, and is the same when a cut-off attempt is made again: the timekeeper, asked
    before the commit, knows the lot by it."""
    tag: bytes = session.info["vault"].tag("lot-id", project.id, number)
    return id_from_bytes(tag[:ID_BYTES])


def _lots(session: Session, project: Project) -> Iterable[Lot]:
    return session.scalars(select(Lot).where(Lot.project_id == project.id))


def matched(session: Session, notice: ProjectNotice) -> tuple[str | None, str | None]:
    """Ids of procurer and agency as registered under exactly the notice's names."""
    return (
        _registered(session, "procurer", notice.procurer_name),
        _registered(session, "agency", notice.agency_name),
    )


def _registered(session: Session, role: str, name: str | None) -> str | None:
    if name is None:
        return None
    found = session.scalars(
        select(Organisation.id)
        .where(Organisation.role == role, Organisation.name == name, Organisation.state == "active")
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None  # two of one name: nobody can tell which


def last_imported(session: Session, project: Project) -> ProjectVersion:
    """The version that holds the source's last word; the first one for what people entered."""
    versions = session.scalars(
        select(ProjectVersion)
        .where(ProjectVersion.project_id == project.id)
        .order_by(ProjectVersion.number.desc())
    ).all()
    return next((one for one in versions if one.made_by is None), versions[-1])


def withdraw_former_agency(
    session: Session, actor: Actor, now: datetime, project: Project, version: ProjectVersion
) -> None:
    """Mandates of agencies that the notice no longer names end with the correction."""
    standing = session.scalars(
        select(Mandate).where(Mandate.project_id == project.id, Mandate.withdrawn_at.is_(None))
    )
    for mandate in standing:
        if mandate.agency_id != version.agency_id:
            mandate.withdrawn_at = now
            steps.record_about(
                session,
                f"project:{project.id}",
                actor,
                now,
                "mandate.withdrawn",
                steps.organisation(session, mandate.agency_id).name,
            )


def tell_parties(session: Session, version: ProjectVersion) -> None:
    """News of a correction to those who act in the project."""
    for organisation_id in (version.procurer_id, version.agency_id):
        if organisation_id is not None:
            steps.tell(session, "project.corrected", organisation_id)
