"""A procurer, an agency or the operator enters a project by hand (LJ-1); it begins as a draft."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.flow.steps import projects
from guarantees.records.project import Project
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.notice import ProjectNotice
from guarantees.values.notice_faults import Fault, NoticeRefused
from guarantees.values.sentence import Sentence

SYSTEM = "entered"
"""Source system of the form."""


def enter(
    session: Session,
    actor: Actor,
    now: datetime,
    notice: ProjectNotice,
    key: str,
    *,
    demonstration: bool = False,
) -> str:
    """Id of the new draft; the same `key` gives the same id.

    Source system and id of `notice` are not used: what people enter has its own. Raises
    NoticeRefused with a fault for each field that cannot be stored.
    """
    steps.require(actor, "project.enter", now)
    answer: str = steps.once(
        session,
        actor,
        f"project/{key}",
        lambda: _enter(session, actor, now, notice, demonstration),
    )
    return answer


def _enter(
    session: Session, actor: Actor, now: datetime, notice: ProjectNotice, demonstration: bool
) -> str:
    system = projects.source_system(actor, SYSTEM)
    notice = replace(notice, source_system=system, source_id=new_id())
    projects.check(session, actor, notice)
    _check_number(session, notice)
    parties = projects.matched(session, [notice])(notice)
    project = projects.create(
        session, actor, now, notice, parties, imported=False, demonstration=demonstration
    )
    steps.record_about(session, f"project:{project.id}", actor, now, "project.entered")
    return project.id


def _check_number(session: Session, notice: ProjectNotice) -> None:
    known = notice.number and session.scalar(
        select(Project.id).where(
            Project.source_system == notice.source_system, Project.number == notice.number
        )
    )
    if known:
        text = N_("项目编号“%(number)s”已经录入过，请在项目列表中找到它继续办理。")
        reason = Sentence("number_known", text, {"number": notice.number})
        raise NoticeRefused([Fault("number", reason)])
