"""Rows of cells (CSV, XLSX) as projects: one row per project, or one per lot.

A project's rows are those with the same source id or number; its columns are repeated, or left
empty after the first row, as merged cells leave them.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.adapters.project_columns import BY_FIELD, REQUIRED, Head, read_head, suggestion
from app.adapters.project_limits import MAX_COLUMNS, MAX_PROBLEMS, MAX_ROWS, NoHeads, TooManyRows
from app.adapters.project_rows import Columns, Lot, ParsedFile, Record, finish
from guarantees.errors import N_, GuaranteeError
from guarantees.values.notice_rows import RowProblem
from guarantees.values.sentence import Sentence

Line = tuple[int, Sequence[str]]
"""Number of a row, from 1, and the text of its cells."""

SEARCHED_ROWS = 15
"""Rows in which the heads are looked for: titles and remarks often stand above them."""

LEAST_HEADS = 2
"""Known heads that make a row the row of heads."""


@dataclass(frozen=True)
class Cells:
    """One row as it was read."""

    row: int
    project: dict[str, object]
    lot: dict[str, object]
    problems: tuple[RowProblem, ...]

    @property
    def key(self) -> str:
        return str(self.project.get("source_id") or self.project.get("number") or "")


def read_table(lines: Iterable[Line]) -> ParsedFile:
    """Everything that the table says; FileRefused if it has no heads or no rows."""
    counted = _counted(lines)
    start = list(itertools.islice(counted, SEARCHED_ROWS))
    place, heads = _find_heads(start)
    columns = Columns({head.column.field: head.text for head in heads if head.column})
    wrong = tuple(_head_problems(start[place][0], heads))
    if wrong:
        return ParsedFile((), wrong, "row")
    rows = [
        _read(number, cells, heads)
        for number, cells in itertools.chain(start[place + 1 :], counted)
        if any(cell.strip() for cell in cells)
    ]
    records, problems = _grouped(rows, columns)
    return finish(records, problems, columns, "row")


def head_columns(start: Sequence[Line]) -> int:
    """How many known heads the best of these rows has: tells delimiters and sheets apart."""
    return max((_known(read_heads(cells)) for _, cells in start), default=0)


def _counted(lines: Iterable[Line]) -> Iterator[Line]:
    for number, cells in lines:
        if number > MAX_ROWS:
            raise TooManyRows(limit=MAX_ROWS)
        yield number, cells


def read_heads(cells: Sequence[str]) -> list[Head]:
    return [read_head(cell) for cell in cells[:MAX_COLUMNS]]


def _known(heads: Sequence[Head]) -> int:
    return len({head.column.field for head in heads if head.column is not None})


def _find_heads(start: Sequence[Line]) -> tuple[int, list[Head]]:
    candidates = [read_heads(cells) for _, cells in start]
    counts = [_known(heads) for heads in candidates]
    best = max(counts, default=0)
    if best < LEAST_HEADS:
        raise NoHeads(searched=SEARCHED_ROWS)
    place = counts.index(best)
    return place, candidates[place]


def _head_problems(row: int, heads: Sequence[Head]) -> Iterator[RowProblem]:
    seen: set[str] = set()
    for head in heads:
        if head.column is None:
            if head.text:
                yield RowProblem(row, head.text, _unknown(head.text, heads))
        elif head.column.field in seen:
            text = N_("这一列与前面的一列重复（都是“%(head)s”），请只保留一列。")
            yield RowProblem(
                row, head.text, Sentence("head_twice", text, {"head": head.column.head})
            )
        else:
            seen.add(head.column.field)
    for name in REQUIRED:
        if name not in seen:
            text = N_("缺少“%(head)s”一列。")
            fields = {"head": BY_FIELD[name].head}
            yield RowProblem(row, BY_FIELD[name].head, Sentence("head_missing", text, fields))


def _unknown(text: str, heads: Sequence[Head]) -> Sentence:
    near = suggestion(text, heads)
    if near:
        return Sentence(
            "head_unknown_near",
            N_("不认识这一列，是不是“%(near)s”？请改为模板里的列名，或删去这一列。"),
            {"near": near},
        )
    return Sentence("head_unknown", N_("不认识这一列，请改为模板里的列名，或删去这一列。"))


def _read(row: int, cells: Sequence[str], heads: Sequence[Head]) -> Cells:
    project: dict[str, object] = {}
    lot: dict[str, object] = {}
    problems = []
    for head, cell in zip(heads, cells, strict=False):
        if head.column is None or not cell.strip():
            continue
        try:
            value = _value(head, cell)
        except GuaranteeError as error:
            problems.append(RowProblem(row, head.text, Sentence.of(error)))
            continue
        if value is not None:
            name = head.column.field
            target = lot if name.startswith("lot.") else project
            target[name.removeprefix("lot.")] = value
    if any(cell.strip() for cell in cells[len(heads) :]) or _nameless(heads, cells):
        text = N_("表头之外还有内容，请删去，或补上列名。")
        problems.append(RowProblem(row, "", Sentence("beyond_heads", text)))
    return Cells(row, project, lot, tuple(problems))


def _nameless(heads: Sequence[Head], cells: Sequence[str]) -> bool:
    return any(
        cell.strip() for head, cell in zip(heads, cells, strict=False) if head.column is None
    )


def _value(head: Head, cell: str) -> object:
    if head.column is None:
        raise ValueError("a column without a head is not read")
    if head.unit:
        return head.column.read(cell, head.unit)  # type: ignore[call-arg]  # amounts take a unit
    return head.column.read(cell)


def _grouped(rows: Iterable[Cells], columns: Columns) -> tuple[list[Record], list[RowProblem]]:
    records: list[Record] = []
    by_key: dict[str, Record] = {}
    problems: list[RowProblem] = []
    for cells in rows:
        problems += cells.problems
        if len(problems) > MAX_PROBLEMS:
            break
        known = by_key.get(cells.key) if cells.key else _continued(cells, records)
        if known is None:
            known = Record(cells.row, dict(cells.project))
            records.append(known)
            by_key.setdefault(cells.key or f"\0{cells.row}", known)
        else:
            problems += _merge(known, cells, columns)
        problems += _add_lot(known, cells, columns)
    return records, problems


def _continued(cells: Cells, records: Sequence[Record]) -> Record | None:
    """A row with nothing but a lot goes on with the project above it."""
    return records[-1] if records and cells.lot and not cells.project else None


def _merge(known: Record, cells: Cells, columns: Columns) -> Iterator[RowProblem]:
    if not cells.lot:
        text = N_("与第 %(first)d 行是同一个项目，重复了；多个标段请填写标段编号。")
        yield RowProblem(
            cells.row, columns.name("number"), Sentence("repeated", text, {"first": known.row})
        )
        return
    for name, value in cells.project.items():
        if known.values.setdefault(name, value) != value:
            text = N_("与第 %(first)d 行同一项目的内容不一致，请统一，或在后面的行里留空。")
            reason = Sentence("differs", text, {"first": known.row})
            yield RowProblem(cells.row, columns.name(name), reason)


def _add_lot(known: Record, cells: Cells, columns: Columns) -> Iterator[RowProblem]:
    if not cells.lot:
        return
    if not cells.lot.get("number"):
        text = N_("填写了标段的内容，但没有标段编号。")
        yield RowProblem(cells.row, columns.name("lot.number"), Sentence("lot_no_number", text))
    known.lots.append(Lot(cells.row, cells.lot))
