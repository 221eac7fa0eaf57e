"""Headless Chromium for tests: where it is, how it is started, where screenshots of failures go."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.cli.places import cache, fonts

NAMES = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    "--no-sandbox",  # root has no other way; it visits nothing but this machine
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)

DESKTOP = (1280, 800)
PHONE = (390, 844)

SECONDS = 20
"""How long a click or an expectation waits on two slow cores."""

FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include></fontconfig>
"""


class NoBrowser(Exception):
    """There is no Chromium on this machine."""

    def __init__(self) -> None:
        super().__init__("no Chromium: as root, apt-get install -y chromium (./baohan test does)")


def find_browser() -> str:
    """The path of the first Chromium found; raises NoBrowser."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise NoBrowser


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser that has the project's Chinese font, whatever the system has."""
    path = find_browser()
    config = cache("browser") / f"fonts-{os.getpid()}.conf"
    config.write_text(FONTS.format(fonts=fonts(), cache=cache("fontconfig")))
    environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(config)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(FLAGS), env=environment
        )
        yield browser
        browser.close()
    config.unlink()


class Windows:
    """Opens pages for one test, each with cookies of its own, so that many people can be played."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []

    def open(self, size: tuple[int, int] = DESKTOP, *, javascript: bool = True) -> Page:
        """An empty page of this size in CSS pixels, in Chinese, for one person."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=javascript,
            has_touch=size == PHONE,
        )
        context.set_default_timeout(SECONDS * 1000)
        self.contexts.append(context)
        return context.new_page()

    def keep(self, test: str) -> list[Path]:
        """Write a screenshot of every open page and return the files."""
        directory = cache("screenshots")
        stem = re.sub(r"[^\w.-]+", "-", test).strip("-")
        pages = [page for context in self.contexts for page in context.pages]
        paths = [directory / f"{stem}-{number}.png" for number in range(1, len(pages) + 1)]
        for page, path in zip(pages, paths, strict=True):
            page.screenshot(path=path, full_page=True)
        return paths

    def close(self) -> None:
        """Close all pages."""
        for context in self.contexts:
            context.close()
