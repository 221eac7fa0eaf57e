"""XLSX of projects: what Excel writes is read, what attacks is not even unpacked."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from app.adapters import project_files, project_template
from app.adapters.project_limits import (
    MAX_MEMBERS,
    MAX_ROWS,
    MAX_UNPACKED,
    FileBomb,
    FileBroken,
    FileRefused,
    FileUnsafe,
    NoHeads,
    NoProjects,
    TooManyRows,
)
from guarantees.values.moments import BEIJING
from guarantees.values.money import Money
from guarantees.values.notice import ProjectNotice

AT = datetime(2026, 3, 17, 9, 30)  # noqa: DTZ001 - cells of Excel have no zone
HEADS = ("项目编号", "项目名称", "项目预算（元）", "投标截止时间", "公告日期", "标段编号")


def book(*rows: tuple[Any, ...], heads: tuple[str, ...] = HEADS) -> Workbook:
    made = Workbook()
    sheet = first(made)
    for row in (heads, *rows):
        sheet.append(row)
    return made


def first(made: Workbook) -> Worksheet:
    sheet = made.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def saved(made: Workbook) -> bytes:
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def notices(data: bytes) -> list[ProjectNotice]:
    parsed = project_files.read(data)
    assert parsed.problems == ()
    return [row.notice for row in parsed.rows]


def problem(data: bytes) -> tuple[int, str, str]:
    [one] = project_files.read(data).problems
    return one.row, one.column, str(one.reason)


def repacked(
    data: bytes, change: Callable[[str, bytes], bytes] = lambda name, part: part, **more: bytes
) -> bytes:
    """The same workbook with parts changed or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)), zipfile.ZIP_DEFLATED)
        for name, part in more.items():
            new.writestr(name.replace("__", "."), part, zipfile.ZIP_DEFLATED)
    return made.getvalue()


PLAIN = saved(book(("A1", "甲项目", 1770000.5, AT, date(2026, 2, 20), "01")))


# --- what Excel writes


def test_dates_numbers_and_texts_come_as_excel_keeps_them() -> None:
    [made] = notices(PLAIN)
    assert made.budget == Money(177000050)
    assert made.submission_deadline == AT.replace(tzinfo=BEIJING)
    assert made.published_on == date(2026, 2, 20)
    assert made.lots[0].number == "01"


def test_lots_below_merged_cells_belong_to_the_project_above() -> None:
    made = book(
        ("A1", "甲项目", "177万元", AT, None, 1),
        (None, None, None, None, None, 2),
        ("B1", "乙项目", None, None, None, None),
    )
    first(made).merge_cells("A2:A3")
    first(made).merge_cells("B2:B3")
    one, other = notices(saved(made))
    assert [lot.number for lot in one.lots] == ["1", "2"]
    assert other.lots == ()


def test_a_title_other_sheets_and_blank_rows_do_not_matter() -> None:
    made = book((), ("A1", "甲项目"), (), ())
    first(made).insert_rows(1)
    first(made)["A1"] = "某省 2026 年项目表"
    hidden = made.create_sheet("隐藏", 0)
    hidden.append(("项目编号", "项目名称"))
    hidden.append(("X", "不该读到"))
    hidden.sheet_state = "hidden"
    made.create_sheet("说明", 1).append(("随便写写",))
    assert [one.name for one in notices(saved(made))] == ["甲项目"]


def test_the_template_is_filled_in_and_read() -> None:
    data = project_template.as_xlsx(lambda column: column.head, str)
    with pytest.raises(NoProjects):
        project_files.read(data)


def test_a_number_where_a_moment_belongs() -> None:
    row, column, reason = problem(saved(book(("A1", "甲", None, 46098.395833))))
    assert (row, column) == (2, "投标截止时间")
    assert "是一个数字，请把单元格设为日期时间格式" in reason


def test_a_day_without_its_hour() -> None:
    assert "只有日期，没有时刻" in problem(saved(book(("A1", "甲", None, date(2026, 3, 17)))))[2]


def test_midnight_with_an_hour_in_its_format_is_a_moment() -> None:
    made = book(("A1", "甲", None, AT.replace(hour=0, minute=0)))
    first(made)["D2"].number_format = "yyyy/m/d h:mm"
    [notice] = notices(saved(made))
    assert notice.submission_deadline == AT.replace(hour=0, minute=0, tzinfo=BEIJING)


@pytest.mark.parametrize("formula", ["=1+1", "=SUM(A1:A2)", '=HYPERLINK("https://x.invalid")'])
def test_formulas_are_refused_not_computed(formula: str) -> None:
    row, column, reason = problem(saved(book(("A1", "甲", formula))))
    assert (row, column) == (2, "项目预算（元）")
    assert "是公式，请改为它的值" in reason


