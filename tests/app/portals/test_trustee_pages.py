"""The trustee's portal and the operator's page of trustees, without a script."""

import re
from io import BytesIO

import pytest

from app.jobs import openings
from signing import seal
from signing.seal.approvals import answer_file, read_request, take_out
from tests import trustees
from tests.app.jobs.steps import paid
from tests.house import OPENING
from tests.trustees import WHO, passphrase_of
from tests.visitors import Pages, said
from tests.world import PASSPHRASE, with_policy

PHRASE = "一句只有受托人知道的话 battery"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "LOOK_SECONDS", 0.01)


def sealed(pages: Pages) -> None:
    """One letter under the profile in force; it is T."""
    with_policy(pages.world)
    paid(pages.world)
    pages.work()
    pages.world.now = OPENING


def set_by_pages(pages: Pages, profile: str) -> str:
    chosen = {role: pages.world.people[who].organisation_id for role, who in WHO.items()}
    return pages.as_("security").sent("/trust/", profile=profile, otp="123456", **chosen)


def test_from_the_setting_to_the_opened_lot(pages: Pages) -> None:
    for role, who in WHO.items():
        trustee = pages.as_(who)
        assert "还没有钥匙" in said(trustee.get("/trustee/keys/"))
        phrase = f"{PHRASE} {role}"
        trustee.sent("/trustee/keys/", passphrase=phrase, passphrase_again=phrase)
        assert "未演练" in said(trustee.get("/trustee/"))
        trustee.sent("/trustee/keys/rehearse", trial=phrase)
        assert "在岗" in said(trustee.get("/trustee/"))
    set_by_pages(pages, "timekeeper+2of3")
    assert "现任受托人" in said(pages.as_("association").get("/trustee/"))
    lot, procurer = pages.world.lot, pages.as_("procurer")
    assert "到时间后办理" in said(procurer.get(f"/openings/{lot}"))
    sealed(pages)
    procurer.sent(f"/openings/{lot}/open", passphrase=PASSPHRASE, otp="123456")
    while not openings.awaited(lot):
        assert openings.running(lot)
    waiting = said(procurer.get(f"/openings/{lot}"))
    assert "正在等待财政监管部门、公共资源交易中心、行业协会同意解锁" in waiting
    for role in ("regulator", "association"):
        trustee = pages.as_(WHO[role])
        assert "去办理" in said(trustee.get("/trustee/"))
        assert "本标段有 1 份保函需要贵单位的份额" in said(trustee.get(f"/trustee/lots/{lot}"))
        fields = {"passphrase": f"{PHRASE} {role}", "otp": "123456"}
        trustee.sent(f"/trustee/lots/{lot}/approve", **fields)
    openings.wait(lot, 60)
    room = said(procurer.get(f"/openings/{lot}"))
    assert "已开标" in room
    assert "三项通过 1" in room
    assert "受托人同意解锁" in room
    assert lot not in pages.as_("association").get("/trustee/")


def test_a_wrong_passphrase_is_said_beside_its_field_and_counted(pages: Pages) -> None:
    trustees.appoint(pages.world)
    sealed(pages)
    trustee, path = pages.as_("association"), f"/trustee/lots/{pages.world.lot}/approve"
    for _ in range(6):
        answer = trustee.post(path, passphrase="not it, not at all", otp="123456")
        assert answer.status_code == 422
        assert "口令不能打开" in said(answer.text)
    rested = trustee.post(path, passphrase=passphrase_of("association"), otp="123456")
    assert "已暂停核对" in said(rested.text)


def test_before_t_the_page_says_so(pages: Pages) -> None:
    trustees.appoint(pages.world)
    trustee, lot = pages.as_("association"), pages.world.lot
    assert "时间未到" in said(trustee.get(f"/trustee/lots/{lot}"))
    fields = {"passphrase": passphrase_of("association"), "otp": "123456"}
    early = trustee.post(f"/trustee/lots/{lot}/approve", **fields)
    assert early.status_code == 422
    assert "时间未到" in said(early.text)
    assert trustee.status(f"/trustee/lots/{lot}/request.json") == 409
    assert trustee.status("/trustee/lots/no-lot") == 404


