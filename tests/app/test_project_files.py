"""Files of projects as people bring them: what is read, and what is refused in which words."""

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import project_files
from app.adapters.project_columns import COLUMNS
from app.adapters.project_limits import (
    MAX_BYTES,
    MAX_PROBLEMS,
    FileEmpty,
    FileOldExcel,
    FileRefused,
    FileTooLarge,
    FileUnknown,
    TooManyProjects,
)
from app.adapters.project_rows import ParsedFile
from guarantees.values.moments import BEIJING
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice, ProjectNotice, missing

HEADS = "项目编号,项目名称,项目类型,项目预算（元）,投标截止时间,标段编号,标段名称,标段保证金（元）"
AT = datetime(2026, 3, 17, 9, 30, tzinfo=BEIJING)


def table(*rows: str, heads: str = HEADS) -> bytes:
    return "\r\n".join([heads, *rows]).encode()


def record(**fields: Any) -> dict[str, Any]:
    return {"id": "T1", "name": "甲项目"} | fields


def as_json(*records: object) -> bytes:
    return json.dumps(records, ensure_ascii=False).encode()


def notices(parsed: ParsedFile) -> list[ProjectNotice]:
    assert parsed.problems == ()
    return [row.notice for row in parsed.rows]


def problems(data: bytes) -> list[tuple[int, str, str]]:
    parsed = project_files.read(data)
    return [(one.row, one.column, str(one.reason)) for one in parsed.problems]


# --- JSON


def test_json_of_a_notice_with_gaps() -> None:
    [made] = notices(
        project_files.read(
            as_json(
                record(
                    project_number=None,
                    budget_yuan=492806.46,
                    ceiling_yuan=500000,
                    lots=[{"number": "三标段", "name": None, "deposit_yuan": "12万元"}],
                    guarantee_accepted="unknown",
                    submission_deadline="2026-03-17T09:30:00+08:00",
                    publish_date="2024-06",
                    deposit_quote="保证金\n壹拾贰万元",
                    notes="…",
                )
            )
        )
    )
    assert made.number is None
    assert made.source_id == "T1"
    assert made.budget == Money(49280646)
    assert made.lots == (LotNotice("三标段", "", None, Money.parse("120000")),)
    assert made.submission_deadline == AT
    assert made.published_on is None
    assert made.remarks.splitlines() == [
        "公告日期（只写到月）：2024-06",
        "最高限价：500,000.00 元",
        "保证金条款原文：保证金",
        "壹拾贰万元",
        "备注：…",
    ]
    assert missing(made) == (
        "category", "region", "procurer_name", "bid_validity_days", "opening_time",
        "guarantee_accepted",
    )  # fmt: skip


def test_json_may_be_an_object_with_projects() -> None:
    data = json.dumps({"projects": [record()], "about": "x"}).encode()
    assert [one.name for one in notices(project_files.read(data))] == ["甲项目"]
    assert notices(project_files.read(b"\xef\xbb\xbf \n" + data))


