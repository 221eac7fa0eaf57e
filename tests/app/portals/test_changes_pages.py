"""Postponed, withdrawn, ended: the pages of supplier, institution, procurer, auditor, regulator."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.records.product import Product
from guarantees.records.project import Project, ProjectVersion
from guarantees.values.codes import new_letter_number
from signing import seal
from signing.seal import leaf_hash
from signing.timekeeper.ending import ERASE_DELAY
from tests.app.jobs.people import add_person
from tests.app.jobs.steps import get
from tests.app.jobs.true_time import with_true_time
from tests.app.portals.test_main_job import applied, decided, paid
from tests.house import OPENING
from tests.visitors import Pages, said
from tests.world import ARCHIVE, PASSPHRASE

REASON = "实质响应的供应商不足三家"


@pytest.fixture
def pages(pages: Pages) -> Pages:
    add_person(pages.world, "second", "procurer", "admin")
    add_person(pages.world, "auditor", "operator", "audit_admin")
    pages.house = with_true_time(pages.world, pages.house)
    pages.app.extensions["baohan"] = pages.house
    pages.app.config["WTF_CSRF_ENABLED"] = True
    return pages


@pytest.fixture
def case(pages: Pages) -> str:
    """A sealed letter."""
    made = applied(pages)
    decided(pages, made)
    paid(pages, made)
    assert get(pages.world, made).state == "issued"
    return made


def rule(pages: Pages, **columns: int) -> None:
    change = update(Product).values(**columns)
    pages.world.run("demo_data", lambda session: session.execute(change))


# --- postponed


def test_a_letter_that_falls_short_is_shown_to_both(pages: Pages, case: str) -> None:
    supplier, maker = pages.as_("supplier"), pages.as_("maker")
    assert "有效期不足" not in said(supplier.get("/supplier/"))
    change = update(ProjectVersion).values(bid_validity_days=120)
    pages.world.run("demo_data", lambda session: session.execute(change))
    assert "有 1 份保函有效期不足" in said(supplier.get("/supplier/"))
    for visitor, path in ((supplier, "/supplier"), (maker, "/institution")):
        page = said(visitor.get(f"{path}/cases/{case}"))
        assert "保函有效期不足，请办理延期。" in page
        assert "延至 2026-07-15" in page
        assert get(pages.world, case).reference in visitor.get(f"{path}/cases?s=short")
    change = update(ProjectVersion).values(bid_validity_days=90)
    pages.world.run("demo_data", lambda session: session.execute(change))
    assert get(pages.world, case).reference not in supplier.get("/supplier/cases?s=short")


# --- withdrawn


def test_withdrawing_takes_two_steps_and_says_what_follows(pages: Pages, case: str) -> None:
    rule(pages, back_withdrawn=80)
    supplier = pages.as_("supplier")
    path = f"/supplier/cases/{case}/withdraw-letter"
    assert path in supplier.get(f"/supplier/cases/{case}")
    page = said(supplier.get(path))
    assert "由机构退还 80%，即" in page and "252.00" in page
    assert "请先确认" in said(supplier.post(path, reason="不投了").text)
    assert get(pages.world, case).state == "issued"
    assert supplier.sent(path, reason="不投了", sure="y") == f"/supplier/cases/{case}"
    pages.work()
    page = said(supplier.get(f"/supplier/cases/{case}"))
    for words in ("保函已撤回", "守时服务已确认永不解锁", "由机构退还 80%", "另选产品", "撤回证明"):
        assert words in page, words
    page = said(pages.as_("maker").get(f"/institution/cases/{case}"))
    assert "保函已撤回" in page and "不投了" in page
    assert supplier.status(path) == 302
    assert applied(pages) != case  # the lot is free again


def test_the_proof_of_a_withdrawal_gives_the_leaf(pages: Pages, case: str) -> None:
    supplier = pages.as_("supplier")
    assert supplier.status(f"/supplier/cases/{case}/withdrawal.json") == 404
    supplier.sent(f"/supplier/cases/{case}/withdraw-letter", sure="y")
    told = json.loads(supplier.get(f"/supplier/cases/{case}/withdrawal.json"))
    canonical = json.dumps(
        told["statement"], ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    assert leaf_hash(bytes.fromhex(told["salt"]), canonical.encode()).hex() == told["leaf"]
    assert pages.as_("rival").status(f"/supplier/cases/{case}/withdrawal.json") == 404


def test_at_the_deadline_the_page_is_closed(pages: Pages, case: str) -> None:
    supplier = pages.as_("supplier")
    pages.world.now = OPENING - timedelta(seconds=1)
    assert supplier.status(f"/supplier/cases/{case}/withdraw-letter") == 200
    pages.world.now = OPENING
    assert supplier.status(f"/supplier/cases/{case}/withdraw-letter") == 409
    assert "撤回保函" not in said(supplier.get(f"/supplier/cases/{case}"))


def test_the_room_lists_the_leaf_of_a_withdrawn_letter_and_verify_says_withdrawn(
    pages: Pages, case: str
) -> None:
    pages.as_("supplier").sent(f"/supplier/cases/{case}/withdraw-letter", sure="y")
    pages.work()
    held = get(pages.world, case)
    assert held.intent is not None and held.letter is not None
    query = f"/verify?number={held.intent.number}&code={held.intent.check_code}"
    before = said(pages.as_("").get(query)).replace(held.intent.number, "N")
    unknown = new_letter_number(2026)
    other = said(pages.as_("").get(f"/verify?number={unknown}&code={held.intent.check_code}"))
    assert before == other.replace(unknown, "N")
    pages.world.now = OPENING
    procurer = pages.as_("procurer")
    lot = pages.world.lot
    procurer.sent(f"/openings/{lot}/open", passphrase=PASSPHRASE, otp="123456")
    openings.wait(lot, 60)
    page = said(procurer.get(f"/openings/{lot}"))
    assert "投标截止前撤回的密封件" in page and "1 份，没有打开" in page
    assert held.lead.name not in page and held.intent.number not in page
    assert "已撤回" in said(pages.as_("").get(query))


# --- ended


def asked(pages: Pages, *lots: str) -> str:
    """By the procurer's opener; answers the address of the confirmation."""
    path = f"/projects/{pages.world.project}/end"
    fields = {"lots": list(lots or pages.world.lots), "kind": "failed", "reason": REASON}
    pages.as_("procurer").sent(path, **fields)
    found = re.search(rf'href="({path}/\w+/confirm)"', pages.as_("second").get(path))
    assert found is not None
    return found[1]


