"""What browser tests look at on every page: accessibility, width, and what the browser says."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import ConsoleMessage, Page

OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect(), clipped = one.closest('.scroll, .nav-row ul, .skip');
  return box.right > document.documentElement.clientWidth + 1 && !clipped;
}).map(one => one.outerHTML.slice(0, 120))"""

JUDGE = """rules => axe.run(document, {
  resultTypes: ['violations'], ...(rules.length && {runOnly: {type: 'rule', values: rules}})
}).then(found => found.violations.map(one => ({
  rule: one.id, at: one.nodes.map(node => node.target.join(' '))
})))"""


class Complaints:
    """What the browser says about a page: refused by the policy, failed to load, wrong."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        page.on("console", self.note)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("requestfailed", lambda request: self.said.append(f"failed: {request.url}"))

    def note(self, message: ConsoleMessage) -> None:
        own_status = re.search(r"status of (401|403|404|410|422|500)", message.text)
        if message.type in ("error", "warning") and not own_status:
            self.said.append(message.text)

    def taken(self) -> list[str]:
        """What was said since the last time."""
        said, self.said = self.said, []
        return said


@cache
def axe() -> str:
    """The script of axe-core, as its package brings it."""
    return files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """What axe-core finds, by all its rules or by some: WCAG 2.0, 2.1 A and AA, best practice."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    found: list[dict[str, Any]] = page.evaluate(JUDGE, list(rules))
    return found


def sideways(page: Page) -> list[str]:
    """What makes the page wider than the screen; empty if nothing does."""
    root = "document.documentElement"
    wide, screen = page.evaluate(f"[{root}.scrollWidth, {root}.clientWidth]")
    found: list[str] = page.evaluate(OVERFLOWING)
    return [*([f"{wide} px on {screen} px"] if wide > screen else []), *found]


def head_faults(page: Page) -> list[str]:
    """What is wrong with its title, which stands before the site's name, and its first heading."""
    headings = page.locator("h1").count()
    own, _, site = page.title().partition(" · ")
    return [
        *([f"{headings} h1"] if headings != 1 else []),
        *([] if own.strip() and site else [f"title {page.title()!r}"]),
    ]