@pytest.mark.parametrize(
    ("fields", "column", "said"),
    [
        ({"name": None}, "name", "项目名称没有填写。"),
        ({"id": None}, "project_number", "请至少填一个"),
        ({"name": ["甲"]}, "name", "这里不能是列表"),
        ({"budget_yuan": {}}, "budget_yuan", "这里不能是对象"),
        ({"budget_yuan": True}, "budget_yuan", "金额“true”"),
        ({"budget_yuan": 0.001}, "budget_yuan", "细到分以下"),
        ({"budget_yuan": 0}, "budget_yuan", "不能是零"),
        ({"bid_validity_days": 90.5}, "bid_validity_days", "“90.5”不是天数"),
        ({"bid_validity_days": 0}, "bid_validity_days", "应在 1 到 3650 天之间"),
        ({"category": "boats"}, "category", "可以填写：货物、服务、工程"),
        ({"guarantee_accepted": "maybe"}, "guarantee_accepted", "可以填写：是、否、未写明"),
        ({"opening_time": "2026-03-17T09:30:00"}, "opening_time", "没有写时区"),
        ({"opening_time": "2026-03-17"}, "opening_time", "只有日期，没有时刻"),
        ({"opening_time": "2026-02-30T09:30:00Z"}, "opening_time", "无法识别"),
        ({"opening_time": "1026-02-03T09:30:00Z"}, "opening_time", "年份 1026"),
        ({"budjet": 1}, "budjet", "不认识这个键"),
        ({"lots": "01"}, "lots", "标段应是对象的列表"),
        ({"lots": [{"name": "无号"}]}, "lots.number", "没有填写"),
        ({"lots": [{"number": "1"}, {"number": 1}]}, "lots.number", "出现了两次"),
        ({"lots": [{"number": "1", "budget": 3}]}, "lots.budget", "不认识这个键"),
        ({"procurer": "采" * 101}, "procurer", "有 101 个字，最多 100 个字"),
        ({"procurer": "采\u202e购人"}, "procurer", "（U+202E）"),
        ({"source": "a\x00b"}, "source", "（U+0000）"),
        ({"notes": "x" * 10_001}, "notes", "有 10001 个字，最多 10000 个字"),
    ],
)
def test_json_records_that_are_refused(fields: dict[str, Any], column: str, said: str) -> None:
    [(row, where, reason)] = problems(as_json({"id": "T0", "name": "好的"}, record(**fields)))
    assert (row, where) == (2, column)
    assert said in reason


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[{]", "第 1 行第 3 列附近出错"),
        (b"[" * 100_000, "嵌套太深"),
        (b'[{"a":' * 50_000, "嵌套太深"),
        (b'[{"id": "1", "name": "x", "budget_yuan": NaN}]', "“NaN”"),
        (b'[{"id": "1", "name": "x", "budget_yuan": -Infinity}]', "“-Infinity”"),
        (b'[{"id": "1", "name": "x", "budget_yuan": 1e999999999}]', "“1e999999999”"),
        (b'[{"id": "1", "name": "x", "budget_yuan": %s}]' % (b"9" * 5000), "99999999999999999999…"),
        (b'[{"id": "1", "id": "2", "name": "x"}]', "“id”出现了两次"),
        (b'{"project": []}', "应是项目的列表"),
        (b"[]", "文件里没有项目"),
        ('[{"id": "甲"}]'.encode("gbk"), "文字编码无法识别"),
    ],
)
def test_json_files_that_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(FileRefused) as refused:
        project_files.read(data)
    assert said in str(refused.value)


def test_json_of_something_else_is_listed_by_record() -> None:
    said = "应是一个对象（用花括号括起的项目），现在不是。"
    assert problems(b'["x", 5]') == [(1, "", said), (2, "", said)]


# --- CSV