def run_out(pages: Pages) -> None:
    Jobs(pages.house).run_due()
    for hours in (60, 12, 1):
        pages.world.now += timedelta(hours=hours)
        Jobs(pages.house).run_due()
    assert timedelta(hours=72) == ERASE_DELAY


def test_a_tender_fails_before_everybodys_eyes(pages: Pages, case: str) -> None:
    rule(pages, back_ended=100)
    path = f"/projects/{pages.world.project}/end"
    procurer, second = pages.as_("procurer"), pages.as_("second")
    empty = procurer.post(path, kind="failed", reason=REASON)
    assert empty.status_code == 422 and "请至少选择一个标段" in said(empty.text)
    confirm = asked(pages, pages.world.lot)
    assert "您是提出人，须由另一人确认" in said(procurer.get(path))
    assert confirm not in procurer.get(path)
    assert "必须是两个人" in said(procurer.post(confirm, otp="123456").text)
    assert "72 小时后销毁开标密钥" in said(second.get(confirm))
    assert second.sent(confirm, otp="123456") == path
    pages.work()
    page = said(procurer.get(path))
    assert "已确认，待生效" in page and "前可以撤销" in page
    room = said(procurer.get(f"/openings/{pages.world.lot}"))
    assert "正在终止" in room and "此前不能开标" in room
    assert "正在终止" in said(procurer.get("/openings/"))
    assert "正在终止" in said(procurer.get(f"/projects/{pages.world.project}"))
    for who, base in (("supplier", "supplier"), ("maker", "institution")):
        page = said(pages.as_(who).get(f"/{base}/cases/{case}"))
        assert "采购人已确认终止这个标段的采购" in page and "采购人可以撤销" in page
    rival = pages.as_("rival")
    assert pages.world.lot not in rival.get("/supplier/lots/")
    assert REASON in said(rival.get(f"/supplier/lots/{pages.world.lot}"))
    run_out(pages)
    room = said(procurer.get(f"/openings/{pages.world.lot}"))
    assert "本标段的保函永远不再打开" in room and "有没有保函、有几份，此后仍然保密" in room
    for who, base in (("supplier", "supplier"), ("maker", "institution")):
        page = said(pages.as_(who).get(f"/{base}/cases/{case}"))
        for words in ("采购已终止", "永不开启", REASON, "由机构退还 100%"):
            assert words in page, (who, words)
        assert get(pages.world, case).reference in pages.as_(who).get(f"/{base}/cases?s=ended")
    assert procurer.post(confirm.replace("confirm", "keep"), otp="123456").status_code in (409, 422)


def test_the_room_of_an_ended_lot_looks_the_same_with_and_without_bids(
    pages: Pages, case: str
) -> None:
    pages.as_("second").sent(asked(pages), otp="123456")
    run_out(pages)
    pages.as_("procurer").get("/openings/")  # takes up what was said on the last page
    seen = []
    for place, lot in enumerate(pages.world.lots, start=1):
        page = pages.as_("procurer").get(f"/openings/{lot}")
        page = re.sub(r"[0-9a-z]{26}", "ID", page.replace(f"第 {place:02} 标段", "标段"))
        seen.append(re.sub(r'name="csrf_token"[^>]*>|nonce-\S+|nonce="[^"]*"', "", page))
    assert seen[0] == seen[1]


