"""A CSV file as rows of cells: UTF-8, UTF-16 with its mark, or GBK; comma, semicolon or tab."""

import csv
import io
import re
from collections.abc import Iterator

from app.adapters.project_limits import (
    MAX_COLUMNS,
    MAX_ROWS,
    FileBinary,
    FileBroken,
    FileEncoding,
    TooManyRows,
)
from app.adapters.project_tables import SEARCHED_ROWS, Line, head_columns

DELIMITERS = (",", "\t", ";")
"""Excel writes commas, tabs ("Unicode text"), or semicolons under some regional settings."""

_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_csv(data: bytes) -> Iterator[Line]:
    """Rows with their numbers, from 1; a FileRefused for what is no text."""
    text = decode(data)
    found = _BINARY.search(text)
    if found:
        raise FileBinary(position=len(text[: found.start()].encode()) + 1)
    delimiter = max(DELIMITERS, key=lambda one: _heads(text, one))
    return _rows(text, delimiter)


def decode(data: bytes) -> str:
    """The text; FileEncoding if it is in none of the encodings that Excel writes here."""
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    marked = [name for mark, name in marks if data.startswith(mark)]
    # GB 18030 is GBK with more characters; it takes most bytes, so it is tried last.
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileEncoding


def _heads(text: str, delimiter: str) -> int:
    start = []
    for line in _rows(text[:100_000], delimiter):
        start.append(line)
        if len(start) == SEARCHED_ROWS:
            break
    return head_columns(start)


def _rows(text: str, delimiter: str) -> Iterator[Line]:
    """Rows by number in the file as Excel counts them: a cell with line breaks is one row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            if number > MAX_ROWS:
                raise TooManyRows(limit=MAX_ROWS)
            yield number, cells[: MAX_COLUMNS + 1]
    except csv.Error as error:
        raise FileBroken from error
