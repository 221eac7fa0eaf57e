"""Completing a draft, or correcting a registered project by a notice (更正公告).

Both make the next, immutable version. `preview` says what it would change and break.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.flow.steps import corrections
from guarantees.flow.steps.corrections import Correction
from guarantees.records.project import Project
from guarantees.values.actor import Actor
from guarantees.values.notice import ProjectNotice
from guarantees.values.notice_faults import Fault, NoticeRefused
from guarantees.values.sentence import Sentence
from guarantees.values.text import tidy
from signing.timekeeper.protocol import Timekeeper

NOTE_LIMIT = 2000
"""Characters of what was corrected and why."""


def preview(
    session: Session, actor: Actor, now: datetime, project_id: str, notice: ProjectNotice
) -> Correction:
    """What `correct` would do; reads only. NoticeRefused as there."""
    steps.require(actor, "project.enter", now)
    project = steps.project_for(session, actor, "project.enter", project_id)
    return _decide(session, actor, now, project, notice)


def correct(
    session: Session,
    actor: Actor,
    now: datetime,
    project_id: str,
    notice: ProjectNotice,
    *,
    expected: int,
    note: str,
    timekeeper: Timekeeper,
) -> Correction:
    """Write the next version; `expected` is the number of the one the person had before them.

    A notice that changes nothing writes nothing. NoticeRefused with a fault for each field;
    `Unavailable` when a registered project needs the timekeeper and it is away.
    """
    steps.require(actor, "project.enter", now)
    project = steps.project_for(session, actor, "project.enter", project_id)
    if project.current != expected:
        text = N_(
            "其他人刚提交了第 %(version)d 版。您填写的内容保留在本页，请对照新的版本核对后再提交。"
        )
        raise NoticeRefused([Fault("", Sentence("superseded", text, {"version": project.current}))])
    correction = _decide(session, actor, now, project, notice)
    said = _note(project, correction, note)
    corrections.write(session, actor, now, project, correction, said, timekeeper, imported=False)
    return correction


def _decide(
    session: Session, actor: Actor, now: datetime, project: Project, notice: ProjectNotice
) -> Correction:
    own = replace(notice, source_system=project.source_system, source_id=project.source_id)
    _check_number(session, project, own)
    return corrections.decide(session, actor, now, project, own)


def _check_number(session: Session, project: Project, notice: ProjectNotice) -> None:
    taken = notice.number and session.scalar(
        select(Project.id).where(
            Project.source_system == project.source_system,
            Project.number == notice.number,
            Project.id != project.id,
        )
    )
    if taken:
        text = N_("项目编号“%(number)s”已用于另一个项目，请核对公告。")
        raise NoticeRefused(
            [Fault("number", Sentence("number_known", text, {"number": notice.number}))]
        )


def _note(project: Project, correction: Correction, note: str) -> str:
    said = tidy(note)
    if len(said) > NOTE_LIMIT:
        text = N_("更正说明有 %(length)d 个字，最多 %(limit)d 个字，请缩短。")
        fields = {"length": len(said), "limit": NOTE_LIMIT}
        raise NoticeRefused([Fault("note", Sentence("note_too_long", text, fields))])
    if correction.registered and correction.changes and not said:
        text = N_("请写明更正公告的标题、日期或更正事由：它随新版本保存，供应商可以看到。")
        raise NoticeRefused([Fault("note", Sentence("note_missing", text))])
    return said
