"""A notice as columns of a project's version, and back; and what its source said last.

A version holds the source's statements together with what people completed and corrected. The
source's own word is kept beside it, so that a later file is compared with that and nothing else.
"""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.records import codec
from guarantees.records.guarantee import EventRow
from guarantees.records.project import Project, ProjectVersion, money
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice, ProjectNotice

_SAME = (
    "name",
    "method",
    "category",
    "region",
    "procurer_name",
    "agency_name",
    "deposit_forms",
    "guarantee_accepted",
    "guarantee_quote",
    "basic_account_demanded",
    "bid_validity_days",
    "submission_deadline",
    "opening_time",
    "published_on",
    "source",
)
"""Fields that have a column of the same name."""


def to_columns(notice: ProjectNotice) -> dict[str, Any]:
    """Values of ProjectVersion by column; number, ids, note, author and time are the caller's."""
    columns = {name: getattr(notice, name) for name in _SAME}
    columns["budget_fen"] = _fen(notice.budget)
    columns["deposit_fen"] = _fen(notice.deposit)
    columns["lots"] = [
        {
            "number": lot.number,
            "name": lot.name,
            "budget_fen": _fen(lot.budget),
            "deposit_fen": _fen(lot.deposit),
        }
        for lot in notice.lots
    ]
    return columns


def to_notice(project: Project, version: ProjectVersion) -> ProjectNotice:
    """What the version says; `remarks` is its note."""
    return ProjectNotice(
        source_system=project.source_system,
        source_id=project.source_id,
        number=project.number,
        budget=money(version.budget_fen),
        deposit=money(version.deposit_fen),
        lots=tuple(
            LotNotice(
                number=str(one["number"]),
                name=str(one["name"] or ""),
                budget=money(one["budget_fen"]),
                deposit=money(one["deposit_fen"]),
            )
            for one in version.lots
        ),
        remarks=version.note,
        **{name: getattr(version, name) for name in _SAME},
    )


SAID = "source.said"
"""Event that holds a source's word; its subject is "source:PROJECT"."""

BATCH = 500
"""Subjects asked for in one statement: SQLite takes no more than 999 parameters everywhere."""


def remember_source(
    session: Session, project_id: str, at: datetime, notice: ProjectNotice, turn: int
) -> None:
    """Append what the source says now; `turn` counts from 1."""
    held = json.dumps({"turn": turn, "notice": codec.dump(notice)}, ensure_ascii=False)
    subject = f"source:{project_id}"
    session.add(
        EventRow(id=new_id(), subject=subject, at=at, what=SAID, who="", person_id="", note=held)
    )


def last_sources(
    session: Session, project_ids: Collection[str]
) -> dict[str, tuple[int, ProjectNotice]]:
    """What the sources of these projects said last, with its turn; nothing for those entered."""
    wanted = [f"source:{one}" for one in project_ids]
    found: dict[str, tuple[int, ProjectNotice]] = {}
    for start in range(0, len(wanted), BATCH):
        rows = session.execute(
            select(EventRow.subject, EventRow.note).where(
                EventRow.subject.in_(wanted[start : start + BATCH])
            )
        )
        for subject, note in rows:
            held, project_id = json.loads(note), subject.removeprefix("source:")
            if held["turn"] > found.get(project_id, (0, None))[0]:
                notice: ProjectNotice = codec.load(ProjectNotice, held["notice"])
                found[project_id] = (held["turn"], notice)
    return found


def _fen(amount: Money | None) -> int | None:
    return None if amount is None else amount.fen
