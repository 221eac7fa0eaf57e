"""Keys lost, in pages: two people ask, the operator confirms, the command answers offline."""

import re
from io import BytesIO
from pathlib import Path

import pytest

from app.cli import recover
from app.jobs import openings
from tests import world as worlds
from tests.app.jobs.steps import paid
from tests.house import OPENING
from tests.visitors import Pages, said

CODE = {"otp": "123456"}
WHY = "两位开标人的口令都已遗失。"


@pytest.fixture
def late(pages: Pages) -> Pages:
    """It is T; two letters wait; there are people enough."""
    worlds.with_policy(pages.world)
    worlds.add_person(pages.world, "second", "procurer", "opener")
    for who in ("supplier", "rival"):
        paid(pages.world, who)
    pages.work()
    pages.world.now = OPENING
    return pages


def room(pages: Pages, who: str = "procurer") -> str:
    return said(pages.as_(who).get(f"/openings/{pages.world.lot}"))


def test_from_the_request_to_the_opened_letters(late: Pages, tmp_path: Path) -> None:
    path = f"/openings/{late.world.lot}/recovery"
    procurer, second, security = map(late.as_, ("procurer", "second", "security"))
    assert "申请动用恢复钥匙" in room(late)
    assert "请写明" in said(procurer.post(path, reason="", **CODE).text)
    procurer.sent(path, reason=WHY, **CODE)
    assert "须由本单位另一位开标人在本页同意" in room(late)
    assert "同意动用恢复钥匙" in room(late, "second")
    refused = procurer.post(f"{path}/agree", **CODE)
    assert "必须是两个人" in said(refused.text)
    second.sent(f"{path}/agree", **CODE)
    listed = late.as_("operator").get("/recoveries/")
    [address] = re.findall(r'href="(/recoveries/\w+)"', listed)
    assert WHY in said(security.get(address))
    assert "您的决定" not in said(late.as_("operator").get(address))
    assert "请写明不同意的理由" in said(
        security.post(f"{address}/decide", word="refused", note="", **CODE).text
    )
    security.sent(f"{address}/decide", word="confirmed", note="已电话核实", **CODE)
    assert procurer.status(f"{path}/request.json") == 409  # nothing was released yet
    procurer.sent(f"/openings/{late.world.lot}/token", **CODE)
    openings.wait(late.world.lot, 30)
    request, key = tmp_path / "request.json", tmp_path / "recovery.key"
    request.write_bytes(procurer._ask("GET", f"{path}/request.json").data)
    key.write_bytes(late.world.recovery.private_key)
    assert recover.main([str(request), "--key", str(key)]) == 0
    answer = Path(f"{request}.answer.json").read_bytes()
    false = procurer.post(f"{path}/answer", answer=(BytesIO(answer[:-2]), "a.json"), **CODE)
    assert "不是恢复钥匙对本次申请的答复" in said(false.text)
    procurer.sent(f"{path}/answer", answer=(BytesIO(answer), "a.json"), **CODE)
    openings.wait(late.world.lot, 60)
    after = room(late)
    assert "全部完成，共 2 份" in after
    assert "平台确认恢复申请，记入日志" in after
    assert "已电话核实" in after


def test_before_t_the_page_offers_nothing(pages: Pages) -> None:
    assert "恢复钥匙" not in room(pages)
    path = f"/openings/{pages.world.lot}/recovery"
    early = pages.as_("procurer").post(path, reason=WHY, **CODE)
    assert early.status_code == 422
    assert "恢复钥匙" not in room(pages)
    assert pages.as_("procurer").status(f"{path}/request.json") == 409


def test_it_is_taken_back(late: Pages) -> None:
    path = f"/openings/{late.world.lot}/recovery"
    late.as_("procurer").sent(path, reason=WHY, **CODE)
    late.as_("procurer").sent(f"{path}/withdraw", **CODE)
    assert "恢复申请：已撤回" in room(late)
    assert "申请动用恢复钥匙" in room(late)


def test_others_have_no_part_in_it(late: Pages) -> None:
    path = f"/openings/{late.world.lot}/recovery"
    for who in ("agency", "supplier", "operator", "regulator"):
        assert late.as_(who).post(path, reason=WHY, **CODE).status_code == 403
    assert late.as_("procurer").status("/recoveries/") == 403
    assert "没有恢复申请" in said(late.as_("operator").get("/recoveries/"))
