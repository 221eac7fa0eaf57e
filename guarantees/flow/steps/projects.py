"""What import, form and correction of projects share: making them and adding versions.

A version that an import made has no author (`made_by` NULL); its event says who imported it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.records import outbox, project_notice
from guarantees.records.organisation import Organisation
from guarantees.records.project import Lot, Mandate, Project, ProjectVersion
from guarantees.tables import notices
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import ID_BYTES, id_from_bytes, new_id
from guarantees.values.notice import FIELD_NAMES, ProjectNotice
from guarantees.values.notice_faults import Fault, NoticeRefused, faults
from guarantees.values.sentence import Sentence

CORRECTED = "project.corrected"
"""Event of tables/notices."""

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


Parties = tuple[str | None, str | None]
"""Ids of procurer and agency, where they are registered."""


def create(
    session: Session,
    actor: Actor,
    now: datetime,
    notice: ProjectNotice,
    parties: Parties,
    *,
    imported: bool,
    demonstration: bool = False,
) -> Project:
    """A draft with its first version and its lots; nothing is asked of the database."""
    project = Project(
        id=new_id(),
        source_system=notice.source_system,
        source_id=notice.source_id,
        number=notice.number,
        state=move("project", NEW, "draft", "project.enter"),
        current=1,
        entered_by=actor.organisation_id,
        demonstration=demonstration,
    )
    session.add(project)
    session.add(_version(actor, now, project, notice, parties, notice.remarks, imported=imported))
    _add_lots(session, project, (lot.number for lot in notice.effective_lots()))
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
    project.current += 1
    project.number = notice.number
    parties = matched(session, [notice])(notice)
    version = _version(actor, now, project, notice, parties, note, imported=imported)
    session.add(version)
    _sync_lots(session, project, notice)
    session.flush()
    return version


def _version(
    actor: Actor,
    now: datetime,
    project: Project,
    notice: ProjectNotice,
    parties: Parties,
    note: str,
    *,
    imported: bool,
) -> ProjectVersion:
    procurer, agency = parties
    return ProjectVersion(
        id=new_id(),
        project_id=project.id,
        number=project.current,
        procurer_id=procurer,
        agency_id=agency,
        note=note,
        made_by=None if imported else actor.person_id or None,
        made_at=now,
        **project_notice.to_columns(notice),
    )


def _sync_lots(session: Session, project: Project, notice: ProjectNotice) -> None:
    """A lot keeps its row for good; one that the notice drops is marked."""
    stated = {lot.number for lot in notice.effective_lots()}
    known = session.scalars(select(Lot).where(Lot.project_id == project.id)).all()
    for lot in known:
        lot.withdrawn = lot.number not in stated
    _add_lots(session, project, stated - {lot.number for lot in known})


def _add_lots(session: Session, project: Project, numbers: Iterable[str]) -> None:
    session.add_all(
        Lot(id=_lot_id(session, project, number), project_id=project.id, number=number)
        for number in numbers
    )


def _lot_id(session: Session, project: Project, number: str) -> str:
    """Looks random, and is the same when a cut-off attempt is made again: the timekeeper, asked
    before the commit, knows the lot by it."""
    tag: bytes = session.info["vault"].tag("lot-id", project.id, number)
    return id_from_bytes(tag[:ID_BYTES])


def matched(session: Session, given: Iterable[ProjectNotice]) -> Callable[[ProjectNotice], Parties]:
    """A look-up for these notices: who is registered under exactly the names that they give."""
    named = list(given)
    procurers = _registered(session, "procurer", {one.procurer_name for one in named})
    agencies = _registered(session, "agency", {one.agency_name for one in named})
    return lambda one: (
        procurers.get(one.procurer_name or ""),
        agencies.get(one.agency_name or ""),
    )


def _registered(session: Session, role: str, names: Iterable[str | None]) -> dict[str, str]:
    """Ids by name. Of two organisations with one name nobody can tell which is meant."""
    wanted = sorted(name for name in names if name is not None)
    found: dict[str, list[str]] = {}
    for start in range(0, len(wanted), project_notice.BATCH):
        rows = session.execute(
            select(Organisation.name, Organisation.id).where(
                Organisation.role == role,
                Organisation.state == "active",
                Organisation.name.in_(wanted[start : start + project_notice.BATCH]),
            )
        )
        for name, organisation_id in rows:
            found.setdefault(name, []).append(organisation_id)
    return {name: ids[0] for name, ids in found.items() if len(ids) == 1}


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
    """News of a correction to those who act in the project, each once."""
    parties = {"procurer": version.procurer_id, "agency": version.agency_id}
    for notice in notices.for_event(CORRECTED):
        about = parties.get(notice.to)
        if about is not None:
            arguments = {"event": CORRECTED, "to": notice.to, "about": about}
            outbox.put(session, outbox.Message("mail", arguments))
