"""The institution: maker and checker."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.cast import Application, go, press_until
from tests.live import Live


def recommend(page: Page, one: Application) -> None:
    """The maker's opinion; the same person is not offered the second decision."""
    go(page, "待办")
    queued(page, one).get_by_role("link", name="经办").click()
    expect(page.get_by_role("main")).to_contain_text("政策只含单一申请人")
    page.get_by_role("radio", name="建议同意").check()
    page.get_by_role("textbox", name="理由").fill("联合体协议齐全，限额充足。")
    page.get_by_role("button", name="提交经办意见").click()
    expect(page.get_by_role("status")).to_contain_text("意见已提交")
    expect(queued(page, one)).to_contain_text("您是经办，须由他人复核")


def decide(page: Page, live: Live, one: Application) -> None:
    """The checker's decision with the mouse, after a first try without a reason to refuse."""
    go(page, "待办")
    queued(page, one).get_by_role("link", name="复核").click()
    page.get_by_role("radio", name="同意承保").check()
    page.get_by_label("动态验证码").fill("12")
    page.get_by_role("button", name="提交复核决定").click()
    expect(page.get_by_role("alert")).to_contain_text("请确认已核对")
    page.get_by_role("checkbox", name="已核对金额大小写").check()
    page.get_by_label("动态验证码").fill(live.code("checker"))
    page.get_by_role("button", name="提交复核决定").click()
    expect(page.get_by_role("status")).to_contain_text("复核决定已提交")


def decide_by_keyboard(page: Page, live: Live, one: Application) -> None:
    """From the queue to the decision without a pointer."""
    press_until(page, "link", "待办")
    page.keyboard.press("Enter")
    press_until(page, "link", f"复核 {one.reference}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("复核")
    press_until(page, "radio", "同意承保")
    page.keyboard.press("Space")
    press_until(page, "textbox", "理由")
    page.keyboard.type("同意经办意见。")
    press_until(page, "checkbox", "已核对金额大小写")
    page.keyboard.press("Space")
    press_until(page, "textbox", "动态验证码")
    page.keyboard.type(live.code("checker"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("复核决定已提交")


def queued(page: Page, one: Application) -> Locator:
    return page.get_by_role("row").filter(has_text=one.reference)
