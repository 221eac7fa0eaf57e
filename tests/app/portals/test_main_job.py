"""The main job through the pages: compare, apply, decide, pay, follow, open, read, verify."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

from app.jobs import openings
from app.jobs.rounds import Rounds
from guarantees.flow import pay
from guarantees.flow.apply import CONSENT_ITEMS
from guarantees.ports import BankNotice
from guarantees.values.codes import new_letter_number
from tests.visitors import Pages, said
from tests.world import PASSPHRASE


def applied(pages: Pages, who: str = "supplier", **more: object) -> str:
    lot = pages.world.lot
    supplier = pages.as_(who)
    page = supplier.get(f"/supplier/lots/{lot}/apply?product-{lot}={pages.world.product}")
    key = re.search(r'name="key"[^>]*value="([^"]+)"', page)
    assert key is not None
    fields = {
        f"product-{lot}": pages.world.product,
        "key": key[1],
        "contact": "周予安 13800000000",
        "consents": list(CONSENT_ITEMS),
        **more,
    }
    return supplier.sent(f"/supplier/lots/{lot}/apply", **fields).rpartition("/")[2]


def decided(pages: Pages, case: str) -> None:
    maker, checker = pages.as_("maker"), pages.as_("checker")
    assert "经办" in said(maker.get("/institution/queue"))
    maker.sent(f"/institution/cases/{case}/recommend", decision="approve", reason="")
    assert "您是经办，须由他人复核" in said(maker.get("/institution/queue"))
    fields = {"decision": "approve", "reason": "同意", "checked": "y", "otp": "123456"}
    checker.sent(f"/institution/cases/{case}/decide", **fields)


def paid(pages: Pages, case: str) -> None:
    supplier = pages.as_("supplier")
    supplier.sent(f"/supplier/cases/{case}/pay", payer_account="6222000012345678")
    pages.work()
    [order] = pages.house.gateway.orders  # type: ignore[attr-defined]
    notice = BankNotice(
        "BANK-1", order.reference, "paid", order.amount, order.payer_account, "", pages.world.now
    )
    pages.world.run("payment_notice", pay.receive, notice, pages.world.now)
    pages.work()


def test_the_main_job_in_pages(pages: Pages) -> None:
    supplier, procurer = pages.as_("supplier"), pages.as_("procurer")
    lot = pages.world.lot
    assert lot in supplier.get("/supplier/lots/")
    compared = said(supplier.get(f"/supplier/lots/{lot}?c={pages.world.product}"))
    assert "¥315.00" in compared
    case = applied(pages)
    assert "机构正在审核" in said(supplier.get(f"/supplier/cases/{case}"))
    before = said(procurer.get(f"/openings/{lot}"))
    decided(pages, case)
    assert "请支付保费" in said(supplier.get(f"/supplier/cases/{case}"))
    assert "等待您办理" not in said(supplier.get("/supplier/"))
    paid(pages, case)
    sealed = said(supplier.get(f"/supplier/cases/{case}"))
    assert "函件：已密封" in sealed
    number = re.search(r"BH26-[\d-]+", sealed)
    assert number is not None
    receipt = json.loads(supplier.get(f"/supplier/cases/{case}/receipt.json"))
    assert receipt["number"] == number[0]
    assert supplier.status(f"/supplier/cases/{case}/letter.pdf") == 404
    assert number[0] in said(pages.as_("maker").get("/institution/cases"))
    assert said(procurer.get(f"/openings/{lot}")) == before
    assert asked(pages, number[0]) == asked(pages, new_letter_number(2026))
    opened_and_read(pages, case, number[0])


def asked(pages: Pages, number: str) -> str:
    """What /verify says of a number, without the number itself."""
    return pages.as_("").get(f"/verify?number={number}&code=AAAA-AAAA").replace(number, "")


def opened_and_read(pages: Pages, case: str, number: str) -> None:
    procurer, lot = pages.as_("procurer"), pages.world.lot
    early = procurer.post(f"/openings/{lot}/open", passphrase=PASSPHRASE, otp="123456")
    assert "时间未到" in said(early.text)
    pages.world.now += timedelta(days=15)
    wrong = procurer.post(f"/openings/{lot}/open", passphrase="not it at all", otp="123456")
    assert "口令不能打开解密钥匙" in said(wrong.text)
    procurer.sent(f"/openings/{lot}/open", passphrase=PASSPHRASE, otp="123456")
    openings.wait(lot, 30)
    room = said(procurer.get(f"/openings/{lot}"))
    assert "已开标" in room
    assert number in room
    assert "三项通过 1" in room
    letter = said(procurer.get(f"/openings/{lot}/letters/{case}"))
    assert "人民币柒万元整" in letter
    pdf = procurer._ask("GET", f"/openings/{lot}/letters/{case}.pdf").data
    assert pages.as_("supplier")._ask("GET", f"/supplier/cases/{case}/letter.pdf").data == pdf
    assert procurer.status(f"/openings/{lot}/letters.zip") == 200
    assert procurer.status(f"/openings/{lot}/list.pdf") == 200
    assert pages.as_("agency").status(f"/openings/{lot}") == 200
    code = re.search(r"查验码 ([0-9A-Z-]+)", letter)
    assert code is not None
    found = said(pages.as_("").get(f"/verify?number={number}&code={code[1]}"))
    assert "登记簿中有这份保函" in found
    answer = pages.as_("").post("/verify", file=(BytesIO(pdf), "letter.pdf"))
    assert "三项查验通过" in said(answer.text)


def test_mistakes_keep_what_was_typed(pages: Pages) -> None:
    lot, supplier = pages.world.lot, pages.as_("supplier")
    typed = {
        f"product-{lot}": pages.world.product,
        "key": "k",
        "contact": "",
        "payer_account": "abc",
        "members-0-name": "演示成员有限公司",
        "members-0-credit_code": "91140100MA0000000X",
        "consents": ["company"],
    }
    answer = supplier.post(f"/supplier/lots/{lot}/apply", **typed)
    page = said(answer.text)
    assert "处需要改正，已填内容都保留" in page
    assert 'value="演示成员有限公司"' in answer.text
    assert 'value="abc"' in answer.text
    typed |= {"contact": "周予安", "payer_account": ""}
    assert "第 18 位" in said(supplier.post(f"/supplier/lots/{lot}/apply", **typed).text)
    more = supplier.post(f"/supplier/lots/{lot}/apply", **typed, add_member="1")
    assert "members-1-name" in more.text


def test_returned_and_declined_with_reasons(pages: Pages) -> None:
    case = applied(pages)
    maker, checker, supplier = pages.as_("maker"), pages.as_("checker"), pages.as_("supplier")
    path = f"/institution/cases/{case}"
    empty = maker.post(f"{path}/recommend", decision="back", reason="")
    assert "请写明理由" in said(empty.text)
    maker.sent(f"{path}/recommend", decision="back", reason="请补联合体协议")
    assert "请补联合体协议" in said(supplier.get(f"/supplier/cases/{case}"))
    supplier.sent(f"/supplier/cases/{case}/complete", answer="单独投标，没有联合体")
    maker.sent(f"{path}/recommend", decision="decline", reason="额度不足")
    fields = {"decision": "decline", "reason": "额度不足", "checked": "y", "otp": "123456"}
    checker.sent(f"{path}/decide", **fields)
    assert "额度不足" in said(supplier.get(f"/supplier/cases/{case}"))
    assert applied(pages) != case


def test_another_organisation_finds_nothing(pages: Pages) -> None:
    case = applied(pages)
    for path in (f"/supplier/cases/{case}", "/supplier/cases/0000"):
        assert pages.as_("rival").status(path) == 404
    assert pages.as_("rival").status("/institution/queue") == 403
    assert pages.as_("procurer").status(f"/supplier/cases/{case}") == 403
    assert pages.as_("").status(f"/supplier/cases/{case}") in (302, 303)


def test_who_only_looks_is_offered_no_act(pages: Pages) -> None:
    case, lot = applied(pages), pages.world.lot
    clerk = pages.world.people["supplier"]
    pages.world.people["onlooker"] = replace(clerk, roles=frozenset({"viewer"}))
    onlooker, path = pages.as_("onlooker"), f"/supplier/cases/{case}"
    assert f"/supplier/lots/{lot}/apply" in pages.as_("supplier").get(f"/supplier/lots/{lot}")
    assert f"/supplier/lots/{lot}/apply" not in onlooker.get(f"/supplier/lots/{lot}")
    assert f"{path}/withdraw" not in onlooker.get(path)
    pages.as_("maker").sent(f"/institution/cases/{case}/recommend", decision="back", reason="缺页")
    assert f"{path}/complete" not in onlooker.get(path)
    assert "由本单位的经办人办理" in onlooker.get(path)
    pages.as_("supplier").sent(f"{path}/complete", answer="已补")
    decided(pages, case)
    assert f"{path}/pay" in pages.as_("supplier").get(path)
    assert f"{path}/pay" not in onlooker.get(path)


def test_a_page_that_waits_reloads_itself_until_somebody_stops_it(pages: Pages) -> None:
    supplier, case = pages.as_("supplier"), applied(pages)
    path, reloads = f"/supplier/cases/{case}", '<meta http-equiv="refresh"'
    decided(pages, case)
    assert reloads not in supplier.get(path)
    supplier.sent(f"{path}/pay", payer_account="6222000012345678")
    assert reloads in supplier.get(path)
    assert f'href="{path}?still=1"' in supplier.get(path)
    assert reloads not in supplier.get(f"{path}?still=1")


def test_products_and_policies(pages: Pages) -> None:
    maker, checker = pages.as_("maker"), pages.as_("checker")
    fields = {
        "name": "快保",
        "form": "independent",
        "rate": "0.5%",
        "minimum": "100",
        "ceiling": "50万元",
        "regions": "山西省、河北省",
        "minutes": "30",
        "automatic": "y",
    }
    maker.sent("/institution/products/new", **fields)
    assert "快保" in said(maker.get("/institution/products"))
    assert "百分数" in said(maker.post("/institution/products/new", **fields | {"rate": "x"}).text)
    limits = {"ceiling": "10万", "supplier_ceiling": "20万", "total": "500万"}
    maker.sent("/institution/policies", **limits, expires_on="2026-12-31")
    page = checker.get("/institution/policies")
    approve = re.search(r'action="(/institution/policies/\w+/approved)"', page)
    assert approve is not None
    checker.sent(approve[1], otp="123456")
    assert "已批准" in said(checker.get("/institution/policies"))


def test_money_that_comes_too_late_is_said_to_be_due_back(pages: Pages) -> None:
    case = applied(pages)
    decided(pages, case)
    supplier = pages.as_("supplier")
    supplier.sent(f"/supplier/cases/{case}/pay", payer_account="6222000012345678")
    pages.work()
    [order] = pages.house.gateway.orders  # type: ignore[attr-defined]
    pages.world.now += timedelta(days=15)
    assert Rounds(pages.house).run_due() == 1
    assert "银行尚未回复扣款结果" in said(supplier.get(f"/supplier/cases/{case}"))
    notice = BankNotice(
        "BANK-1", order.reference, "paid", order.amount, order.payer_account, "", pages.world.now
    )
    pages.world.run("payment_notice", pay.receive, notice, pages.world.now)
    for page in (
        supplier.get(f"/supplier/cases/{case}"),
        pages.as_("maker").get(f"/institution/cases/{case}"),
    ):
        assert "有一笔到账款项没有动用" in said(page)
        assert "应由机构原路退回" in said(page)
        assert "逾期未缴费" in said(page)
        assert "开标前未能出函" not in said(page)


def test_an_empty_file_is_said_to_be_empty(pages: Pages) -> None:
    answer = pages.as_("").post("/verify", file=(BytesIO(b""), "letter.pdf"))
    assert "文件是空的（0 字节）" in said(answer.text)
    answer = pages.as_("").post("/verify", file=(BytesIO(b""), ""))
    assert "请选择要查验的 PDF 文件" in said(answer.text)


def test_every_form_says_how_much_it_takes(pages: Pages) -> None:
    """A declared length is enough; a program gets problem details."""
    seen = 0
    for rule in pages.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()):
            continue
        path = re.sub(r"<[^>]+>", "0", rule.rule)
        answer = pages.app.test_client().post(
            path,
            content_type="multipart/form-data; boundary=x",
            environ_overrides={"CONTENT_LENGTH": str(100 * 2**20)},
        )
        assert answer.status_code == 413, path
        kind = "application/problem+json" if path.startswith("/api/") else "text/html"
        assert answer.mimetype == kind, path
        text = answer.json["detail"] if answer.is_json else said(answer.text)
        assert "文件不得超过 20 MB，没有接收任何内容" in text, path
        seen += 1
    assert seen > 20