def test_what_a_formula_left_behind_is_refused() -> None:
    made = book(("A1", "甲"))
    first(made)["B2"] = "#N/A"
    assert "#N/A" in problem(saved(made))[2]


# --- what attacks


def test_a_part_that_unpacks_to_far_too_much() -> None:
    bomb = repacked(PLAIN, evil__xml=bytes(MAX_UNPACKED + 1))
    assert len(bomb) < 200_000
    with pytest.raises(FileBomb, match="展开后太大"):
        project_files.read(bomb)


def test_a_part_that_shrinks_too_well() -> None:
    with pytest.raises(FileBomb, match="压缩比异常"):
        project_files.read(repacked(PLAIN, evil__xml=bytes(10**6)))


def test_too_many_parts() -> None:
    many = {f"part{number}__xml": b"<a/>" for number in range(MAX_MEMBERS)}
    with pytest.raises(FileBomb, match="部件太多"):
        project_files.read(repacked(PLAIN, **many))


def test_a_directory_that_lies_about_sizes() -> None:
    """600 MB behind a directory that says 100 bytes, with the right checksum of those 100."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(bomb.compress(bytes(10**7)) for _ in range(60)) + bomb.flush()
    told = zlib.crc32(bytes(100))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", packed)
    lying = bytearray(made.getvalue())
    for mark, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = lying.find(mark) + method
        struct.pack_into("<H", lying, at, zipfile.ZIP_DEFLATED)
        struct.pack_into("<III", lying, at + 6, told, len(packed), 100)
    tracemalloc.start()
    with pytest.raises(FileBroken):
        project_files.read(bytes(lying))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_document_types_are_refused(part: str, encoding: str) -> None:
    def change(name: str, data: bytes) -> bytes:
        if name != part:
            return data
        text = data.decode().partition("?>")
        body = text[2] or text[0]
        return (LAUGHS.decode() + body).encode(encoding)

    with pytest.raises(FileUnsafe):
        project_files.read(repacked(PLAIN, change))


def test_macros_are_refused() -> None:
    with pytest.raises(FileUnsafe, match="宏"):
        project_files.read(repacked(PLAIN, **{"xl/vbaProject__bin": b"x"}))


def test_passwords_of_the_zip_are_refused() -> None:
    data = bytearray(PLAIN)
    entry = data.find(b"PK\x01\x02")
    data[entry + 8] |= 1
    with pytest.raises(FileUnsafe, match="密码保护"):
        project_files.read(bytes(data))


def test_more_rows_than_a_table_may_have() -> None:
    made = book(*((f"A{number}", "甲") for number in range(MAX_ROWS)))
    with pytest.raises(TooManyRows, match="超过 20000 行"):
        project_files.read(saved(made))


def test_a_row_in_the_far_distance_costs_nothing() -> None:
    def change(name: str, data: bytes) -> bytes:
        return data.replace(b'<row r="2"', b'<row r="99999999"')

    started = time.monotonic()
    with pytest.raises(TooManyRows):
        project_files.read(repacked(PLAIN, change))
    assert time.monotonic() - started < 5


def test_a_workbook_without_our_heads() -> None:
    with pytest.raises(NoHeads, match="前 15 行里应有一行写着"):
        project_files.read(saved(book(heads=("甲", "乙"))))


def test_an_unknown_head_is_refused_by_its_name() -> None:
    row, column, reason = problem(
        saved(book(("A1", "甲", "x"), heads=("项目编号", "项目名称", "电话")))
    )
    assert (row, column) == (1, "电话")
    assert "不认识这一列" in reason


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_a_changed_byte_is_read_or_refused(place: int, byte: int) -> None:
    data = bytearray(PLAIN)
    data[place % len(data)] = byte
    read_or_refused(bytes(data))


@given(st.integers(min_value=0, max_value=len(PLAIN)))
def test_a_cut_off_file_is_refused(length: int) -> None:
    read_or_refused(PLAIN[:length])


SHEET = "xl/worksheets/sheet1.xml"


@given(
    st.integers(min_value=0),
    st.sampled_from([b"", b"<", b">", b'"', b"&#0;", b"t", b"9", b'r="1"']),
)
def test_damaged_xml_is_read_or_refused(place: int, put: bytes) -> None:
    def change(name: str, data: bytes) -> bytes:
        at = place % len(data)
        return data[:at] + put + data[at + 1 :] if name == SHEET else data

    read_or_refused(repacked(PLAIN, change))


def read_or_refused(data: bytes) -> None:
    try:
        parsed = project_files.read(data)
    except FileRefused as refused:
        said = [str(refused)]
    else:
        said = [str(one.reason) for one in parsed.problems]
    assert all(said)
