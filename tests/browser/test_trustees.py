"""Trustees in the browser: the setting, a letter sealed under it, an approval on a phone without
script, and the opening that waited for it."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser import applying, notices
from tests.browser.cast import SLOW, Project, go
from tests.browser.test_main_job import wait_until
from tests.browsers import DESKTOP, PHONE, Windows
from tests.live import Live

LOT = "T01"
REGULATOR = "示范省财政厅政府采购监管处（演示）"
TRADING_CENTRE = "太原示范公共资源交易中心（演示）"
ASSOCIATION = "示范省招标投标协会（演示）"


def choose(page: Page, live: Live, profile: str) -> None:
    """As the operator's security administrator."""
    go(page, "受托人")
    page.get_by_role("radio", name=profile, exact=True).check()
    for label, name in {
        "财政监管部门": REGULATOR,
        "公共资源交易中心": TRADING_CENTRE,
        "行业协会": ASSOCIATION,
    }.items():
        page.get_by_label(label, exact=True).select_option(label=name)
    if page.get_by_label("动态验证码").count():
        page.get_by_label("动态验证码").first.fill(live.code("operator-security"))
    page.get_by_role("button", name="更改设置").click()
    expect(page.get_by_role("status")).to_contain_text("已更改")


def agree(page: Page, live: Live, login: str, project: Project) -> None:
    """From the trustee's first page to its consent; a wrong passphrase first."""
    go(page, "受托解锁")
    expect(page.get_by_role("main")).to_contain_text("在岗")
    row = page.get_by_role("row").filter(has_text=project.name)
    row.get_by_role("link", name="去办理").click()
    expect(page.get_by_role("main")).to_contain_text("本标段有 1 份保函需要贵单位的份额")
    page.get_by_label("受托口令").fill("这不是我的受托口令")
    page.get_by_label("动态验证码").first.fill(live.code(login))
    page.get_by_role("button", name="同意解锁本标段").click()
    expect(page.get_by_role("alert")).to_contain_text("口令不能打开")
    page.get_by_label("受托口令").fill(live.passphrases[login])
    if page.get_by_label("动态验证码").count():
        page.get_by_label("动态验证码").first.fill(live.code(login))
    page.get_by_role("button", name="同意解锁本标段").click()
    expect(page.get_by_role("status").first).to_contain_text("已同意解锁")


@pytest.mark.timeout(900)
def test_an_opening_waits_for_two_of_three_trustees(live: Live, windows: Windows) -> None:
    opening_time = datetime.now(UTC).replace(microsecond=0) + live.patience()
    project = Project(f"受托开标设备采购 {opening_time:%H%M%S}", opening_time)
    agency, security, procurer, supplier = (
        live.sign_in(windows.open(DESKTOP), login)
        for login in ("agency", "operator-security", "procurer", "supplier")
    )
    notices.enter_project(agency, project, (LOT,))
    choose(security, live, "守时服务与三方受托人中的任意两方")
    try:
        one = applying.apply_alone(supplier, project, LOT)
        applying.pay(supplier, one)
        applying.wait_for_sealing(supplier, one)
    finally:
        choose(security, live, "仅守时服务")  # of others' letters; this one keeps its own
    wait_until(opening_time + timedelta(seconds=1))
    notices.enter_room(procurer, project, LOT)
    procurer.get_by_label("解密口令").fill(live.passphrases["procurer"])
    procurer.get_by_label("动态验证码").first.fill(live.code("procurer"))
    procurer.get_by_role("button", name="开标并解密").click()
    waiting = procurer.get_by_role("main")
    awaited = "正在等待财政监管部门、公共资源交易中心、行业协会"
    expect(waiting).to_contain_text(awaited, timeout=SLOW)
    phone = live.sign_in(windows.open(PHONE, javascript=False), "regulator-trustee")
    agree(phone, live, "regulator-trustee", project)
    agree(live.sign_in(windows.open(DESKTOP), "association"), live, "association", project)
    expect(procurer.locator("main .page-head")).to_contain_text("已开标", timeout=SLOW)
    expect(procurer.get_by_role("main")).to_contain_text("三项通过 1")
