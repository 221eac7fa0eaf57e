"""After the deadline the pages say so, and no form that was open before gets through."""

from datetime import timedelta

from guarantees.flow import pay, underwrite
from tests.app.portals.test_main_job import applied, decided
from tests.visitors import Pages, said
from tests.world import START

DEADLINE = START + timedelta(days=15)


def test_a_closed_lot_offers_nothing(pages: Pages) -> None:
    supplier, lot = pages.as_("supplier"), pages.world.lot
    pages.world.now = DEADLINE - timedelta(seconds=1)
    assert "承诺出函" in said(supplier.get(f"/supplier/lots/{lot}"))
    pages.world.now = DEADLINE
    page = said(supplier.get(f"/supplier/lots/{lot}"))
    assert "这个标段不再办理投标保函" in page
    assert "2026-03-17 09:00" in page
    assert "承诺出函" not in page
    assert supplier.status(f"/supplier/lots/{lot}/apply") == 302
    assert lot not in supplier.get("/supplier/lots/")


def test_a_form_that_was_open_before_is_refused_with_the_reason(pages: Pages) -> None:
    supplier, lot = pages.as_("supplier"), pages.world.lot
    pages.world.now = DEADLINE
    fields = {
        f"product-{lot}": pages.world.product,
        "key": "k",
        "contact": "周予安 13800000000",
        "consents": ["company", "contact", "bid", "warned"],
    }
    page = said(supplier.post(f"/supplier/lots/{lot}/apply", **fields).text)
    assert "投标截止时间 2026-03-17 09:00 已过" in page


def test_an_application_that_came_too_far_is_not_paid(pages: Pages) -> None:
    case = applied(pages)
    decided(pages, case)
    supplier = pages.as_("supplier")
    assert "支付保费" in said(supplier.get(f"/supplier/cases/{case}"))
    pages.world.now = DEADLINE
    assert "投标已截止，这件申请不能再办" in said(supplier.get(f"/supplier/cases/{case}"))
    answer = supplier.post(f"/supplier/cases/{case}/pay", payer_account="6222000012345678")
    assert answer.status_code == 409
    assert "投标已截止" in said(answer.text)


def test_an_application_that_came_back_stays_where_it_is(pages: Pages) -> None:
    case = applied(pages)
    maker = pages.as_("maker")
    pages.world.run(
        "underwrite", underwrite.give_back, pages.world.as_("maker"), pages.world.now, case, "补正"
    )
    assert maker.status(f"/institution/cases/{case}") == 200
    supplier = pages.as_("supplier")
    assert "重新提交" in said(supplier.get(f"/supplier/cases/{case}"))
    pages.world.now = DEADLINE
    assert "重新提交" not in said(supplier.get(f"/supplier/cases/{case}"))
    assert supplier.post(f"/supplier/cases/{case}/complete", answer="单独投标").status_code == 409


def test_a_premium_that_arrives_after_t_brings_no_letter(pages: Pages) -> None:
    """The bank's notice comes through the API late: the premium is booked and due back."""
    case = applied(pages)
    decided(pages, case)
    pages.as_("supplier").sent(f"/supplier/cases/{case}/pay", payer_account="6222000012345678")
    pages.work()
    [order] = pages.house.gateway.orders  # type: ignore[attr-defined]
    pages.world.now = DEADLINE
    told = pay.BankNotice(
        "BANK-1", order.reference, "paid", order.amount, order.payer_account, "", pages.world.now
    )
    assert pages.world.run("payment_notice", pay.receive, told, pages.world.now) == "settled"
    pages.work()
    page = said(pages.as_("supplier").get(f"/supplier/cases/{case}"))
    assert "开标前未能出函" in page
    assert "已密封" not in page
