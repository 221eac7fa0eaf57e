"""Notices as they lie in a file: every one with its place, every problem with row and column."""

from collections.abc import Iterable
from dataclasses import dataclass

from guarantees.errors import N_, InvalidInput
from guarantees.values.notice import ProjectNotice
from guarantees.values.sentence import Sentence


@dataclass(frozen=True)
class NoticeRow:
    row: int
    """Line of the spreadsheet, or number of the record, from 1; the first if it has several."""
    notice: ProjectNotice


@dataclass(frozen=True)
class RowProblem:
    row: int
    """0: the file as a whole."""
    column: str
    """Head of the column or key of the record, as in the file; empty: the whole row."""
    reason: Sentence


class ImportRefused(InvalidInput):
    """Rows that cannot be taken. Nothing of the file was written."""

    code = "import_refused"
    text = N_("文件中有 %(count)d 处需要改正，没有导入任何内容。改正后请重新上传整个文件。")

    def __init__(self, problems: Iterable[RowProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: (one.row, one.column)))
        listed = {f"{one.row}/{one.column}": str(one.reason) for one in self.problems}
        super().__init__(listed, count=len(self.problems))
