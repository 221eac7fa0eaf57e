"""Registration: every lot gets its opening, or nothing happens; the timekeeper is a double."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from guarantees.errors import Forbidden, NotFound, Unavailable
from guarantees.flow import register_project
from guarantees.records.sealed import LogLeaf
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice
from guarantees.values.notice_faults import NoticeRefused
from signing import seal, wire
from signing.timekeeper.protocol import OpeningCertificate
from tests.conftest import Database
from tests.guarantees.flow.project_samples import (
    GAPS,
    NOTICE,
    Kept,
    Office,
    codes,
    notice,
    office_on,
    openings,
    view,
)

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("world"))


@pytest.fixture
def office(kept: Kept, tmp_path: Path) -> Iterator[Office]:
    with kept.open(tmp_path) as opened:
        yield opened


def test_every_lot_gets_a_certificate_and_a_leaf(office: Office) -> None:
    leaves = office.count(LogLeaf)
    project = office.enter()
    assert office.register(project) == 2
    made = openings(office, project)
    assert made.keys() == {"01", "02"}
    public = office.timekeeper.public()
    for opening in made.values():
        certificate = OpeningCertificate.from_bytes(opening.certificate)
        certificate.verify(public)
        assert certificate.opening == opening.id
        assert certificate.lot == opening.lot_id
        assert certificate.opening_time == opening.opening_time == NOTICE.opening_time
        assert certificate.deadline == NOTICE.submission_deadline
    assert office.count(LogLeaf) == leaves + 2
    assert view(office, project).state == "registered"


def test_the_leaf_can_be_computed_again_from_the_certificate(office: Office) -> None:
    whole = notice(lots=(), budget=Money.parse("1770000"), deposit=Money.parse("35000"))
    project = office.registered(whole)
    held = openings(office, project)["1"].certificate
    salt = office.world.sessions.vault.tag("opening-certificate-leaf", held)
    leaves = office.world.read(lambda session: session.scalars(select(LogLeaf.leaf)).all())
    assert seal.leaf_hash(salt, held) in leaves


def test_registering_again_changes_nothing(office: Office) -> None:
    project = office.registered()
    before = {number: one.certificate for number, one in openings(office, project).items()}
    assert office.register(project) == 0
    assert {number: one.certificate for number, one in openings(office, project).items()} == before


def test_gaps_and_contradictions_are_named_together(office: Office) -> None:
    project = office.enter(
        notice(
            bid_validity_days=None,
            procurer_name="没有注册的医院",
            opening_time=NOTICE.submission_deadline - HOUR,
            lots=(LotNotice("01", "一", Money.parse("1"), None),),
        )
    )
    with pytest.raises(NoticeRefused) as refused:
        office.register(project)
    assert codes(refused) == ["gap", "gap", "opening_before_deadline", "procurer_unknown"]
    sentences = [str(one.reason) for one in refused.value.faults]
    assert sentences[0] == "“投标有效期”不能空着。"
    assert sentences[1] == "标段 01 的“标段投标保证金”不能空着。"
    assert "2026-03-12 08:00" in sentences[2]
    assert "没有注册的医院" in sentences[3]
    assert view(office, project).state == "draft"
    assert openings(office, project) == {}


def test_a_deadline_that_has_passed_stops_the_registration(office: Office) -> None:
    project = office.enter()
    office.advance(days=11)
    with pytest.raises(NoticeRefused) as refused:
        office.register(project)
    assert codes(refused) == ["deadline_passed"]


def test_a_procurer_that_registered_since_is_found(office: Office) -> None:
    project = office.enter(notice(procurer_name="另一家procurer（演示）"))
    assert not view(office, project).procurer_registered
    other = office.stranger("procurer")
    assert office.register(project) == 2
    assert view(office, project, other).own_procurer


def test_one_procurement_is_registered_once(office: Office) -> None:
    office.registered()
    twin = office.enter(who=office.stranger())
    with pytest.raises(NoticeRefused) as refused:
        office.register(twin, who="operator")
    assert codes(refused) == ["registered_twice"]


def test_procurer_and_agency_register_and_nobody_else(office: Office) -> None:
    project = office.enter(GAPS)
    for who, error in (
        (office.stranger(), NotFound),
        ("procurer", NotFound),
        ("supplier", Forbidden),
        ("maker", Forbidden),
    ):
        with pytest.raises(error):
            office.register(project, who)
    assert office.register(office.enter(), "procurer") == 2


class Away:
    """A timekeeper that is away, after so many answers."""

    def __init__(self, office: Office, answers: int) -> None:
        self.real = office.timekeeper
        self.answers = answers

    def register(self, lot: str, opening_time: datetime, deadline: datetime) -> OpeningCertificate:
        if self.answers == 0:
            raise wire.Unavailable("timekeeper.sock", "nobody there", sent=False)
        self.answers -= 1
        return self.real.register(lot, opening_time, deadline)


def test_a_timekeeper_that_goes_away_leaves_a_draft(office: Office) -> None:
    project = office.enter()
    world = office.world
    away = Away(office, answers=1)
    with pytest.raises(Unavailable):
        world.run(
            "register_project", register_project.register, world.as_("agency"), world.now, project,
            away,
        )  # fmt: skip
    assert view(office, project).state == "draft"
    assert openings(office, project) == {}
    assert office.register(project) == 2


def test_a_cut_off_registration_is_taken_up_again(office: Office) -> None:
    """The timekeeper knows the lots already, and the draft was put off since."""
    project = office.enter()
    lots = [one.id for one in view(office, project).lots]
    held = [
        office.timekeeper.register(lot, NOTICE.opening_time, NOTICE.submission_deadline)
        for lot in lots
    ]
    office.correct(project, notice(opening_time=NOTICE.opening_time + HOUR))
    assert office.register(project) == 2
    made = openings(office, project)
    assert {one.id for one in made.values()} == {one.opening for one in held}
    assert {one.opening_time for one in made.values()} == {NOTICE.opening_time + HOUR}


def test_a_cut_off_registration_never_moves_earlier(office: Office) -> None:
    project = office.enter()
    for lot in view(office, project).lots:
        office.timekeeper.register(lot.id, NOTICE.opening_time, NOTICE.submission_deadline)
    office.correct(project, notice(opening_time=NOTICE.submission_deadline))
    with pytest.raises(NoticeRefused) as refused:
        office.register(project)
    assert codes(refused) == ["time_not_later"]
    assert "2026-03-12 10:00" in str(refused.value.faults[0].reason)


def test_two_register_at_once_on_both_databases(own_database: Database, tmp_path: Path) -> None:
    with office_on(own_database, tmp_path / "keys") as office:
        project = office.enter()
        answers: list[int] = []

        def register(who: str) -> None:
            answers.append(office.register(project, who))

        threads = [
            threading.Thread(target=register, args=(who,))
            for who in ("agency", "procurer", "operator")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [0, 0, 2]
        assert len(openings(office, project)) == 2
        again = [
            office.timekeeper.register(lot.id, NOTICE.opening_time, NOTICE.submission_deadline)
            for lot in view(office, project).lots
        ]
        assert {one.opening for one in again} == {
            one.id for one in openings(office, project).values()
        }
