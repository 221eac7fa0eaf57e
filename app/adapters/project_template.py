"""The template that people fill in: the same columns as CSV and as XLSX."""

import csv
import io
from collections.abc import Callable

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from app.adapters.project_columns import COLUMNS, Column

DATE_FORMAT = "yyyy-mm-dd hh:mm"
FILLED_ROWS = 500
"""Rows whose time columns are formatted in advance."""

Translate = Callable[[str], str]
Head = Callable[[Column], str]
"""How a column is headed: heads are read back in Chinese or by their English keys."""


def as_csv(head: Head) -> bytes:
    """Heads only, UTF-8 with its mark, by which Excel knows the encoding."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(head(column) for column in COLUMNS)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(head: Head, translate: Translate) -> bytes:
    """A sheet with the heads, and one that explains them with examples."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = translate("项目")
    for place, column in enumerate(COLUMNS, 1):
        cell = sheet.cell(1, place, head(column))
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E8EEF1")
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(12, 2 * len(column.head) + 2)
        if column.field in ("submission_deadline", "opening_time"):
            for row in range(2, FILLED_ROWS + 2):
                sheet.cell(row, place).number_format = DATE_FORMAT
        elif column.field in ("number", "source_id", "lot.number"):
            for row in range(2, FILLED_ROWS + 2):
                sheet.cell(row, place).number_format = "@"  # text: 01 stays 01
    sheet.freeze_panes = "C2"
    _explain(book, head, translate)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _explain(book: Workbook, head: Head, translate: Translate) -> None:
    sheet = book.create_sheet(translate("填写说明"))
    lines = [[translate(one) for one in ("栏目", "怎么填", "例子")]]
    lines += [
        [
            head(column),
            *(translate(one) if one else "" for one in (column.explained, column.example)),
        ]
        for column in COLUMNS
    ]
    for line in lines:
        sheet.append(line)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABC", (24, 56, 32), strict=True):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
