"""A notice as columns of a project's version, and back."""

from typing import Any

from guarantees.records.project import Project, ProjectVersion, money
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


def _fen(amount: Money | None) -> int | None:
    return None if amount is None else amount.fen
