"""An XLSX file as rows of cells. Strangers send it: the zip is judged before anything parses it.

Formulas are refused, not computed; macros, DTDs and encrypted files are refused; sizes are bounded
by the zip's directory, which Python's reader holds each part to.
"""

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError  # nosec B405 - the error class only

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from app.adapters.project_limits import (
    MAX_COLUMNS,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_ROWS,
    MAX_UNPACKED,
    FileBomb,
    FileBroken,
    FileUnsafe,
    NoHeads,
    TooManyRows,
)
from app.adapters.project_tables import LEAST_HEADS, SEARCHED_ROWS, Line, head_columns
from guarantees.errors import N_

SMALL = 64 * 1024
"""Bytes of a part for which no ratio is asked: tiny parts of blanks shrink well and do no harm."""

_WIDE = (b"\xff\xfe", b"\xfe\xff")
_ERRORS = (
    InvalidFileException,
    ParseError,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    NotImplementedError,
)
"""What openpyxl, its XML reader and zipfile raise on files that are not what they seem."""


def read_xlsx(data: bytes) -> Iterator[Line]:
    """Rows of the first sheet that has our heads, by their numbers in the sheet."""
    check_zip(data)
    try:
        with warnings.catch_warnings():
            # Charts, validations and the like that openpyxl leaves out are of no interest here.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, data_only=False, keep_links=False
            )
            sheet = _sheet(book)
    except _ERRORS as error:
        raise FileBroken from error
    if sheet is None:
        raise NoHeads(searched=SEARCHED_ROWS)
    return _guarded(sheet)


def check_zip(data: bytes) -> None:
    """FileBroken, FileBomb or FileUnsafe unless every part may be unpacked and parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            _check_sizes(parts)
            for part in parts:
                _check_part(packed, part)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        if isinstance(error, FileBomb | FileUnsafe):
            raise
        raise FileBroken from error


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_MEMBERS:
        raise FileBomb(reason=N_("部件太多"))
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FileBomb(reason=N_("展开后太大"))
    for part in parts:
        if part.file_size > SMALL and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise FileBomb(reason=N_("压缩比异常"))
    if len({part.filename for part in parts}) != len(parts):
        raise FileUnsafe(what=N_("重名的部件"))


def _check_part(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.flag_bits & 1:
        raise FileUnsafe(what=N_("密码保护"))
    if part.filename.casefold().endswith("vbaproject.bin"):
        raise FileUnsafe(what=N_("宏"))
    _check_xml(packed.read(part))


def _check_xml(data: bytes) -> None:
    """No document type: entities are made there. UTF-8 only, or the words would hide.

    Every part is looked at: which ones are parsed is for the file to say.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FileUnsafe(what=N_("文档类型声明（DTD）"))
    if data.startswith(_WIDE) or b"\0" in data[:2]:
        for encoding in ("utf-16-le", "utf-16-be"):
            if data[:200].decode(encoding, "ignore").lstrip("\ufeff \t\r\n").startswith("<"):
                raise FileUnsafe(what=N_("不是 UTF-8 编码的部件"))


def _sheet(book: Any) -> Any:
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()  # what the file says of its size is not believed
        start = [
            (number, cells)
            for number, cells in _rows(sheet, last=SEARCHED_ROWS)
            if any(cell.strip() for cell in cells)
        ]
        if head_columns(start) >= LEAST_HEADS:
            return sheet
    return None


def _guarded(sheet: Any) -> Iterator[Line]:
    try:
        yield from _rows(sheet, last=MAX_ROWS + 1)
    except _ERRORS as error:
        if isinstance(error, TooManyRows):
            raise
        raise FileBroken from error


def _rows(sheet: Any, last: int) -> Iterator[Line]:
    rows = sheet.iter_rows(max_row=last, max_col=MAX_COLUMNS + 1)
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS:
            raise TooManyRows(limit=MAX_ROWS)
        yield number, [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """The cell as a person would write it; readers of project_cells judge it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _moment(cell, value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return f"={getattr(value, 'text', '')}"  # array formulas and data tables are objects


def _moment(cell: Any, value: datetime) -> str:
    """Excel keeps days as midnight; only the number format tells a day from a moment."""
    has_time = "h" in str(cell.number_format).casefold() or value.time() != time()
    # Serial numbers are fractions of a day: 09:30 comes as 09:29:59.999997.
    rounded = value + timedelta(milliseconds=500)
    return f"{rounded:%Y-%m-%d %H:%M:%S}" if has_time else f"{value:%Y-%m-%d}"
