"""What browser tests look at on every page: accessibility, width, and what the browser says."""

import re
from typing import Any

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect(), clipped = one.closest('.scroll, .nav-row ul, .skip');
  return box.right > document.documentElement.clientWidth + 1 && !clipped;
}).map(one => one.outerHTML.slice(0, 120))"""


class Complaints:
    """What the browser says about a page: refused by the policy, failed to load, wrong."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        page.on("console", self.note)
        page.on("requestfailed", lambda request: self.said.append(f"failed: {request.url}"))

    def note(self, message: ConsoleMessage) -> None:
        own_status = re.search(r"status of (401|403|404|422|500)", message.text)
        if message.type in ("error", "warning") and not own_status:
            self.said.append(message.text)


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """What axe-core finds, by all its rules or by some: WCAG 2.0 to 2.2 A and AA, best practice."""
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else None
    found = Axe().run(page, options=options)["violations"]
    return [{"rule": one["id"], "at": [n["target"] for n in one["nodes"]]} for one in found]