def test_it_is_taken_back_on_its_own_page(pages: Pages, case: str) -> None:
    confirm = asked(pages)
    pages.as_("second").sent(confirm, otp="123456")
    pages.work()
    procurer = pages.as_("procurer")
    keep = confirm.replace("confirm", "keep")
    assert keep in procurer.get(f"/projects/{pages.world.project}/end")
    assert "到开标时间照常开标" in said(procurer.get(keep))
    procurer.sent(keep, otp="123456")
    assert "已撤销，采购继续" in said(procurer.get(f"/projects/{pages.world.project}/end"))
    assert "采购人已确认终止" not in said(pages.as_("supplier").get(f"/supplier/cases/{case}"))


def test_a_proposal_is_dropped(pages: Pages) -> None:
    confirm = asked(pages)
    pages.as_("procurer").sent(confirm.replace("confirm", "drop"))
    page = said(pages.as_("second").get(f"/projects/{pages.world.project}/end"))
    assert "未确认即撤回" in page
    assert pages.as_("second").post(confirm, otp="123456").status_code in (409, 422)


def test_strangers_find_no_end(pages: Pages) -> None:
    confirm = asked(pages)
    path = f"/projects/{pages.world.project}/end"
    assert pages.as_("supplier").status(path) == 403
    assert pages.as_("agency").status(path) == 200
    assert pages.as_("agency").post(confirm, otp="123456").status_code == 404
    assert pages.as_("second").status(f"{path}/none/confirm") == 404


# --- kept


def test_the_institution_takes_its_sealed_copy_home(pages: Pages, case: str) -> None:
    maker = pages.as_("maker")
    assert "存档副本（密封）" in said(maker.get(f"/institution/cases/{case}"))
    answer = maker._ask("GET", f"/institution/cases/{case}/archive.sealed")
    letter = seal.open_archive(answer.data, ARCHIVE.private_key)
    intent = get(pages.world, case).intent
    assert intent is not None and letter == b"%PDF-1.7 " + intent.terms.encode()
    assert pages.as_("supplier").status(f"/institution/cases/{case}/archive.sealed") == 403
    assert maker.status("/institution/cases/none/archive.sealed") == 404


def test_a_hold_is_set_and_lifted_by_the_auditor_and_seen_by_the_regulator(pages: Pages) -> None:
    with pages.world.sessions.reading() as session:
        number = session.get_one(Project, pages.world.project).number
    auditor, regulator = pages.as_("auditor"), pages.as_("regulator")
    assert "没有保全" in said(regulator.get("/holds/"))
    fields = {"project": number, "reason": "法院调查令 2026 第 12 号", "otp": "123456"}
    assert "没有找到这个编号的项目" in said(
        auditor.post("/holds/", **{**fields, "project": "none"}).text
    )
    auditor.sent("/holds/", **fields)
    assert "已经办理过" in said(auditor.post("/holds/", **fields).text)
    for visitor in (regulator, auditor):
        page = said(visitor.get("/holds/"))
        assert "法院调查令" in page and "采购结束后 15 年" in page and "保全中" in page
    assert "法律保全中，不删除" in said(
        pages.as_("procurer").get(f"/projects/{pages.world.project}")
    )
    assert regulator.post("/holds/", **fields).status_code == 403
    assert pages.as_("operator").post("/holds/", **fields).status_code == 403
    assert pages.as_("supplier").status("/holds/") == 403
    found = re.search(r'href="(/holds/\w+/lift)"', auditor.get("/holds/"))
    assert found is not None
    assert "请写明原因" in said(auditor.post(found[1], reason="", otp="123456").text)
    auditor.sent(found[1], reason="调查结束，法院来函", otp="123456")
    page = said(regulator.get("/holds/"))
    assert "已解除" in page and "调查结束" in page
    assert auditor.status(found[1]) == 404


def test_a_product_states_its_rules(pages: Pages) -> None:
    maker = pages.as_("maker")
    fields = {
        "name": "快保",
        "form": "independent",
        "rate": "0.5%",
        "minimum": "100",
        "ceiling": "50万元",
        "minutes": "30",
        "back_withdrawn": "80",
        "back_ended": "",
    }
    wrong = maker.post("/institution/products/new", **{**fields, "back_withdrawn": "101"})
    assert "应在 0 到 100 之间" in said(wrong.text)
    maker.sent("/institution/products/new", **fields)
    lot = pages.world.lot
    page = pages.as_("supplier").get(f"/supplier/lots/{lot}")
    ids = re.findall(r'name="c" value="(\w+)"', page)
    side = said(pages.as_("supplier").get(f"/supplier/lots/{lot}?c={ids[0]}&c={ids[1]}"))
    assert "保费的 80%" in side and "没有公布规则" in side


def test_the_mailbox_gets_the_neutral_text(pages: Pages, case: str, tmp_path: Path) -> None:
    pages.as_("second").sent(asked(pages), otp="123456")
    mailbox = pages.house.mailer.mails  # type: ignore[attr-defined]
    mailbox.clear()
    run_out(pages)
    pages.world.now += timedelta(hours=1)
    pages.work()
    subjects = {subject for to, subject, _text in mailbox if "second" not in to}
    assert "政府采购电子保函平台有新的公告，请查看是否涉及贵单位" in subjects
    assert all(REASON not in text and "HDCG" not in text for _to, _subject, text in mailbox)
