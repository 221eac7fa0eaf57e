"""Importing notices from a file (LJ-1): all of it, or nothing.

A notice is matched by source system and id there. An unknown one becomes a draft with the gaps
that it has; a known one that says the same as last time changes nothing; what it says anew becomes
the next version, by the same rules as a correction by hand. What people completed or corrected
since stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.flow.steps import corrections, projects
from guarantees.flow.steps.corrections import Correction
from guarantees.records import project_notice
from guarantees.records.project import Project
from guarantees.records.project_notice import BATCH
from guarantees.sums.notices import merged
from guarantees.values.actor import Actor
from guarantees.values.notice import FIELD_NAMES, ProjectNotice, missing
from guarantees.values.notice_faults import Fault, NoticeRefused
from guarantees.values.notice_rows import ImportRefused, NoticeRow, RowProblem
from guarantees.values.sentence import Sentence
from signing.timekeeper.protocol import Timekeeper


@dataclass(frozen=True)
class Imported:
    """What became of one notice."""

    row: int
    project: str
    """Id of the project."""
    number: str | None
    name: str
    outcome: str
    """"created", "unchanged", "completed" (a draft) or "corrected" (a registered project)."""
    gaps: tuple[str, ...]
    """What is missing before it can be registered, as `notice.missing` names it."""
    breaks: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class _Planned:
    row: int
    notice: ProjectNotice
    turn: int
    """How often the source has spoken of it, this time included; 0: it says nothing anew."""
    project: Project | None = None
    correction: Correction | None = None


def import_notices(
    session: Session,
    actor: Actor,
    now: datetime,
    system: str,
    rows: Sequence[NoticeRow],
    timekeeper: Timekeeper,
    *,
    demonstration: bool = False,
) -> tuple[Imported, ...]:
    """What became of every notice, in the order of the file; the same file again changes nothing.

    system: where the file comes from ("import" for one that people filled in). ImportRefused lists
    every row and column at fault; `Unavailable` when a registered project's opening moves and the
    timekeeper is away. In both cases nothing is written.
    """
    steps.require(actor, "project.enter", now)
    system = projects.source_system(actor, system)
    own = [NoticeRow(one.row, replace(one.notice, source_system=system)) for one in rows]
    planned = _plan(session, actor, now, own)
    parties = projects.matched(session, [one.notice for one in own])
    return tuple(
        _created(session, actor, now, one, parties(one.notice), demonstration=demonstration)
        if one.project is None or one.correction is None
        else _changed(session, actor, now, one, one.project, one.correction, timekeeper)
        for one in planned
    )


def _plan(
    session: Session, actor: Actor, now: datetime, rows: Sequence[NoticeRow]
) -> list[_Planned]:
    """Every decision before the first write; ImportRefused with all that is wrong."""
    problems = [*_repeated(rows, "source_id"), *_repeated(rows, "number")]
    known = _known(session, "source_id", rows)
    numbered = _known(session, "number", rows)
    sources = project_notice.last_sources(session, [one.id for one in known.values()])
    planned = []
    for one in rows:
        project = known.get(one.notice.source_id)
        try:
            _check_number(one.notice, project, numbered)
            if project is None:
                projects.check(session, actor, one.notice)
                planned.append(_Planned(one.row, one.notice, turn=1))
            else:
                said = sources.get(project.id)
                planned.append(_decide(session, actor, now, one, project, said))
        except NoticeRefused as refused:
            problems += [_problem(one.row, fault) for fault in refused.faults]
    if problems:
        raise ImportRefused(problems)
    return planned


def _decide(
    session: Session,
    actor: Actor,
    now: datetime,
    row: NoticeRow,
    project: Project,
    said: tuple[int, ProjectNotice] | None,
) -> _Planned:
    """What a known project makes of the notice; `said`: what its source said last, and when."""
    steps.project_for(session, actor, "project.enter", project.id)
    current = project_notice.to_notice(project, steps.current_version(session, project))
    turns, base = said or (0, current)
    notice = merged(base, current, row.notice)
    correction = corrections.decide(session, actor, now, project, notice)
    turn = 0 if base == row.notice else turns + 1
    return _Planned(row.row, row.notice, turn, project, correction)


def _created(
    session: Session,
    actor: Actor,
    now: datetime,
    planned: _Planned,
    parties: projects.Parties,
    *,
    demonstration: bool,
) -> Imported:
    project = projects.create(
        session, actor, now, planned.notice, parties, imported=True, demonstration=demonstration
    )
    steps.record_about(session, f"project:{project.id}", actor, now, "project.imported")
    project_notice.remember_source(session, project.id, now, planned.notice, planned.turn)
    return _imported(planned, project, "created", planned.notice)


def _changed(
    session: Session,
    actor: Actor,
    now: datetime,
    planned: _Planned,
    project: Project,
    correction: Correction,
    timekeeper: Timekeeper,
) -> Imported:
    if planned.turn:
        project_notice.remember_source(session, project.id, now, planned.notice, planned.turn)
    note = planned.notice.remarks
    corrections.write(session, actor, now, project, correction, note, timekeeper, imported=True)
    outcome = "corrected" if correction.registered else "completed"
    if not correction.changes:
        outcome = "unchanged"
    return _imported(planned, project, outcome, correction.notice, correction.breaks)


def _imported(
    planned: _Planned,
    project: Project,
    outcome: str,
    notice: ProjectNotice,
    breaks: tuple[Sentence, ...] = (),
) -> Imported:
    return Imported(
        row=planned.row,
        project=project.id,
        number=notice.number,
        name=notice.name,
        outcome=outcome,
        gaps=missing(notice),
        breaks=breaks,
    )


def _known(session: Session, column: str, rows: Sequence[NoticeRow]) -> dict[str, Project]:
    """Projects of this source by source id or number."""
    wanted = [value for one in rows if (value := getattr(one.notice, column)) is not None]
    system = rows[0].notice.source_system if rows else ""
    found: dict[str, Project] = {}
    for start in range(0, len(wanted), BATCH):
        stored = getattr(Project, column)
        query = select(Project).where(
            Project.source_system == system, stored.in_(wanted[start : start + BATCH])
        )
        found |= {getattr(project, column): project for project in session.scalars(query)}
    return found


def _repeated(rows: Sequence[NoticeRow], column: str) -> list[RowProblem]:
    """The same notice, or the same project number, twice in the file."""
    first: dict[str, int] = {}
    problems = []
    for one in rows:
        value = getattr(one.notice, column)
        if value is None:
            continue
        if value in first:
            text = N_("与第 %(first)d 行（条）的“%(value)s”重复，同一项目在文件中只能出现一次。")
            reason = Sentence("repeated", text, {"first": first[value], "value": value})
            problems.append(RowProblem(one.row, FIELD_NAMES["number"], reason))
        first.setdefault(value, one.row)
    return problems


def _check_number(
    notice: ProjectNotice, project: Project | None, numbered: dict[str, Project]
) -> None:
    holder = numbered.get(notice.number or "")
    if holder is not None and holder is not project:
        text = N_("项目编号“%(number)s”已用于来源编号为“%(known)s”的项目，请核对来源编号。")
        fields = {"number": notice.number, "known": holder.source_id}
        raise NoticeRefused([Fault("number", Sentence("number_known", text, fields))])


def _problem(row: int, fault: Fault) -> RowProblem:
    name = fault.field
    if name.startswith("lots["):
        name = f"lot.{name.rpartition('.')[2]}"
    return RowProblem(row, FIELD_NAMES.get(name, ""), fault.reason)