def test_with_a_key_of_its_own(pages: Pages) -> None:
    pair, trustee = seal.make_key_pair(), pages.as_("association")
    bad = trustee.post("/trustee/keys/register", public_key="xyz")
    assert "64 位十六进制" in said(bad.text)
    trustee.sent("/trustee/keys/register", public_key=pair.public_key.hex())
    assert "自行保管" in said(trustee.get("/trustee/keys/"))
    trial = trustee._ask("GET", "/trustee/keys/rehearsal.json").data
    wrong = trustee.post("/trustee/keys/rehearsal-answer", answer=(BytesIO(b"{}"), "a.json"))
    assert "不是本次开标的答复文件" in said(wrong.text)
    trustee.sent(
        "/trustee/keys/rehearsal-answer", answer=(BytesIO(answer_to(trial, pair)), "a.json")
    )
    for role in ("regulator", "trading_centre"):
        trustees.make_key(pages.world, role)
    set_by_pages(pages, "timekeeper+2of3")
    sealed(pages)
    lot = pages.world.lot
    page = said(trustee.get(f"/trustee/lots/{lot}"))
    assert "./baohan trustee" in page
    assert "同意解锁本标段" not in page
    request = trustee._ask("GET", f"/trustee/lots/{lot}/request.json").data
    given = {"answer": (BytesIO(answer_to(request, pair)), "a.json"), "otp": "123456"}
    trustee.sent(f"/trustee/lots/{lot}/answer", **given)
    assert "贵单位已于" in said(trustee.get(f"/trustee/lots/{lot}"))


def answer_to(request: bytes, pair: seal.KeyPair) -> bytes:
    opening, _, asked = read_request(request)
    return answer_file(opening, take_out(asked, [pair.private_key]))


def test_a_key_is_taken_along_and_retired(pages: Pages) -> None:
    pair = trustees.make_key(pages.world, "association")
    trustee = pages.as_("association")
    page = trustee.get("/trustee/keys/")
    [path] = re.findall(r'href="(/trustee/keys/[^"]+/wrapped.key)"', page)
    blob = trustee._ask("GET", path).data
    assert seal.unwrap_private(blob, passphrase_of("association")) == pair.private_key
    assert pages.as_("trading_centre").status(path) == 404
    [retire] = re.findall(r'action="(/trustee/keys/[^"]+/retire)"', page)
    trustee.sent(retire)
    assert "已停用" in said(trustee.get("/trustee/keys/"))


def test_the_last_key_of_a_trustee_is_not_retired(pages: Pages) -> None:
    trustees.appoint(pages.world)
    trustee = pages.as_("association")
    [retire] = re.findall(r'action="(/trustee/keys/[^"]+/retire)"', trustee.get("/trustee/keys/"))
    trustee.sent(retire)
    assert "不能停用唯一的钥匙" in said(trustee.get("/trustee/keys/"))


def test_passphrases_that_will_not_do_are_said(pages: Pages) -> None:
    trustee = pages.as_("association")
    short = trustee.post("/trustee/keys/", passphrase="short", passphrase_again="short")
    assert "口令太短" in said(short.text)
    other = trustee.post("/trustee/keys/", passphrase=PHRASE, passphrase_again=PHRASE + "x")
    assert "两次输入的口令不一致" in said(other.text)


def test_the_operators_page_shows_absence_early(pages: Pages) -> None:
    operator, security = pages.as_("operator"), pages.as_("security")
    assert "没有受托人" in said(operator.get("/trust/"))
    missing = security.post("/trust/", profile="timekeeper+regulator", otp="123456")
    assert "请选择一家状态正常的单位" in said(missing.text)
    trustees.appoint(pages.world)
    page = said(operator.get("/trust/"))
    assert "未演练" in page
    assert "守时服务与三方受托人中的任意两方" in page
    assert "更改设置" not in page
    assert "更改设置" in said(security.get("/trust/"))
    assert "有受托人未就绪" in said(pages.as_("procurer").get(f"/openings/{pages.world.lot}"))
    set_by_pages(pages, "timekeeper")
    assert "没有受托人" in said(operator.get("/trust/"))


@pytest.mark.parametrize("who", ["supplier", "procurer", "maker", "operator"])
def test_who_is_no_trustee_has_no_such_pages(pages: Pages, who: str) -> None:
    for path in ("/trustee/", "/trustee/keys/", f"/trustee/lots/{pages.world.lot}"):
        assert pages.as_(who).status(path) == 403


def test_a_supervisor_of_the_regulator_reads_but_does_not_act(pages: Pages) -> None:
    visitor = pages.as_("regulator")
    assert "受托解锁" in said(visitor.get("/trustee/"))
    assert "建立受托钥匙" not in visitor.get("/trustee/keys/")
    assert visitor.status(f"/trustee/lots/{pages.world.lot}") == 403
    answer = visitor.post("/trustee/keys/", passphrase=PHRASE, passphrase_again=PHRASE)
    assert answer.status_code == 403


def test_only_the_security_administrator_changes_the_setting(pages: Pages) -> None:
    assert pages.as_("operator").post("/trust/", profile="timekeeper").status_code == 403
    for who in ("regulator", "procurer", "association"):
        assert pages.as_(who).status("/trust/") == 403
