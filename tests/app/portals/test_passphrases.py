"""Passphrases tried at an opening: counted per person and per organisation, and recorded."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.auth import throttle
from app.auth.throttle import PASSPHRASE_WINDOW, PASSPHRASES, PassphraseResting, PassphraseTries
from app.jobs import openings
from guarantees.records.guarantee import EventRow
from signing import seal
from tests.house import OPENING
from tests.visitors import Pages, said
from tests.world import PASSPHRASE, START

WRONG = "口令不能打开解密钥匙"
RESTING = "解密口令短时间内多次不正确"


def tried(pages: Pages, passphrase: str, who: str = "procurer") -> str:
    path = f"/openings/{pages.world.lot}/open"
    answer = pages.as_(who).post(path, passphrase=passphrase, otp="123456")
    return said(answer.text)


def refused(pages: Pages) -> list[EventRow]:
    with pages.world.sessions.reading() as session:
        return list(
            session.scalars(select(EventRow).where(EventRow.what == "person.passphrase_refused"))
        )


def test_tries_within_one_code_are_few_and_recorded(pages: Pages) -> None:
    pages.world.now = OPENING
    for n in range(PASSPHRASES):
        assert WRONG in tried(pages, f"guess {n}")
    page = tried(pages, PASSPHRASE)
    assert RESTING in page
    assert "还需等待 15 分" in page
    assert "2026-03-17 09:15" in page
    assert not openings.running(pages.world.lot)
    held = refused(pages)
    assert len(held) == PASSPHRASES
    assert {one.subject for one in held} == {f"person:{pages.world.people['procurer'].person_id}"}
    assert all(one.note.endswith("01") and "guess" not in one.note for one in held)
    pages.world.now += PASSPHRASE_WINDOW
    assert RESTING not in tried(pages, PASSPHRASE)
    openings.wait(pages.world.lot, 30)
    assert "已开标" in said(pages.as_("procurer").get(f"/openings/{pages.world.lot}"))


def test_what_rests_is_not_derived(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """The expensive part is what a guesser must not get."""
    pages.world.now = OPENING
    for n in range(PASSPHRASES):
        tried(pages, f"guess {n}")

    def derive(*_given: object) -> bytes:
        raise AssertionError("the passphrase was looked at")

    monkeypatch.setattr(seal, "unwrap_private", derive)
    assert RESTING in tried(pages, "one more")


def test_before_the_opening_a_right_passphrase_counts_nothing(pages: Pages) -> None:
    for _ in range(2 * PASSPHRASES):
        assert "时间未到" in tried(pages, PASSPHRASE)
    assert refused(pages) == []


def test_another_person_is_not_held_up(pages: Pages) -> None:
    pages.world.now = OPENING
    for n in range(PASSPHRASES + 1):
        tried(pages, f"guess {n}")
    assert RESTING not in tried(pages, "agency's own try", who="agency")


def test_an_organisation_has_a_limit_of_its_own() -> None:
    tries = PassphraseTries(person=2, organisation=3)
    anna, ben = (replace(throttle_actor(), person_id=one) for one in ("anna", "ben"))
    tries.charge(anna, START)
    tries.charge(anna, START)
    tries.charge(ben, START)
    with pytest.raises(PassphraseResting):
        tries.charge(ben, START)
    # What was not looked at is not Ben's: after the window he has both his tries.
    later = START + PASSPHRASE_WINDOW
    tries.charge(ben, later)
    tries.charge(ben, later)


def test_a_right_one_in_between_forgives_no_wrong_ones() -> None:
    tries = PassphraseTries(person=2, organisation=9)
    actor = throttle_actor()
    for _ in range(2):
        tries.charge(actor, START)
        tries.charge(replace(actor, person_id="other"), START)
    with pytest.raises(PassphraseResting):
        tries.charge(actor, START)
    tries = PassphraseTries(person=2, organisation=9)
    tries.charge(actor, START)
    tries.charge(actor, START)
    tries.refund(actor)
    tries.charge(actor, START)
    with pytest.raises(throttle.SignInLocked):
        tries.charge(actor, START)


def throttle_actor() -> throttle.Actor:
    return throttle.Actor("anna", "", "procurer", "procurer")
