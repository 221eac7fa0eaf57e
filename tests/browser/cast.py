"""Who plays the main job, and what everybody does: clicks and keyboard, nothing else."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Locator, Page

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


def labelled(page: Page, label: str) -> Locator:
    """The control with this label, whatever note in brackets follows it."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}(\s*（.*）)?$"))


def press_until(page: Page, role: str, name: str) -> None:
    """Tab on until the control with this role and name has the focus, visibly."""
    for _press in range(80):
        page.keyboard.press("Tab")
        here = page.locator(":focus-visible")
        if here.count() and here.and_(page.get_by_role(role, name=name)).count():  # type: ignore[arg-type]
            return
    raise AssertionError(f"Tab does not reach {role} {name!r}")


def download(page: Page, name: str, folder: Path) -> Path:
    """Click the link of this name and keep what comes."""
    with page.expect_download() as begun:
        page.get_by_role("link", name=name).click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path
