"""Correction notices (更正公告), from people and from sources: decided first, then written."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.flow.steps import openings, projects
from guarantees.records import project_notice
from guarantees.records.lot_end import ending_in
from guarantees.records.project import Project
from guarantees.sums.correction_limits import refusals
from guarantees.sums.corrections import Change, breaks, changes
from guarantees.values.actor import Actor
from guarantees.values.notice import ProjectNotice
from guarantees.values.notice_faults import Fault, NoticeRefused
from guarantees.values.sentence import Sentence
from signing.timekeeper.protocol import Timekeeper

ENDED = N_("这个项目的采购已经终止或正在终止，公告不能再更正；终止可以撤销的，请先撤销。")


@dataclass(frozen=True)
class Correction:
    """What a new notice would do to a project as it stands."""

    version: int
    """Number of the version that it would be."""
    registered: bool
    """Whether bidders rest on the project already: only then something can break."""
    changes: tuple[Change, ...]
    """Empty: the notice says nothing new, and there will be no version."""
    breaks: tuple[Sentence, ...]
    notice: ProjectNotice


def decide(
    session: Session, actor: Actor, now: datetime, project: Project, notice: ProjectNotice
) -> Correction:
    """What the notice changes and breaks; NoticeRefused where it may not be."""
    projects.check(session, actor, notice)
    current = project_notice.to_notice(project, steps.current_version(session, project))
    differing = changes(current, notice)
    registered = project.state == "registered"
    if differing and (project.state == "ended" or ending_in(session, project.id)):
        raise NoticeRefused([Fault("", Sentence("procurement_ended", ENDED))])
    if registered and differing:
        refused = refusals(current, notice, now)
        if refused:
            raise NoticeRefused(refused)
    broken = breaks(current, notice) if registered else ()
    return Correction(project.current + 1, registered, differing, broken, notice)


def write(
    session: Session,
    actor: Actor,
    now: datetime,
    project: Project,
    correction: Correction,
    note: str,
    timekeeper: Timekeeper,
    *,
    imported: bool,
) -> None:
    """The new version, and for a registered project its openings, mandates and news."""
    if not correction.changes:
        return
    notice = correction.notice
    version = projects.add_version(session, actor, now, project, notice, note, imported=imported)
    subject = f"project:{project.id}"
    what = "project.corrected" if correction.registered else "project.completed"
    steps.record_about(session, subject, actor, now, what, f"#{version.number}")
    if correction.registered:
        openings.make_or_postpone(session, actor, now, project, version, timekeeper)
        projects.withdraw_former_agency(session, actor, now, project, version)
        projects.tell_parties(session, version)
        if any(one.code == "validity_extended" for one in correction.breaks):
            # Which letters fall short is computed when they are looked at (queries.cases).
            steps.tell_holders(session, "term.short", now)