def test_csv_with_lots_in_rows_of_their_own() -> None:
    data = table(
        "A1,甲项目,货物,17.7万元,2026-03-17 09:30,01,冷水机组,20000",
        'A1,甲项目,货物,17.7万元,2026-03-17 09:30,02,末端设备,"15,000.00"',
        ",,,,,03,风管,",
        "B1,乙项目,works,￥1,,,,",
    )
    first, second = notices(project_files.read(data))
    assert first.budget == Money.parse("177000")
    assert [(one.number, one.name, one.deposit) for one in first.lots] == [
        ("01", "冷水机组", Money.parse("20000")),
        ("02", "末端设备", Money.parse("15000")),
        ("03", "风管", None),
    ]
    assert (second.category, second.budget, second.lots) == ("works", Money(100), ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_every_encoding_that_excel_writes(encoding: str, delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(HEADS.split(","))
    writer.writerow(["A1", "甲，项目", "服务", "17.7万元", "2026/3/17 9:30", "", "", ""])
    [made] = notices(project_files.read(text.getvalue().encode(encoding)))
    assert (made.name, made.category, made.submission_deadline) == ("甲，项目", "services", AT)


def test_csv_with_english_heads_a_title_and_units() -> None:
    data = table(
        "A1,甲,17.7,goods,90天,true",
        heads="某省 2026 年项目表\r\n\r\n"
        "project_number,Name,预算金额（万元）,Category,bid_validity_days,guarantee_accepted",
    )
    [made] = notices(project_files.read(data))
    assert made.budget == Money.parse("177000")
    assert (made.category, made.bid_validity_days, made.guarantee_accepted) == ("goods", 90, "yes")


@pytest.mark.parametrize(
    ("heads", "column", "said"),
    [
        ("项目编号,项目名,采购人", "项目名", "是不是“项目名称”"),
        ("项目编号,项目名称,完全陌生的列", "完全陌生的列", "请改为模板里的列名，或删去这一列"),
        ("项目编号,项目名称,编号", "编号", "与前面的一列重复（都是“项目编号”）"),
        ("项目编号,采购人,地区", "项目名称", "缺少“项目名称”一列"),
    ],
)
def test_heads_that_are_refused(heads: str, column: str, said: str) -> None:
    found = problems(table("A1,甲,乙", heads=heads))
    assert (1, column) in [(row, where) for row, where, _ in found]
    assert any(said in reason for _, _, reason in found)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("A1,甲,船,,,,,", (2, "项目类型", "可以填写：货物、服务、工程")),
        ("A1,甲,,abc,,,,", (2, "项目预算（元）", "第 1 个字符“a”不是数字")),
        ("A1,甲,,=1+1,,,,", (2, "项目预算（元）", "“=1+1”是公式，请改为它的值")),
        ("A1,甲,,,2026-03-17,,,", (2, "投标截止时间", "只有日期")),
        ("A1,甲,,,46098.39,,,", (2, "投标截止时间", "是一个数字，请把单元格设为日期时间格式")),
        ("A1,甲,,,,,冷水机组,", (2, "标段编号", "没有标段编号")),
        ("A1,甲,,,,,,,多了", (2, "", "表头之外还有内容")),
        (",甲,,,,,,", (2, "项目编号", "请至少填一个")),
        ("A1,,,,,,,", (2, "项目名称", "项目名称没有填写")),
        ("A1,甲,,,,,,\r\nA1,甲,,,,,,", (3, "项目编号", "与第 2 行是同一个项目")),
        ("A1,甲,,,,1,,\r\nA1,乙,,,,2,,", (3, "项目名称", "与第 2 行同一项目的内容不一致")),
        ("A1,甲,,,,1,,\r\n,,,,,1,,", (3, "标段编号", "标段编号“1”出现了两次")),
        ("A1,甲,,,,1,,-5", (2, "标段保证金（元）", "是负数")),
        ("A1,甲\x1f,,,,,,", None),
    ],
)
def test_rows_that_are_refused(row: str, expected: tuple[int, str, str] | None) -> None:
    if expected is None:
        with pytest.raises(FileRefused, match="二进制内容"):
            project_files.read(table(row))
        return
    [(number, column, reason)] = problems(table(row))
    assert (number, column) == expected[:2]
    assert expected[2] in reason


def test_not_more_problems_than_a_person_reads() -> None:
    parsed = project_files.read(table(*(f"A{n},甲,船,,,,," for n in range(MAX_PROBLEMS + 50))))
    assert len(parsed.problems) == MAX_PROBLEMS
    assert parsed.more_problems


# --- whole files


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", FileEmpty),
        (b"\xef\xbb\xbf\r\n", FileEmpty),
        (bytes(1000), FileEmpty),
        (b"x" * (MAX_BYTES + 1), FileTooLarge),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), FileOldExcel),
        (b"%PDF-1.7 ...", FileUnknown),
        (b"\x89PNG\r\n\x1a\n", FileUnknown),
        (bytes(range(256)) * 20, FileRefused),
        (b"\xff\xfe" + b"\x00", FileRefused),
        ("没有表头的一句话".encode(), FileRefused),
        (b"PK\x03\x04 but not a zip", FileRefused),
    ],
)
def test_files_that_are_refused(data: bytes, error: type[FileRefused]) -> None:
    with pytest.raises(error):
        project_files.read(data)


def test_more_projects_than_one_file_may_have() -> None:
    with pytest.raises(TooManyProjects) as refused:
        project_files.read(as_json(*({"id": str(n), "name": "x"} for n in range(2001))))
    assert "文件有 2001 个项目，一次最多 2000 个" in str(refused.value)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    _read_or_refused(data)


@given(st.text(max_size=300), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_any_text_below_the_heads_is_read_or_refused(text: str, encoding: str) -> None:
    _read_or_refused((HEADS + "\r\n" + text).encode(encoding, "replace"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([one.key for one in COLUMNS] + ["lots", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_refused(document: Any) -> None:
    _read_or_refused(json.dumps([document]).encode())


def _read_or_refused(data: bytes) -> None:
    """Any other exception fails the test; so does a sentence whose places cannot be filled."""
    try:
        parsed = project_files.read(data)
    except FileRefused as refused:
        said = [str(refused)]
    else:
        said = [str(one.reason) for one in parsed.problems]
    assert all(said)
