"""From values that were read, one by one, to notices with their places and problems."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.adapters.project_cells import PartialDay
from app.adapters.project_limits import MAX_PROBLEMS, MAX_PROJECTS, NoProjects, TooManyProjects
from guarantees.errors import N_
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice, ProjectNotice
from guarantees.values.notice_faults import faults
from guarantees.values.notice_rows import NoticeRow, RowProblem
from guarantees.values.sentence import Sentence

REMARKS: Mapping[str, str] = {
    "published_month": N_("公告日期（只写到月）"),
    "ceiling_yuan": N_("最高限价"),
    "deposit_quote": N_("保证金条款原文"),
    "performance_deposit": N_("履约保证金"),
    "category_basis": N_("项目类型的依据"),
    "notes": N_("备注"),
    "source_tier": N_("资料级别"),
}
"""What a file may say besides the facts of a notice; kept in words."""


@dataclass(frozen=True)
class ParsedFile:
    """All that a file says. With any problem nothing of it is imported."""

    rows: tuple[NoticeRow, ...]
    problems: tuple[RowProblem, ...]
    unit: str
    """What `row` counts: "row" of a table, "record" of a JSON list."""
    more_problems: bool = False
    """There are more than the MAX_PROBLEMS that are listed."""


@dataclass
class Lot:
    row: int
    values: dict[str, object]
    """By field of LotNotice; what is empty is left out."""


@dataclass
class Record:
    """One project as it was read."""

    row: int
    values: dict[str, object] = field(default_factory=dict)
    """By field of ProjectNotice, and "remark.KEY"; what is empty is left out."""
    lots: list[Lot] = field(default_factory=list)

    @property
    def places(self) -> set[int]:
        """All rows that it was read from."""
        return {self.row, *(lot.row for lot in self.lots)}


class Columns:
    """How places are called in this file: heads of a table, or keys of records."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """names: field, "lot.field" or "lots" → head or key."""
        self._names = names

    def name(self, place: str) -> str:
        return self._names.get(place, "")


def finish(
    records: Sequence[Record], problems: Iterable[RowProblem], columns: Columns, unit: str
) -> ParsedFile:
    """The notices of the records, with the problems found so far and those of the notices."""
    found = list(problems)
    if not records and not found:
        raise NoProjects
    if len(records) > MAX_PROJECTS:
        raise TooManyProjects(count=len(records), limit=MAX_PROJECTS)
    rows = []
    for record in records:
        known = {one.column for one in found if one.row == record.row}
        found += [
            one
            for one in _without_name_or_id(record, columns)
            if not known & {"", one.column}  # more would only repeat it
        ]
        if record.places & {one.row for one in found}:
            continue
        notice = build(record)
        found += [
            RowProblem(*_place(record, one.field, columns), one.reason) for one in faults(notice)
        ]
        rows.append(NoticeRow(record.row, notice))
    found.sort(key=lambda one: one.row)
    return ParsedFile(tuple(rows), tuple(found[:MAX_PROBLEMS]), unit, len(found) > MAX_PROBLEMS)


def _without_name_or_id(record: Record, columns: Columns) -> list[RowProblem]:
    found = []
    if not record.values.get("name"):
        reason = Sentence("no_name", N_("项目名称没有填写。"))
        found.append(RowProblem(record.row, columns.name("name"), reason))
    if not record.values.get("source_id") and not record.values.get("number"):
        text = N_("项目编号和来源编号都没有填写，请至少填一个：再次导入时凭它对应。")
        found.append(RowProblem(record.row, columns.name("number"), Sentence("no_id", text)))
    return found


def build(record: Record) -> ProjectNotice:
    """The notice; its source system is the flow's to say."""
    said = dict(record.values)
    published = said.get("published_on")
    if isinstance(published, PartialDay):
        del said["published_on"]
        said["remark.published_month"] = published.text
    values = {name: value for name, value in said.items() if not name.startswith("remark.")}
    return ProjectNotice(
        source_system="",
        source_id=str(values.pop("source_id", None) or values.get("number")),
        lots=tuple(_lot(lot.values) for lot in record.lots),
        remarks=_remarks(said),
        **values,  # type: ignore[arg-type]  # readers of project_columns give each its type
    )


def _lot(values: Mapping[str, object]) -> LotNotice:
    said = {"number": "", "name": "", **values}
    return LotNotice(**said)  # type: ignore[arg-type]  # as in build


def _remarks(values: Mapping[str, object]) -> str:
    lines = []
    for key, label in REMARKS.items():
        value = values.get(f"remark.{key}")
        if value is not None:
            shown = f"{value.yuan} 元" if isinstance(value, Money) else value
            lines.append(f"{label}：{shown}")
    return "\n".join(lines)


def _place(record: Record, name: str, columns: Columns) -> tuple[int, str]:
    """Row and column of a fault's field; a lot's own row where it has one."""
    if not name.startswith("lots["):
        return record.row, columns.name(name)
    number, _, last = name.removeprefix("lots[").rpartition("].")
    same = [lot.row for lot in record.lots if lot.values.get("number", "") == number]
    return (same[-1] if same else record.row), columns.name(f"lot.{last}")
