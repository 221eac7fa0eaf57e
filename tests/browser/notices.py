"""Agency and procurer before the opening."""

import re
from collections.abc import Sequence

from playwright.sync_api import Page, expect

from guarantees.values.moments import BEIJING
from tests.browser.cast import BANK, MEMBER, PROCURER, SUPPLIER, Project, go, labelled


def enter_project(page: Page, project: Project, lots: Sequence[str]) -> None:
    """The agency types the notice, adds its lots, saves and registers it."""
    at = project.opening_time.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S")
    go(page, "项目")
    page.get_by_role("link", name="录入项目").click()
    for label, text in {
        "项目名称": project.name,
        "采购方式": "公开招标",
        "地区": "山西省太原市",
        "采购人": PROCURER,
        "投标截止时间": at,
        "开标时间": at,
        "投标有效期": "90",
    }.items():
        labelled(page, label).fill(text)
    page.get_by_role("radio", name="货物").check()
    page.get_by_role("radio", name="接受", exact=True).check()
    for number, lot in enumerate(lots, 1):
        page.get_by_role("button", name="加一个标段").click()
        for label, text in {"编号": lot, "名称": f"设备 {lot}", "预算": "3860000"}.items():
            labelled(page, f"第 {number} 个标段{label}").fill(text)
        labelled(page, f"第 {number} 个标段投标保证金").fill("7万元")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="登记项目").click()
    expect(page.get_by_role("status")).to_contain_text("项目已登记")


def grant_mandate(page: Page, project: Project) -> None:
    """The procurer lets the agency that the notice names open for it."""
    go(page, "项目")
    page.get_by_role("link", name=project.name, exact=True).click()
    page.get_by_role("link", name="授权代理机构").first.click()
    page.get_by_role("button", name="授权", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("授权已生效")


def enter_room(page: Page, project: Project, lot: str) -> None:
    go(page, "开标室")
    row = page.get_by_role("row").filter(has_text=project.name).filter(has_text=lot)
    row.get_by_role("link").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("开标室")


def see_nothing(page: Page, project: Project, lot: str) -> str:
    """The room before the opening; what it says, less what is a number: lot and time."""
    enter_room(page, project, lot)
    expect(page.get_by_role("button", name="开标并解密")).to_be_disabled()
    said = page.locator("main").inner_text()
    for name in (SUPPLIER, MEMBER, BANK, "BH26-"):
        assert name not in said
    return re.sub(r"\d+", "#", said)
