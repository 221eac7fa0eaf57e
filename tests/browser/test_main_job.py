"""The main job in the browser, in Chinese, from the printed logins.

At desktop size with a decision by keyboard alone, at phone size without script.
"""

import json
import time
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import applying, notices, opening, underwriting
from tests.browser.cast import Application, Project, download
from tests.browsers import DESKTOP, PHONE, Windows
from tests.live import Live

LOTS = ("A01", "A02", "A03", "A04", "A05")
"""Two for the desktop, two for the phone, and one for which nobody applies. None stands in a time
or a name by chance."""


@dataclass
class Party:
    """The same people at one size of screen."""

    live: Live
    windows: Windows
    project: Project
    size: tuple[int, int]
    javascript: bool

    def enter(self, login: str) -> Page:
        return self.live.sign_in(self.visitor(), login)

    def visitor(self) -> Page:
        return self.windows.open(self.size, javascript=self.javascript)

    def get_sealed(self, lots: tuple[str, str], tmp_path: Path) -> tuple[str, str]:
        """Two applications, one by way of people; numbers of their sealed letters."""
        supplier, maker, checker = map(self.enter, ("supplier", "maker", "checker"))
        joint = applying.apply_with_member(supplier, self.project, lots[0])
        alone = applying.apply_alone(supplier, self.project, lots[1])
        underwriting.recommend(maker, joint)
        decide = underwriting.decide_by_keyboard if self.size == DESKTOP else underwriting.decide
        decide(checker, self.live, joint)
        for one in (joint, alone):
            applying.pay(supplier, one)
        return self.sealed(supplier, joint, tmp_path), self.sealed(supplier, alone, tmp_path)

    def sealed(self, supplier: Page, one: Application, folder: Path) -> str:
        """Number of the letter, once it is sealed and its receipt agrees."""
        number = applying.wait_for_sealing(supplier, one)
        receipt = json.loads(download(supplier, "下载 密封回执", folder).read_text("utf-8"))
        assert receipt["number"] == number
        assert len(bytes.fromhex(receipt["leaf"])) == 32
        assert not supplier.get_by_role("link", name="保函（PDF 原件）").count()
        return number

    def opened(self, login: str, lot: str, number: str, folder: Path) -> None:
        """Opening, letter, files; then the public verifies what was downloaded."""
        opener = self.enter(login)
        opening.open_lot(opener, self.live, login, self.project, lot)
        archive = download(opener, "下载已解密保函（ZIP）", folder)
        listed = download(opener, "下载签名清单", folder)
        code = opening.read_letter(opener, number)
        letter = download(opener, "下载保函（PDF 原件）", folder)
        with zipfile.ZipFile(archive) as packed:
            assert packed.read(f"{number}.pdf") == letter.read_bytes()
        public = self.visitor()
        assert "三项查验通过" in opening.verify_file(public, self.live, letter)
        assert "签名通过" in opening.verify_file(public, self.live, listed)
        assert "登记簿中有这份保函" in opening.verify_number(public, self.live, number, code)
        report = opening.verify_file(public, self.live, tampered(letter))
        assert "不要依据这份文件行事" in report
        assert "不通过" in report


def tampered(letter: Path) -> Path:
    """A copy with one bit of its page changed, outside the signature's own bytes."""
    data = bytearray(letter.read_bytes())
    place = data.index(b"stream\n") + 60
    data[place] ^= 1
    copy = letter.with_name("tampered.pdf")
    copy.write_bytes(data)
    return copy


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


@pytest.mark.timeout(900)
def test_the_main_job_at_desktop_and_phone_size(
    live: Live, windows: Windows, tmp_path: Path
) -> None:
    opening_time = datetime.now(UTC).replace(microsecond=0) + live.patience()
    project = Project(f"检验设备采购 {opening_time:%H%M%S}", opening_time)
    desk = Party(live, windows, project, DESKTOP, javascript=True)
    phone = Party(live, windows, project, PHONE, javascript=False)
    agency, procurer = desk.enter("agency"), desk.enter("procurer")
    notices.enter_project(agency, project, LOTS)
    notices.grant_mandate(procurer, project)
    before = notices.see_nothing(procurer, project, LOTS[0])
    joint, _alone = desk.get_sealed((LOTS[0], LOTS[1]), tmp_path)
    assert notices.see_nothing(procurer, project, LOTS[0]) == before
    _joint, alone = phone.get_sealed((LOTS[2], LOTS[3]), tmp_path)
    assert notices.see_nothing(agency, project, LOTS[3]) == notices.see_nothing(
        agency, project, LOTS[4]
    )
    print(f"sealed with {opening_time - datetime.now(UTC)} left")
    wait_until(opening_time + timedelta(seconds=1))
    desk.opened("procurer", LOTS[0], joint, tmp_path)
    phone.opened("agency", LOTS[3], alone, tmp_path)
