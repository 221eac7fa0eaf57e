"""Archive time-stamps of opened letters: the first one, renewals, and what stands in their way."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.house import House
from app.jobs import archiving
from app.jobs.archiving import Archiving
from app.processes.letter_refusals import LetterNotMade
from app.processes.web import lanes_of
from guarantees.flow import archive_letter
from guarantees.records.guarantee import LetterRow
from signing import archival
from signing.archival import ArchiveStamp
from signing.certificates import create_authority, crl, issue_timestamping, root_crl
from signing.trust import Anchor, Trust
from tests.app.jobs.opening_steps import opened, sealed_letters
from tests.house import OPENING
from tests.signing.made import PASSPHRASE, folder, stamps_at
from tests.world import World

YEAR = timedelta(days=365)


class Stamping:
    """The signer's part, with an authority whose certificates last a year."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.away = False
        self.asked = 0
        self.pki = create_authority(folder() / "ca", OPENING - YEAR, passphrase=PASSPHRASE)

    def trust(self, at: datetime) -> Trust:
        lists = crl(self.pki, at), root_crl(self.pki, at)
        return Trust(anchors=(Anchor(self.pki.root_der),), lists=lists)

    def archive_stamp(self, sha256: bytes, before: Sequence[bytes]) -> bytes:
        self.asked += 1
        if self.away:
            raise LetterNotMade("timestamp", "unavailable")
        at = self.world.now
        key = issue_timestamping(self.pki, "时间戳", at, life=YEAR, directory=folder())
        earlier = [ArchiveStamp.from_bytes(one) for one in before]
        made = archival.stamp(sha256, earlier, stamps_at(key, at), self.trust(at), at)
        return made.to_bytes()


@pytest.fixture
def signer(world: World) -> Stamping:
    return Stamping(world)


@pytest.fixture
def cases(world: World, house: House) -> list[str]:
    """Two letters that were opened."""
    made = sealed_letters(world, house)
    opened(world, house)
    return made


@pytest.fixture
def lane(house: House, signer: Stamping, cases: list[str]) -> Archiving:
    return Archiving(replace(house, letters=signer))  # type: ignore[arg-type]


def stamps(world: World, case: str) -> list[ArchiveStamp]:
    return [ArchiveStamp.from_bytes(one) for one in world.read(archive_letter.stamps_of, case)]


def digest(world: World, case: str) -> bytes:
    return world.read(lambda session: session.get(LetterRow, case).sha256)


def test_the_web_process_looks(house: House) -> None:
    assert [type(one) for one in lanes_of(house)].count(Archiving) == 1


def test_every_opened_letter_gets_a_stamp_once(
    world: World, lane: Archiving, signer: Stamping, cases: list[str]
) -> None:
    assert lane.run_due() == 2
    for case in cases:
        found = archival.judge(
            digest(world, case), stamps(world, case), signer.trust(world.now), world.now
        )
        assert (found.code, found.since) == ("sound", world.now.replace(microsecond=0))
    world.now += Archiving.every
    assert lane.run_due() == 0
    assert signer.asked == 2


def test_letters_that_are_not_opened_get_none(world: World, house: House) -> None:
    sealed_letters(world, house)
    signer = Stamping(world)
    assert Archiving(replace(house, letters=signer)).run_due() == 0  # type: ignore[arg-type]
    assert signer.asked == 0


def test_it_keeps_a_pace_of_its_own(world: World, lane: Archiving, signer: Stamping) -> None:
    signer.away = True
    assert lane.run_due() == 0
    signer.away = False
    world.now += Archiving.every - timedelta(seconds=1)
    assert lane.run_due() == 0
    world.now += timedelta(seconds=1)
    assert lane.run_due() == 2


def test_stamps_are_renewed_before_they_end(
    world: World, lane: Archiving, signer: Stamping, cases: list[str]
) -> None:
    began = world.now
    for _ in range(8):  # every half a year or so
        lane.run_due()
        world.now += timedelta(days=180)
    [case, _] = cases
    found = stamps(world, case)
    assert 4 <= len(found) <= 6
    judged = archival.judge(digest(world, case), found, signer.trust(world.now), world.now)
    assert (judged.code, judged.since) == ("sound", began.replace(microsecond=0))


def test_a_letter_that_is_not_what_the_register_says_gets_none(
    world: World, lane: Archiving, cases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = archiving.opened_files.read_letter
    changed = cases[0]
    monkeypatch.setattr(
        archiving.opened_files, "read_letter",
        lambda house, case: read(house, case) + (b"\n" if case == changed else b""),
    )  # fmt: skip
    assert lane.run_due() == 1
    assert not stamps(world, changed)


def test_two_that_look_at_once_leave_one_stamp(
    world: World, lane: Archiving, signer: Stamping, cases: list[str]
) -> None:
    [first, *_] = world.read(archive_letter.due, world.now, after="", most=1)
    made = [signer.archive_stamp(first.sha256, ()) for _ in range(2)]
    kept = [world.run("archive_stamp", archive_letter.keep, world.now, first, one) for one in made]
    assert kept == [True, False]
    assert [one.to_bytes() for one in stamps(world, first.case)] == made[:1]


def test_a_look_is_broken_off_when_the_process_ends(lane: Archiving, signer: Stamping) -> None:
    stop = threading.Event()
    stop.set()
    assert lane.run_due(stop) == 0
    assert signer.asked == 0


def test_many_are_read_in_turns(
    world: World, lane: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "AT_ONCE", 1)
    assert lane.run_due() == 2
