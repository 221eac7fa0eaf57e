"""A lot that nobody has a key for: every side reads why, and what to do."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs.letters import KEY_PAUSE
from guarantees.records.person import OpeningKey
from tests.app.jobs.steps import ACCOUNT, get
from tests.app.portals.test_main_job import applied, decided, paid
from tests.visitors import Pages, said


def turned(pages: Pages, state: str) -> None:
    def change(session: Session) -> None:
        for key in session.scalars(select(OpeningKey)):
            key.state = state

    pages.world.run("opening_key", change)


def test_the_supplier_cannot_apply_and_reads_why(pages: Pages) -> None:
    turned(pages, "retired")
    supplier, lot = pages.as_("supplier"), f"/supplier/lots/{pages.world.lot}"
    page = supplier.get(lot)
    assert "这个标段暂时不能申请" in said(page) and "请联系采购人或代理机构" in said(page)
    assert "/apply?" not in page
    answer = supplier._ask("GET", f"{lot}/apply")
    assert (answer.status_code, answer.location) == (302, lot)
    turned(pages, "active")
    page = supplier.get(lot)
    assert "暂时不能申请" not in said(page) and "/apply?" in page


def test_a_form_that_was_open_meanwhile_says_it_too(pages: Pages) -> None:
    turned(pages, "retired")
    lot = pages.world.lot
    answer = pages.as_("supplier").post(
        f"/supplier/lots/{lot}/apply",
        **{f"product-{lot}": pages.world.product},
        consents=["company", "contact", "bid", "warned"],
        contact="周予安 13800000000",
        key="k",
    )
    assert answer.status_code == 200
    assert "都没有可用的解密钥匙" in said(answer.text)


def test_procurer_and_agency_read_what_to_do(pages: Pages) -> None:
    path = f"/projects/{pages.world.project}"
    assert "都没有可用的解密钥匙" not in said(pages.as_("agency").get(path))
    turned(pages, "retired")
    for who in ("agency", "procurer"):
        page = pages.as_(who).get(path)
        assert "供应商还不能申请" in said(page)
        assert "建立解密钥匙" in said(page) and 'href="/opening-keys/"' in page


def test_nothing_is_paid_while_there_is_none(pages: Pages) -> None:
    case = applied(pages)
    decided(pages, case)
    turned(pages, "retired")
    supplier = pages.as_("supplier")
    page = supplier.get(f"/supplier/cases/{case}")
    assert "暂时不能支付保费" in said(page) and "payer_account" not in page
    answer = supplier.post(f"/supplier/cases/{case}/pay", payer_account=ACCOUNT)
    assert answer.status_code == 409 and "都没有可用的解密钥匙" in said(answer.text)
    assert get(pages.world, case).payments == []


def test_what_was_paid_waits_and_both_sides_read_it(pages: Pages) -> None:
    case = applied(pages)
    decided(pages, case)
    pages.as_("supplier").sent(f"/supplier/cases/{case}/pay", payer_account=ACCOUNT)
    turned(pages, "retired")
    paid(pages, case)
    for who, path in (("supplier", "supplier"), ("maker", "institution")):
        page = said(pages.as_(who).get(f"/{path}/cases/{case}"))
        assert "出函在等解密钥匙" in page
        assert "等待采购人或代理机构建立解密钥匙" in page
    turned(pages, "active")
    pages.world.now += KEY_PAUSE
    pages.work()
    assert get(pages.world, case).state == "issued"
