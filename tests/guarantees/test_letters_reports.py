"""The list of an opening, as the platform signs it."""

import io
from typing import Any

import pikepdf
import pytest

from app.cli.places import fonts
from guarantees.letter_reports import SCHEMA, BadOpeningResult, ReportPress
from guarantees.letters import MissingGlyph
from tests.guarantees.letter_samples import FOLDER, text_of


def sample_letter(**changes: Any) -> dict[str, Any]:
    letter: dict[str, Any] = {
        "word": "verified",
        "supplier": "山河云图信息技术有限公司",
        "members": [],
        "issuer": "北岳商业银行股份有限公司太原分行",
        "number": "BH26-7705-3318-2094-1",
        "amount_fen": 7_000_000,
        "expires_on": "2026-06-15",
        "signature": "PASSED",
        "letter": "PASSED",
        "status": "PASSED",
        "reason": "",
        "leaf": "ab" * 32,
        "index": 4021,
    }
    return {**letter, **changes}


def sample_result(**changes: Any) -> dict[str, Any]:
    unopened = sample_letter(
        word="not_opened", supplier=None, issuer=None, number=None, amount_fen=None,
        expires_on=None, signature="FAILED", letter=None, status=None,
        reason="密封件没有通过解密核对", leaf="cd" * 32, index=None,
    )  # fmt: skip
    doubtful = sample_letter(
        word="fails", supplier="云岭生物科技有限公司", members=["泽安诊断技术有限公司"],
        signature="INDETERMINATE", reason="吊销清单已过期",
    )  # fmt: skip
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "platform": "测试平台",
        "project_name": "全自动生化免疫流水线采购项目",
        "project_number": "HDCG-2026-GK-0041",
        "lot_number": "02",
        "lot_name": "第二标段",
        "procurer": "河东市第二人民医院",
        "agency": None,
        "opened_by": "许庭芳",
        "opening_time": "2026-03-17T01:30:00Z",
        "closed_at": "2026-03-17T01:31:08Z",
        "log": {
            "origin": "baohan.example/log",
            "size": 4096,
            "root": "ef" * 32,
            "at_deadline": 4000,
        },
        "letters": [sample_letter(), doubtful, unopened],
    }
    return {**result, **changes}


@pytest.fixture(scope="module")
def press() -> ReportPress:
    return ReportPress(fonts(), FOLDER.parent / "reports")


def test_every_letter_is_listed_with_its_verdicts(press: ReportPress) -> None:
    text = text_of(press.opening_result(sample_result()))
    for expected in (
        "开标结果清单", "2026年3月17日09:30（北京时间）", "山河云图信息技术有限公司", "70,000.00",
        "联合体成员：泽安诊断技术有限公司", "无法判定", "未能打开", "密封件没有通过解密核对",
        "ab" * 32, "cd" * 32, "共3份密封件", "三项通过1份", "不能打开1份",
    ):  # fmt: skip
        assert expected in text


def test_the_data_ride_along(press: ReportPress) -> None:
    import json

    result = sample_result()
    with pikepdf.open(io.BytesIO(press.opening_result(result))) as pdf:
        held = pdf.attachments["opening-result.json"].get_file().read_bytes()
    assert json.loads(held) == result


def test_same_document_same_bytes(press: ReportPress) -> None:
    assert press.opening_result(sample_result()) == press.opening_result(sample_result())
    assert press.opening_result(sample_result()) != press.opening_result(sample_result(letters=[]))


def test_an_opening_without_letters_says_so(press: ReportPress) -> None:
    assert "没有密封的保函" in text_of(press.opening_result(sample_result(letters=[])))


def test_withdrawn_letters_are_listed_by_their_leaf_alone(press: ReportPress) -> None:
    text = text_of(press.opening_result(sample_result(withdrawn=["12" * 32])))
    assert "投标截止前撤回的密封件" in text and "12" * 32 in text
    assert "共3份密封件" in text
    assert "撤回" not in text_of(press.opening_result(sample_result()))


def test_a_long_list_repeats_its_head(press: ReportPress) -> None:
    letters = [sample_letter(supplier=f"第{n}建设有限公司") for n in range(60)]
    text = text_of(press.opening_result(sample_result(letters=letters)))
    with pikepdf.open(io.BytesIO(press.opening_result(sample_result(letters=letters)))) as pdf:
        pages = len(pdf.pages)
    assert pages > 2
    assert text.count("开函机构、保函编号") == pages


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema": "x"}, "schema"),
        ({"procurer": None}, "procurer"),
        ({"agency": 7}, "agency"),
        ({"closed_at": "2026-03-17T01:31:08"}, "closed_at"),
        ({"opening_time": "yesterday"}, "opening_time"),
        ({"letters": None}, "letters"),
        ({"letters": [{}]}, "letters"),
        ({"letters": [sample_letter(word="fine")]}, "word"),
        ({"letters": [sample_letter(amount_fen="much")]}, "amount_fen"),
        ({"letters": [sample_letter(expires_on="soon")]}, "expires_on"),
        ({"letters": [sample_letter(members="甲")]}, "members"),
        ({"withdrawn": None}, "withdrawn"),
        ({"withdrawn": [7]}, "withdrawn"),
    ],
)
def test_a_document_that_lacks_something(
    press: ReportPress, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadOpeningResult) as caught:
        press.opening_result(sample_result(**change))
    assert caught.value.fields["field"] == field


def test_characters_that_cannot_be_drawn(press: ReportPress) -> None:
    with pytest.raises(MissingGlyph):
        press.opening_result(sample_result(procurer="𫚉医院"))
