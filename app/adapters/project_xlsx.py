"""An XLSX file as rows of cells. Strangers send it: the zip is judged before anything parses it.

Formulas are refused, not computed; macros, DTDs and encrypted files are refused; sizes are bounded
by the zip's directory, which Python's reader holds each part to.
"""

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

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

PIECE = 64 * 1024
"""Bytes unpacked at a time: asked for everything, zipfile would unpack a gigabyte and then cut."""

ENCRYPTED = 1
"""Flag of a part in the zip's directory (APPNOTE 4.4.4)."""

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    struct.error,
)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_ERRORS = (
    *_ZIP_ERRORS,
    InvalidFileException,
    SyntaxError,  # base of the errors of both XML readers that openpyxl may use
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
)
"""What openpyxl, its XML reader and zipfile raise on files that are not what they seem."""


def read_xlsx(data: bytes) -> Iterator[Line]:
    """Rows of the first sheet that has our heads, by their numbers in the sheet."""
    clean = repacked(data)
    try:
        with warnings.catch_warnings():
            # Charts, validations and the like that openpyxl leaves out are of no interest here.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(clean), read_only=True, data_only=False, keep_links=False
            )
            sheet = _sheet(book)
    except _ERRORS as error:
        raise FileBroken from error
    if sheet is None:
        raise NoHeads(searched=SEARCHED_ROWS)
    return _guarded(sheet)


def repacked(data: bytes) -> bytes:
    """The same parts in a zip of our own making; FileBroken, FileBomb or FileUnsafe.

    Each part is unpacked in pieces up to the size that the directory gives, which `_check_sizes`
    has judged: a part that is longer than it says stops there, and is not unpacked again.
    """
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(made, "w") as clean:
            parts = packed.infolist()
            _check_sizes(parts)
            for part in parts:
                clean.writestr(part.filename, _unpacked(packed, part))
    except _ZIP_ERRORS as error:
        raise FileBroken from error
    return made.getvalue()


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


def _unpacked(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    if part.flag_bits & ENCRYPTED:
        raise FileUnsafe(what=N_("密码保护"))
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileUnsafe(what=N_("Excel 不用的压缩方式"))
    if part.filename.casefold().endswith("vbaproject.bin"):
        raise FileUnsafe(what=N_("宏"))
    with packed.open(part) as stream:
        data = b"".join(iter(lambda: stream.read(PIECE), b""))
    _check_xml(data)
    return data


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
        # "#N/A" and its like are what a formula left behind.
        return f"={value}" if cell.data_type == "e" else value
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
