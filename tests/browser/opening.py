"""The opening, the letters, and anybody who verifies them."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.cast import SLOW, Project, go
from tests.browser.notices import enter_room
from tests.live import Live


def open_lot(page: Page, live: Live, login: str, project: Project, lot: str) -> None:
    """Once T has come: a wrong passphrase first, then the right one, until all is judged."""
    enter_room(page, project, lot)
    page.get_by_label("解密口令").fill("这不是我的解密口令")
    page.get_by_label("动态验证码").first.fill(live.code(login))
    page.get_by_role("button", name="开标并解密").click()
    expect(page.get_by_role("alert")).to_contain_text("口令不能打开解密钥匙")
    page.get_by_label("解密口令").fill(live.passphrases[login])
    if page.get_by_label("动态验证码").count():
        page.get_by_label("动态验证码").first.fill(live.code(login))
    page.get_by_role("button", name="开标并解密").click()
    expect(page.get_by_role("status")).to_contain_text("正在解密查验")
    expect(page.locator("main .page-head")).to_contain_text("已开标", timeout=SLOW)
    expect(page.get_by_role("main")).to_contain_text("三项通过 1")


def read_letter(page: Page, number: str) -> str:
    """Letter and verification steps in the page; answers the check code."""
    row = page.get_by_role("row").filter(has_text=number)
    expect(row.get_by_text("通过", exact=True)).to_have_count(3)
    row.get_by_role("link", name="查看函件").click()
    said = page.locator("main")
    expect(said).to_contain_text("人民币柒万元整")
    expect(said).to_contain_text("签名覆盖整个文件，之后没有任何改动")
    expect(said.get_by_role("listitem").filter(has_text="读取文件")).to_contain_text("通过")
    code = re.search(r"查验码\s+([0-9A-Z-]{8,9})\s", said.inner_text())
    assert code
    return code[1]


def verify_file(page: Page, live: Live, file: Path) -> str:
    """Anybody uploads a PDF; what the report says."""
    page.goto(live.address)
    go(page, "查验保函")
    page.get_by_label("保函文件").set_input_files(file)
    page.get_by_role("button", name="查验文件").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("查验报告")
    return page.locator("main").inner_text()


def verify_number(page: Page, live: Live, number: str, code: str) -> str:
    page.goto(f"{live.address}/verify")
    page.get_by_label("保函编号").fill(number)
    page.get_by_label("查验码").fill(code)
    page.get_by_role("button", name="查验编号").click()
    return page.locator("main").inner_text()
