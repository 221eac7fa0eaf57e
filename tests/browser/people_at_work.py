"""What each person of the main job does in the browser: clicks and keyboard, nothing else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from guarantees.values.moments import BEIJING
from tests.live import Live

BANK = "北岳银行股份有限公司（演示）"
SUPPLIER = "启衡医疗科技有限公司（演示）"
PROCURER = "太原示范医院（演示）"
MEMBER = "汾水冷链物流有限公司（演示）"
MEMBER_CODE = "91140100MA0H7RWF3H"
"""Invented; its last character is the check character that GB 32100 asks for."""

SLOW = 90_000
"""Milliseconds for what takes more than a click: bank, signer, timekeeper, and other tests."""


@dataclass(frozen=True)
class Project:
    """A project that the agency entered, one lot for each application."""

    name: str
    opening_time: datetime


@dataclass(frozen=True)
class Application:
    """Where a supplier's application is shown."""

    address: str
    reference: str


def go(page: Page, entry: str) -> None:
    """By the main navigation."""
    bar = page.get_by_role("navigation", name="主导航")
    bar.get_by_role("link", name=entry, exact=True).click()


# --- agency and procurer before the opening -------------------------------------------------------


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


def labelled(page: Page, label: str) -> Locator:
    """The control with this label, whatever note in brackets follows it."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}(\s*（.*）)?$"))


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
    """The room before the opening; what it says, less lot and time."""
    enter_room(page, project, lot)
    expect(page.get_by_role("button", name="开标并解密")).to_be_disabled()
    said = page.locator("main").inner_text()
    for name in (SUPPLIER, MEMBER, BANK, "BH26-"):
        assert name not in said
    return re.sub(r"\d+", "#", said.replace(lot, ""))


# --- supplier -------------------------------------------------------------------------------------


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


# --- institution ----------------------------------------------------------------------------------


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


def press_until(page: Page, role: str, name: str) -> None:
    """Tab on until the control with this role and name has the focus, visibly."""
    for _press in range(80):
        page.keyboard.press("Tab")
        here = page.locator(":focus-visible")
        if here.count() and here.and_(page.get_by_role(role, name=name)).count():  # type: ignore[arg-type]
            return
    raise AssertionError(f"Tab does not reach {role} {name!r}")


def queued(page: Page, one: Application) -> Locator:
    return page.get_by_role("row").filter(has_text=one.reference)


# --- opening and verification ---------------------------------------------------------------------


def open_lot(page: Page, live: Live, login: str, project: Project, lot: str) -> None:
    """Once T has come: a wrong passphrase first, then the right one, until all is judged."""
    enter_room(page, project, lot)
    page.get_by_label("解密口令").fill("这不是我的解密口令")
    page.get_by_label("动态验证码").fill(live.code(login))
    page.get_by_role("button", name="开标并解密").click()
    expect(page.get_by_role("alert")).to_contain_text("口令不能打开解密钥匙")
    page.get_by_label("解密口令").fill(live.passphrases[login])
    if page.get_by_label("动态验证码").count():
        page.get_by_label("动态验证码").fill(live.code(login))
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


def download(page: Page, name: str, folder: Path) -> Path:
    """Click the link of this name and keep what comes."""
    with page.expect_download() as begun:
        page.get_by_role("link", name=name).click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path


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
