"""The rehearsal in pages: proved under a passphrase, seen by those concerned and by supervision."""

import re
from datetime import timedelta

from app.jobs.reminders import Reminders
from tests.app.portals.test_main_job import applied
from tests.house import OPENING, Mailbox
from tests.visitors import Pages, said
from tests.world import PASSPHRASE


def test_a_rehearsal_in_the_room(pages: Pages) -> None:
    procurer, lot = pages.as_("procurer"), pages.world.lot
    assert "未演练" in said(procurer.get(f"/openings/{lot}"))
    assert "演练 0 / 2 标段" in said(procurer.get(f"/projects/{pages.world.project}"))
    wrong = procurer.post(f"/openings/{lot}/rehearse", passphrase="not it at all")
    assert wrong.status_code == 422
    assert "口令不能打开解密钥匙" in said(wrong.text)
    assert "not it at all" not in wrong.text
    assert procurer.post(f"/openings/{lot}/rehearse", passphrase="").status_code == 422
    procurer.sent(f"/openings/{lot}/rehearse", passphrase=PASSPHRASE)
    for one in pages.world.lots:
        room = said(procurer.get(f"/openings/{one}"))
        assert "演练通过" in room or "已通过" in room
        assert "未演练" not in room
    assert "演练 2 / 2 标段" in said(procurer.get(f"/projects/{pages.world.project}"))


def test_supervision_sees_it_and_others_do_not(pages: Pages) -> None:
    pages.as_("procurer").sent(f"/openings/{pages.world.lot}/rehearse", passphrase=PASSPHRASE)
    for who in ("operator", "regulator"):
        page = said(pages.as_(who).get("/supervision/rehearsals"))
        assert "已通过 1 / 1 把钥匙" in page
        assert "还没有钥匙" in page  # the agency
    for who in ("supplier", "maker", "procurer", "agency"):
        assert pages.as_(who).status("/supervision/rehearsals") == 403


def test_a_bid_changes_nothing_of_it(pages: Pages) -> None:
    """Rooms of the lot with a bid and of the one without say the same."""
    applied(pages)
    with_bid, without = (
        said(pages.as_("procurer").get(f"/openings/{lot}")) for lot in pages.world.lots
    )
    assert re.sub(r"\b0[12]\b", "#", with_bid) == re.sub(r"\b0[12]\b", "#", without)
    pages.as_("procurer").sent(f"/openings/{pages.world.lot}/rehearse", passphrase=PASSPHRASE)
    assert "演练 2 / 2" in said(pages.as_("procurer").get(f"/projects/{pages.world.project}"))


def test_reminders_come_by_mail_and_say_nothing(pages: Pages) -> None:
    pages.world.now = OPENING - timedelta(days=2)
    lane = Reminders(pages.house)
    assert (lane.run_due(), lane.run_due()) == (1, 0)
    pages.world.now += timedelta(minutes=1)
    assert lane.run_due() == 0
    pages.work()
    mailbox = pages.house.mailer
    assert isinstance(mailbox, Mailbox)
    assert {to for to, _subject, _text in mailbox.mails} == {
        "procurer@example.invalid",
        "agency@example.invalid",
    }
    assert len(mailbox.mails) == 2
    for _to, subject, text in mailbox.mails:
        assert "流水线" not in subject + text
        assert "HDCG" not in subject + text
