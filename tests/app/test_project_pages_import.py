"""The page that imports files: problems by row and column, results, nothing half-done."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from guarantees.records.project import Project
from tests.app.project_site import Forms, Site, site
from tests.guarantees.flow.project_samples import NOTICE, Kept

HEADS = "项目编号,项目名称,项目类型,投标截止时间,项目预算（元）\n"
GOOD = HEADS + "A1,甲项目,货物,2026-03-17 09:30,17.7万元\nB1,乙项目,,,\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("world"))


@pytest.fixture
def pages(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with site(kept, tmp_path, monkeypatch) as made:
        yield made


def upload(pages: Site, data: bytes, name: str = "项目.csv", **fields: Any) -> TestResponse:
    [given] = [one for _, one in Forms(pages.get("/projects/import")).forms if "file" in one]
    return post(pages, given | {"file": FileStorage(io.BytesIO(data), name)} | fields)


def post(pages: Site, sent: dict[str, Any]) -> TestResponse:
    """Encoded here: the client would leave a temporary file open for a large one."""
    boundary, body = encode_multipart(sent)
    kind = f"multipart/form-data; boundary={boundary}"
    return pages.client.post("/projects/import", data=body, content_type=kind)


def test_a_good_file_is_imported_and_again_changes_nothing(pages: Site) -> None:
    page = pages.read(upload(pages, GOOD.encode("gbk")))
    assert "新建草稿 2" in page
    assert "甲项目</a>" in page
    assert "地区、采购人、投标有效期、开标时间、是否接受保函、投标保证金" in page
    assert "等 8 项" in page or "项目预算" in page
    page = pages.read(upload(pages, GOOD.encode()))
    assert "没有变化 2" in page
    assert pages.office.count(Project) == 3


def test_problems_are_listed_by_row_and_column_and_nothing_is_imported(pages: Site) -> None:
    bad = HEADS + "A1,甲,船,2026-13-01 09:30,1\nA2,乙,货物,,=1+1\nA3,好的,货物,,5\n"
    page = pages.read(upload(pages, bad.encode()), 422)
    assert "没有导入任何内容：文件中有内容需要改正" in page
    assert "项目.csv 中下列各处改正后，请重新上传整个文件。" in page
    for row, column, reason in (
        (2, "项目类型", "“船”无法识别，可以填写：货物、服务、工程。"),
        (2, "投标截止时间", "时间“2026-13-01 09:30”无法识别"),
        (3, "项目预算（元）", "“=1+1”是公式，请改为它的值"),
    ):
        line = page.split(f"第 {row} 行</th>")
        assert any(column in part[:200] and reason in part[:400] for part in line[1:])
    assert pages.office.count(Project) == 1


def test_what_only_the_platform_knows_is_listed_too(pages: Site) -> None:
    pages.read(upload(pages, GOOD.encode()))
    moved = "项目编号,来源编号,项目名称\nC1,X1,丙\nA1,X2,甲项目\n"
    page = pages.read(upload(pages, moved.encode()), 422)
    assert "项目编号“A1”已用于来源编号为“A1”的项目，请核对来源编号。" in page
    assert pages.office.count(Project) == 3


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "文件是空的（0 字节）"),
        (b"%PDF-1.7", "不是 JSON、CSV 或 XLSX 文件（开头是 %PDF）"),
        (b"PK\x03\x04x", "文件已损坏或不完整"),
        (b"[" * 99_999, "JSON 嵌套太深"),
        (b"\x00\x01\x02binary" * 9, "文件里有二进制内容（第 1 字节起）"),
        (HEADS.encode(), "表头之下没有填写任何内容"),
        (b"x" * (9 * 2**20), "文件有 9.0 MB，最多 8 MB"),
    ],
)
def test_files_that_cannot_be_read_say_why(pages: Site, data: bytes, said: str) -> None:
    page = pages.read(upload(pages, data), 422)
    assert said in page
    assert '<p class="error" id="file-error">' in page


def test_a_hundred_megabytes_are_refused_before_they_are_read(pages: Site) -> None:
    page = pages.read(upload(pages, bytes(100 * 2**20)), 413)
    assert "文件不得超过 20 MB，没有接收任何内容" in page


def test_no_file_was_chosen(pages: Site) -> None:
    [given] = [one for _, one in Forms(pages.get("/projects/import")).forms if "file" in one]
    answer = pages.client.post("/projects/import", data={"csrf_token": given["csrf_token"]})
    assert "请选择一个 JSON、CSV 或 XLSX 文件。" in pages.read(answer, 422)


def test_a_token_is_needed(pages: Site) -> None:
    answer = post(pages, {"file": FileStorage(io.BytesIO(b"x"), "x.csv")})
    assert "页面已过期" in pages.read(answer, 400)


def test_the_operator_names_the_source(pages: Site) -> None:
    records = [{"id": "T1", "name": "甲"}]
    pages.who = "operator"
    page = pages.read(upload(pages, json.dumps(records).encode(), "a.json", system="shanxi-ggzy"))
    assert "新建草稿 1" in page
    page = pages.read(upload(pages, json.dumps(records).encode(), "a.json", system="other"))
    assert "新建草稿 1" in page
    page = pages.read(upload(pages, b"[1]", "a.json", system="shanxi-ggzy"), 422)
    assert 'value="shanxi-ggzy"' in page
    pages.who = "agency"
    assert 'name="system"' not in pages.get("/projects/import")


def test_a_correction_by_file_says_what_it_breaks(pages: Site) -> None:
    record = {
        "id": "T1", "project_number": "Z-1", "name": "空调采购", "category": "goods",
        "region": "山西省太原市", "procurer": NOTICE.procurer_name, "agency": NOTICE.agency_name,
        "budget_yuan": 1000000, "bid_deposit_yuan": 20000, "guarantee_accepted": True,
        "bid_validity_days": 90, "submission_deadline": "2026-03-12T09:00:00+08:00",
        "opening_time": "2026-03-12T09:00:00+08:00",
    }  # fmt: skip
    page = pages.read(upload(pages, json.dumps([record]).encode(), "a.json"))
    address = page.split('<th scope="row"')[1].split('href="')[1].split('"')[0]
    assert "不缺" in page
    pages.follow(pages.press(pages.get(address), f"{address}/register"))
    record["opening_time"] = "2026-03-12T15:00:00+08:00"
    page = pages.read(upload(pages, json.dumps([record]).encode(), "a.json"))
    assert "已更正 1" in page
    assert "开标由 2026-03-12 09:00 推迟到 2026-03-12 15:00" in page
    record["opening_time"] = "2026-03-12T10:00:00+08:00"
    page = pages.read(upload(pages, json.dumps([record]).encode(), "a.json"), 422)
    assert "开标时间只能推迟" in page


def test_names_of_files_and_heads_are_shown_as_text(pages: Site) -> None:
    bad = "项目编号,项目名称,<b>列</b>\nA,甲,x\n"
    page = pages.read(upload(pages, bad.encode(), "<i>x</i>.csv"), 422)
    assert "<b>列</b>" not in page
    assert "<i>x</i>" not in page


def test_the_template_is_offered_filled_and_imported(pages: Site) -> None:
    answer = pages.client.get("/projects/template.xlsx")
    assert answer.headers["Content-Disposition"].endswith('projects-template.xlsx"')
    book = load_workbook(io.BytesIO(answer.data))
    sheet = book.worksheets[0]
    heads = [cell.value for cell in next(sheet.iter_rows(max_row=1))]
    for head, value in (("项目编号", "A1"), ("项目名称", "甲"), ("标段编号", "01")):
        sheet.cell(2, heads.index(head) + 1, value)
    filled = io.BytesIO()
    book.save(filled)
    assert "新建草稿 1" in pages.read(upload(pages, filled.getvalue(), "项目.xlsx"))
    assert pages.client.get("/projects/template.csv").data.startswith(b"\xef\xbb\xbf")


def test_who_may_not_enter_may_not_import(pages: Site) -> None:
    pages.who = "supplier"
    pages.get("/projects/import", 403)
    pages.who = pages.office.stranger("procurer", "viewer")
    pages.get("/projects/import", 403)
    assert "录入项目</a>" not in pages.get("/projects/")
