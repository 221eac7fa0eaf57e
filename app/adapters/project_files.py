"""Files of projects as people bring them: JSON, CSV or XLSX, told apart by what is inside.

`read` never trusts the name. What cannot be read at all is a FileRefused; what can be read in part
comes with its problems by row and column, and is then not imported either.
"""

from app.adapters.project_csv import read_csv
from app.adapters.project_json import read_json
from app.adapters.project_limits import (
    MAX_BYTES,
    FileEmpty,
    FileOldExcel,
    FileTooLarge,
    FileUnknown,
)
from app.adapters.project_rows import ParsedFile
from app.adapters.project_tables import read_table
from app.adapters.project_xlsx import read_xlsx

__all__ = ["ParsedFile", "read"]

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x7fELF",
    b"\x1f\x8b",
    b"Rar!",
    b"{\\rtf",
)
"""Beginnings of what people pick by mistake."""


def read(data: bytes) -> ParsedFile:
    """Everything that the file says, with the problems of its rows; or FileRefused."""
    if len(data) > MAX_BYTES:
        raise FileTooLarge(size=f"{len(data) / 2**20:.1f}", limit=MAX_BYTES // 2**20)
    if not data.strip(b"\0\r\n\t \xef\xbb\xbf"):
        raise FileEmpty
    if data.startswith(_ZIP):
        return read_table(read_xlsx(data))
    if data.startswith(_OLE):
        raise FileOldExcel
    if data.startswith(_FOREIGN):
        raise FileUnknown(given=_shown(data))
    if data.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1] in (b"[", b"{"):
        return read_json(data)
    return read_table(read_csv(data))


def _shown(data: bytes) -> str:
    return "".join(chr(byte) if 32 < byte < 127 else "·" for byte in data[:4])
