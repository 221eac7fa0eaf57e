"""Recipients in the browser: rehearsed, a passphrase changed, a token registered and rehearsed.

The procurer at desktop size, the agency at phone size without script.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import notices
from tests.browser.cast import SLOW, Project, download, go
from tests.browsers import DESKTOP, PHONE, Windows
from tests.live import Live
from tests.signing.tokens import token

LOTS = ("R01", "R02")
NEW = "一句只有我知道的新口令 2026"


def rehearse(page: Page, project: Project, passphrase: str) -> None:
    """A wrong passphrase first, then the right one; both lots are proved."""
    notices.enter_room(page, project, LOTS[0])
    page.get_by_label("解密口令").fill("这不是我的解密口令")
    page.get_by_role("button", name="开始演练").click()
    expect(page.get_by_role("alert")).to_contain_text("口令不能打开解密钥匙")
    page.get_by_label("解密口令").fill(passphrase)
    page.get_by_role("button", name="开始演练").click()
    expect(page.get_by_role("status")).to_contain_text("演练通过")


def change_passphrase(page: Page, live: Live, login: str) -> None:
    go(page, "解密钥匙")
    page.get_by_role("link", name="更换或停用").first.click()
    page.get_by_label("现在的口令").fill(live.passphrases[login])
    page.get_by_label("新口令", exact=True).fill(NEW)
    page.get_by_label("再输入一次新口令").fill(NEW)
    page.get_by_label("动态验证码").first.fill(live.code(login))
    page.get_by_role("button", name="更换钥匙").click()
    expect(page.get_by_role("main")).to_contain_text("这把钥匙已换下", timeout=SLOW)
    live.passphrases[login] = NEW  # for whoever opens later on this platform


def use_token(page: Page, project: Project, folder: Path) -> None:
    """Register the certificate, fetch the trial's share, open it with openssl, hand it in."""
    certificate, opened = folder / "token.pem", folder / "rehearsal.share"
    certificate.write_bytes(token().certificate_pem)
    go(page, "解密钥匙")
    page.get_by_label("证书文件").set_input_files(certificate)
    page.get_by_role("button", name="登记证书").click()
    expect(page.get_by_role("status")).to_contain_text("证书已登记")
    notices.enter_room(page, project, LOTS[1])
    page.get_by_role("button", name="密封一份演练份额").click()
    expect(page.get_by_role("status")).to_contain_text("演练份额已密封")
    share = token().opened(download(page, "下载演练份额", folder).read_bytes())
    assert len(share) == 64
    opened.write_bytes(share)
    page.get_by_label("解密后的演练份额").set_input_files(opened)
    page.get_by_role("button", name="交回演练份额").click()
    expect(page.get_by_role("status")).to_contain_text("演练通过")


@pytest.mark.timeout(600)
def test_recipients_prove_and_change_their_keys(
    live: Live, windows: Windows, tmp_path: Path
) -> None:
    opening_time = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    project = Project(f"演练设备采购 {opening_time:%H%M%S}", opening_time)
    agency = live.sign_in(windows.open(PHONE, javascript=False), "agency")
    procurer = live.sign_in(windows.open(DESKTOP), "procurer")
    notices.enter_project(agency, project, LOTS)
    notices.grant_mandate(procurer, project)
    rehearse(procurer, project, live.passphrases["procurer"])
    change_passphrase(procurer, live, "procurer")
    rehearse(procurer, project, live.passphrases["procurer"])
    use_token(agency, project, tmp_path)
    regulator = live.sign_in(windows.open(PHONE, javascript=False), "regulator")
    go(regulator, "开标演练")
    rows = regulator.get_by_role("row").filter(has_text=project.name)
    expect(rows).to_have_count(2)
    for row in rows.all():
        expect(row.get_by_text("已通过")).to_have_count(2)
