"""Registering a complete project: from here on suppliers apply, and every lot has an opening.

Every lot gets an opening certificate, bids or not (sealing.md step 1).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.flow.steps import openings, projects
from guarantees.records import project_notice
from guarantees.records.project import Project, ProjectVersion
from guarantees.tables.lifecycle import move
from guarantees.values.actor import Actor
from guarantees.values.notice import FIELD_NAMES, ProjectNotice
from guarantees.values.notice_faults import Fault, NoticeRefused, gaps, obstacles
from guarantees.values.sentence import Sentence
from signing.timekeeper.protocol import Timekeeper


def register(
    session: Session, actor: Actor, now: datetime, project_id: str, timekeeper: Timekeeper
) -> int:
    """Move the draft to registered and have its openings made; answers how many there are.

    A second call for a registered project only makes what is lacking. NoticeRefused names every
    gap and contradiction; `Unavailable` when the timekeeper is away, and nothing is changed.
    """
    steps.require(actor, "project.register", now)
    project = steps.project_for(session, actor, "project.register", project_id)
    version = steps.current_version(session, project)
    if project.state != "registered":
        _begin(session, actor, now, project, version)
    return openings.make_or_postpone(session, actor, now, project, version, timekeeper)


def _begin(
    session: Session, actor: Actor, now: datetime, project: Project, version: ProjectVersion
) -> None:
    notice = project_notice.to_notice(project, version)
    # Organisations may have registered since the version was made.
    version.procurer_id, version.agency_id = projects.matched(session, [notice])(notice)
    found = (
        *gaps(notice),
        *obstacles(notice, now),
        *_procurer(notice, version),
        *_twice(session, project, version),
    )
    if found:
        raise NoticeRefused(found)
    project.state = move("project", project.state, "registered", "project.register")
    # The note tells which version bidders rest on from here; queries.projects reads it.
    note = f"#{version.number}"
    steps.record_about(session, f"project:{project.id}", actor, now, "project.registered", note)


def _procurer(notice: ProjectNotice, version: ProjectVersion) -> tuple[Fault, ...]:
    if notice.procurer_name is None or version.procurer_id is not None:
        return ()
    text = N_(
        "采购人“%(procurer)s”还没有在平台注册，或注册名称与公告不完全一致：请先请采购人注册，"
        "或按注册名称改正“%(field)s”。"
    )
    fields = {"procurer": notice.procurer_name, "field": FIELD_NAMES["procurer_name"]}
    return (Fault("procurer_name", Sentence("procurer_unknown", text, fields)),)


def _twice(session: Session, project: Project, version: ProjectVersion) -> tuple[Fault, ...]:
    """The same procurement brought in by two sources is registered once."""
    if project.number is None or version.procurer_id is None:
        return ()
    other = session.scalar(
        select(Project.id)
        .join(ProjectVersion, ProjectVersion.project_id == Project.id)
        .where(
            ProjectVersion.number == Project.current,
            Project.number == project.number,
            Project.state == "registered",
            Project.id != project.id,
            ProjectVersion.procurer_id == version.procurer_id,
        )
        .limit(1)
    )
    if other is None:
        return ()
    text = N_("该采购人编号为“%(number)s”的项目已经登记，不能再登记一次；本草稿可以留着不用。")
    return (Fault("number", Sentence("registered_twice", text, {"number": project.number})),)
