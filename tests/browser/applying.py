"""The supplier: compare, apply, pay, wait."""

import re

from playwright.sync_api import Page, expect

from tests.browser.cast import BANK, MEMBER, MEMBER_CODE, SLOW, Application, Project, go


def compare(page: Page, project: Project, lot: str) -> None:
    """Find the lot, put three products side by side, choose the bank's."""
    go(page, "选择产品")
    page.get_by_label("项目名称、编号或采购人").fill(project.name)
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("row").filter(has_text=f"设备 {lot}").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("选择投标保函产品")
    boxes = page.get_by_role("checkbox", name="对照")
    for place in range(3):
        boxes.nth(place).check()
    page.get_by_label(f"对照 {BANK}").check()
    page.get_by_role("button", name="更新对照").click()
    table = page.get_by_role("region", name="并列对照表")
    expect(table).to_contain_text("70,000.00 × 0.45% = 315.00")
    table.get_by_role("link", name=f"选择 {BANK}").click()


def apply_alone(page: Page, project: Project, lot: str) -> Application:
    """Within the bank's automatic policy: approved at once."""
    compare(page, project, lot)
    fill_application(page)
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("status")).to_contain_text("申请已提交")
    expect(page.get_by_role("main")).to_contain_text("请支付保费")
    return application(page)


def apply_with_member(page: Page, project: Project, lot: str) -> Application:
    """With a slip of the pen and a consent forgotten, corrected: goes to the bank's people."""
    compare(page, project, lot)
    page.get_by_role("button", name="添加一个成员").click()
    page.get_by_label("成员名称").fill(MEMBER)
    page.get_by_label("统一社会信用代码").fill(f"{MEMBER_CODE[:-1]}X")
    fill_application(page)
    page.get_by_role("checkbox", name="项目与标段信息").uncheck()
    page.get_by_role("button", name="提交申请").click()
    told = page.get_by_role("alert").filter(has_text="有 2 处需要改正，已填内容都保留")
    expect(told).to_contain_text("请逐项授权：项目与标段信息")
    expect(page.get_by_label("成员名称")).to_have_value(MEMBER)
    told.get_by_role("link", name="第 18 位应为 H").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(MEMBER_CODE)
    page.get_by_role("checkbox", name="项目与标段信息").check()
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("status")).to_contain_text("申请已提交")
    expect(page.get_by_role("main")).to_contain_text("机构正在审核")
    return application(page)


def fill_application(page: Page) -> None:
    page.get_by_label("联系人和电话").fill("周予安 0351-0000000")
    for box in page.get_by_role("group", name="授权与确认").get_by_role("checkbox").all():
        box.check()


def application(page: Page) -> Application:
    said = re.search(r"SQ-[0-9A-Z]{8}", page.locator("main").inner_text())
    assert said
    return Application(page.url, said[0])


def pay(page: Page, one: Application) -> None:
    """From the registered account that the form proposes."""
    go(page, "我的申请")
    page.get_by_label("编号、项目或受理号").fill(one.reference)
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("row").filter(has_text=one.reference).get_by_role("link").click()
    page.get_by_role("button", name="支付保费").click()
    expect(page.get_by_role("status")).to_contain_text("已向银行发起扣款")


def wait_for_sealing(page: Page, one: Application) -> str:
    """The page refreshes itself until the letter is sealed; its number."""
    page.goto(one.address)
    expect(page.get_by_role("main")).to_contain_text("函件：已密封", timeout=SLOW)
    number = re.search(r"BH\d\d-[\d-]+", page.locator("main").inner_text())
    assert number
    return number[0]
