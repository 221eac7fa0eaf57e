"""The design system in a browser: sizes, colour schemes, languages, keyboard, no script, axe."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import Thread
from typing import Literal

import pytest
from flask import Flask, abort
from playwright.sync_api import Page
from werkzeug.serving import make_server

from app.language import LANGUAGES
from app.portals.public.components import LONG_NAME
from app.portals.public.home import HomePage, InstitutionLine, NoticeLine, use_home
from app.shell import Viewer, notify
from tests.browser.looking import OVERFLOWING, Complaints, violations
from tests.browsers import DESKTOP, PHONE, Windows
from tests.shell_app import shell_app

SIZES = {"desktop": DESKTOP, "phone": PHONE}
WIDTHS = (360, 390, 768, 1280, 1440)
LONGEST = Viewer("institution", LONG_NAME, "欧阳沈知行", duty="复核", messages=12)

Scheme = Literal["light", "dark"]


def public_app(viewer: Viewer | None = None) -> Flask:
    """The shell's own pages with everything on them, and one page that breaks."""
    app = shell_app(viewer=viewer)
    lines = (
        InstitutionLine("北岳银行股份有限公司", "银行", ("投标", "履约", "预付款"), "active"),
        InstitutionLine(LONG_NAME, "保险公司", ("投标",), "suspended", "/institutions/1"),
    )
    notices = (NoticeLine("关于暂停新开投标保函的公告", date(2026, 3, 10), "/notices/1"),)
    page = HomePage(lines, "按验收日期排列，与收费高低无关。", notices)
    use_home(app, lambda: page)
    app.add_url_rule("/verify", "public.verify", lambda: "", methods=["GET", "POST"])
    app.add_url_rule("/messages", "account.messages", lambda: "")
    app.add_url_rule("/sign-in", "auth.sign_in", lambda: "")
    app.add_url_rule("/sign-out", "auth.sign_out", lambda: "", methods=["POST"])
    app.add_url_rule("/broken", "broken", lambda: 1 // 0)
    app.add_url_rule("/expired", "expired", lambda: abort(401))
    app.add_url_rule("/act", "act", act)
    return app


def act() -> str:
    notify("ok", "申请已提交。", "机构承诺 4 小时内答复。")
    return "done"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(public_app()) as address:
        yield address


@pytest.fixture(scope="module")
def member_site() -> Iterator[str]:
    with served(public_app(LONGEST)) as address:
        yield address


def visit(page: Page, address: str, scheme: Scheme = "light", language: str = "zh") -> list[str]:
    """Open a page; what the browser complained about."""
    complaints = Complaints(page)
    site = "/".join(address.split("/")[:3])
    page.context.add_cookies([{"name": "language", "value": language, "url": site}])
    # Bootstrap's buttons fade between colours; axe must not look while they do.
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    return complaints.said


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("path", ["/", "/components", "/nowhere", "/broken", "/expired"])
def test_axe_finds_nothing_and_the_browser_has_no_complaint(
    windows: Windows, site: str, path: str, size: tuple[int, int]
) -> None:
    page = windows.open(size)
    assert visit(page, site + path) == []
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_axe_finds_nothing_in_english_for_a_member_with_a_long_name(
    windows: Windows, member_site: str, size: tuple[int, int]
) -> None:
    page = windows.open(size)
    assert visit(page, f"{member_site}/components", "dark", "en") == []
    assert violations(page) == []


def test_axe_and_the_console_notice_faults(windows: Windows, site: str) -> None:
    page = windows.open()
    complaints = visit(page, f"{site}/")
    page.evaluate("""() => { const image = document.createElement('img');
        image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='; document.body.append(image); }""")
    page.wait_for_timeout(200)
    assert any("Content Security Policy" in said for said in complaints)
    assert "image-alt" in {found["rule"] for found in violations(page)}


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_sideways(windows: Windows, member_site: str, width: int) -> None:
    page = windows.open((width, 800))
    for path in ("/", "/components", "/nowhere", "/broken"):
        for language in LANGUAGES:
            visit(page, member_site + path, language=language)
            wide = page.evaluate("document.documentElement.scrollWidth")
            sticking_out = page.evaluate(OVERFLOWING)
            assert (path, language, wide, sticking_out) == (path, language, width, [])


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_chosen_theme_wins_over_the_systems(windows: Windows, site: str, choice: str) -> None:
    page = windows.open()
    visit(page, f"{site}/", "light" if choice == "dark" else "dark")
    page.get_by_role("link", name={"light": "浅色", "dark": "深色"}[choice]).click()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(242, 245, 246)", "dark": "rgb(14, 22, 27)"}[choice]
    page.get_by_role("link", name="跟随系统").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_everything_works_without_javascript(windows: Windows, site: str) -> None:
    page = windows.open(PHONE, javascript=False)
    page.goto(f"{site}/act")
    page.goto(f"{site}/")
    assert page.get_by_role("status").inner_text().startswith("申请已提交。")
    page.get_by_role("link", name="English").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Verify a guarantee"
    page.get_by_role("link", name="Components").click()
    assert page.url == f"{site}/components"


def test_an_error_in_the_summary_leads_to_its_field(windows: Windows, site: str) -> None:
    page = windows.open()
    visit(page, f"{site}/components")
    page.get_by_role("link", name="统一社会信用代码第 18 位").click()
    assert page.url.endswith("#credit_code")
    assert page.locator("#credit_code").input_value() == "91140100MA0HT9W45V"
    described = page.locator("#credit_code").get_attribute("aria-describedby") or ""
    words = [page.locator(f"#{part}").inner_text() for part in described.split()]
    assert words[0] == "18 位，在营业执照上"
    assert words[1].startswith("错误：统一社会信用代码第 18 位")


def test_what_was_typed_is_still_there_after_errors(windows: Windows, site: str) -> None:
    page = windows.open(PHONE, javascript=False)
    page.goto(f"{site}/components")
    page.get_by_label("保证金额（元）").fill("七万")
    page.get_by_label("理由").fill("成员额度 92%，<b>同意</b>")
    page.get_by_label("有效期", exact=True).select_option("2026-09-15")
    page.get_by_label("保证金锁定").check()
    page.get_by_label("经办人身份证件").check()
    page.get_by_role("button", name="提交申请").click()
    assert page.get_by_label("保证金额（元）").input_value() == "七万"
    assert page.get_by_label("理由").input_value() == "成员额度 92%，<b>同意</b>"
    assert page.get_by_label("有效期", exact=True).input_value() == "2026-09-15"
    assert page.get_by_label("保证金锁定").is_checked()
    assert page.get_by_label("经办人身份证件").is_checked()
    summary = page.get_by_role("alert").filter(has_text="需要改正")
    assert "金额“七万”的第 1 个字符“七”不是数字" in summary.inner_text()
    assert page.evaluate("document.activeElement.className") == "errors"


def test_every_stop_of_the_tab_key_is_seen(windows: Windows, site: str) -> None:
    page = windows.open()
    visit(page, f"{site}/")
    stops = []
    for _press in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => { const one = document.activeElement, style = getComputedStyle(one);
            const box = one.getBoundingClientRect();
            return [one.tagName, style.outlineStyle + style.outlineWidth, box.width > 0]; }"""
        )
        if stop[0] == "BODY":
            break
        stops.append(stop)
    assert len(stops) > 12
    assert {tuple(stop[1:]) for stop in stops} == {("solid3px", True)}
    assert stops[0][0] == "A"


def test_the_skip_link_comes_first_and_leads_past_the_navigation(
    windows: Windows, site: str
) -> None:
    page = windows.open()
    visit(page, f"{site}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_signing_out_is_a_button_that_posts(windows: Windows, member_site: str) -> None:
    page = windows.open()
    visit(page, f"{member_site}/")
    with page.expect_request("**/sign-out") as sent:
        page.get_by_role("button", name="退出").click()
    assert sent.value.method == "POST"
    answer = sent.value.response()
    assert answer
    assert answer.status == 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tokens_contrast_more_than_the_guidelines_ask(
    windows: Windows, site: str, scheme: Scheme
) -> None:
    page = windows.open()
    visit(page, f"{site}/", scheme)
    text = [("--ink", "--paper"), ("--ink", "--ground"), ("--ink-2", "--paper-2")]
    text += [("--ink-2", "--ground"), ("--link", "--paper"), ("--brand-on", "--brand")]
    text += [(f"--{tone}", f"--{tone}-bg") for tone in ("ok", "warn", "bad", "act", "seal", "mute")]
    shapes = [("--line-2", "--paper"), ("--focus", "--paper"), ("--focus", "--ground")]
    colours = page.evaluate(
        "names => names.map(n => getComputedStyle(document.documentElement).getPropertyValue(n))",
        sorted({name for pair in text + shapes for name in pair}),
    )
    names = sorted({name for pair in text + shapes for name in pair})
    token = dict(zip(names, colours, strict=True))
    for one, other in text:
        assert contrast(token[one], token[other]) >= 4.5, (one, other)
    for one, other in shapes:
        assert contrast(token[one], token[other]) >= 3, (one, other)


def contrast(one: str, other: str) -> float:
    """Ratio of WCAG 2.2, 1.4.3, of two colours such as #15232b or #fff."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour.strip().removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
