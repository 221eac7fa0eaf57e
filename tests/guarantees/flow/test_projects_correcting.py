"""Correction notices: what they break, what they may not do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from guarantees.errors import Unavailable
from guarantees.records.outbox import pending
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice
from guarantees.values.notice_faults import NoticeRefused
from signing import wire
from signing.timekeeper.protocol import OpeningCertificate
from tests.guarantees.flow.project_samples import (
    NOTICE,
    Kept,
    Office,
    codes,
    grant,
    notice,
    open_lots,
    openings,
    view,
)
from tests.world import START

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("world"))


@pytest.fixture
def office(kept: Kept, tmp_path: Path) -> Iterator[Office]:
    with kept.open(tmp_path) as opened:
        yield opened


def lots(*, deposit: str = "20000", second: bool = True) -> tuple[LotNotice, ...]:
    first = replace(NOTICE.lots[0], deposit=Money.parse(deposit))
    return (first, NOTICE.lots[1]) if second else (first,)


DAY = timedelta(days=1)
DEADLINE, OPENING = NOTICE.submission_deadline, NOTICE.opening_time
BREAKS = (
    ({"submission_deadline": DEADLINE - DAY}, ["deadline_earlier", "validity_shortened"]),
    (
        {"submission_deadline": DEADLINE + DAY, "opening_time": OPENING + DAY},
        ["deadline_later", "validity_extended", "opening_later"],
    ),
    ({"opening_time": OPENING + DAY}, ["opening_later"]),
    ({"bid_validity_days": 120}, ["validity_extended"]),
    ({"bid_validity_days": 60}, ["validity_shortened"]),
    ({"lots": lots(deposit="20000.01")}, ["deposit_raised"]),
    ({"lots": lots(deposit="0")}, ["deposit_lowered"]),
    ({"lots": lots(second=False)}, ["lot_withdrawn"]),
    ({"lots": (*lots(), replace(NOTICE.lots[0], number="03"))}, ["lot_added"]),
    ({"guarantee_accepted": "no"}, ["guarantee_refused"]),
    ({"basic_account_demanded": True}, ["basic_account"]),
    ({"agency_name": None}, ["agency_left"]),
    ({"agency_name": "另一家招标公司"}, ["agency_left", "agency_joined"]),
    ({"name": "门诊楼空调设备"}, ["renamed"]),
    ({"method": "邀请招标"}, []),
)


@pytest.mark.parametrize(("changed", "expected"), BREAKS, ids=lambda one: "-".join(map(str, one)))
def test_a_correction_says_what_it_breaks(
    office: Office, changed: dict[str, object], expected: list[str]
) -> None:
    project = office.registered()
    correction = office.correct(project, notice(**changed), who="operator")
    assert [one.code for one in correction.breaks] == expected
    assert correction.changes
    assert correction.version == 2
    [kept] = view(office, project, "operator").corrections
    assert [one.code for one in kept.breaks] == expected
    assert kept.note == "更正公告（一）"


def test_what_breaks_never_counts(office: Office) -> None:
    """The words are the same with bids and without: nothing but the notice goes in."""
    project = office.registered()
    correction = office.correct(project, notice(lots=lots(deposit="30000"), bid_validity_days=120))
    assert [str(one) for one in correction.breaks] == [
        "投标有效期届满日由 2026-06-10 延至 2026-07-10：到期日早于 2026-07-10 的投标保函不再够用，"
        "须由供应商申请变更或重新开立。",
        "标段 01 的投标保证金由 20,000.00 元提高到 30,000.00 元：金额低于 30,000.00 元的投标保函"
        "不再够用，须由供应商申请变更或重新开立。",
    ]


REFUSED = (
    ({"opening_time": OPENING - timedelta(minutes=1)}, ["opening_earlier"]),
    ({"procurer_name": "别家医院"}, ["procurer_changed"]),
    ({"number": "YS-2026-002"}, ["number_changed"]),
    ({"bid_validity_days": None}, ["gap"]),
    ({"submission_deadline": OPENING + HOUR}, ["opening_before_deadline"]),
    ({"submission_deadline": START - HOUR}, ["deadline_passed"]),
)


@pytest.mark.parametrize(("changed", "expected"), REFUSED, ids=lambda one: "-".join(map(str, one)))
def test_what_a_correction_may_not_do(
    office: Office, changed: dict[str, object], expected: list[str]
) -> None:
    project = office.registered()
    with pytest.raises(NoticeRefused) as refused:
        office.correct(project, notice(**changed))
    assert codes(refused) == expected
    assert view(office, project).version == 1


def test_postponing_asks_the_timekeeper(office: Office) -> None:
    project = office.registered()
    before = openings(office, project)
    office.correct(project, notice(opening_time=OPENING + DAY))
    after = openings(office, project)
    for number, opening in after.items():
        certificate = OpeningCertificate.from_bytes(opening.certificate)
        assert opening.id == before[number].id
        assert certificate.revision == 2
        assert opening.opening_time == certificate.opening_time == OPENING + DAY
    messages = office.world.run("outbox", lambda session: list(pending(session, START, 100)))
    people = office.world.people
    assert sorted((one.arguments["to"], one.arguments["about"]) for one in messages) == [
        ("agency", people["agency"].organisation_id),
        ("procurer", people["procurer"].organisation_id),
    ]
    assert {one.arguments["event"] for one in messages} == {"project.corrected"}


def test_after_the_deadline_only_the_opening_moves(office: Office) -> None:
    project = office.registered()
    office.advance(days=10, minutes=5)
    with pytest.raises(NoticeRefused) as refused:
        office.correct(project, notice(bid_validity_days=120, opening_time=OPENING + DAY))
    assert codes(refused) == ["deadline_reached"]
    correction = office.correct(project, notice(opening_time=OPENING + DAY))
    assert [one.code for one in correction.breaks] == ["opening_later"]


def test_after_the_opening_nothing_moves(office: Office) -> None:
    project = office.registered()
    office.advance(days=10, hours=1)
    with pytest.raises(NoticeRefused) as refused:
        office.correct(project, notice(opening_time=OPENING + DAY))
    assert codes(refused) == ["opening_reached"]


def test_an_added_lot_is_opened_too_and_a_withdrawn_one_is_not_offered(office: Office) -> None:
    project = office.registered()
    third = replace(NOTICE.lots[0], number="03", name="风管")
    office.correct(project, notice(lots=(NOTICE.lots[0], third)))
    assert openings(office, project).keys() == {"01", "02", "03"}
    offered = [one.number for one in open_lots(office) if one.project == project]
    assert offered == ["01", "03"]


def test_a_correction_needs_its_reason_and_the_latest_version(office: Office) -> None:
    project = office.registered()
    with pytest.raises(NoticeRefused) as refused:
        office.correct(project, notice(bid_validity_days=91), note=" ")
    assert codes(refused) == ["note_missing"]
    office.correct(project, notice(bid_validity_days=91))
    with pytest.raises(NoticeRefused) as refused:
        office.correct(project, notice(bid_validity_days=92), expected=1)
    assert codes(refused) == ["superseded"]
    assert "第 2 版" in str(refused.value.faults[0].reason)


def test_a_correction_that_says_nothing_new_makes_no_version(office: Office) -> None:
    project = office.registered()
    correction = office.correct(project, NOTICE, note="")
    assert correction.changes == ()
    assert view(office, project).version == 1


def test_an_agency_that_is_replaced_loses_its_mandate(office: Office) -> None:
    project = office.registered()
    grant(office, project)
    office.correct(project, notice(agency_name="另一家招标公司"), who="procurer")
    [mandate] = view(office, project, "procurer").mandates
    assert mandate.withdrawn_at == office.world.now


def test_while_the_timekeeper_is_away_nothing_is_corrected(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = office.registered()

    def away(*arguments: object) -> OpeningCertificate:
        raise wire.Unavailable("timekeeper.sock", "nobody there", sent=False)

    monkeypatch.setattr(office.timekeeper, "postpone", away)
    with pytest.raises(Unavailable):
        office.correct(project, notice(opening_time=OPENING + DAY))
    assert view(office, project).version == 1
    # What does not move the opening needs no timekeeper.
    assert office.correct(project, notice(method="邀请招标")).version == 2
