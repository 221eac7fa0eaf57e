"""Registration, correction notices, mandates and opening keys; the timekeeper is a double."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from guarantees.errors import Forbidden, InvalidInput, NotFound, Unavailable
from guarantees.flow import grant_mandate, make_opening_key, register_project
from guarantees.queries import project_detail, projects
from guarantees.queries.lots import LotRow
from guarantees.records.outbox import pending
from guarantees.records.person import OpeningKey
from guarantees.records.project import Opening
from guarantees.records.sealed import LogLeaf
from guarantees.tables.permissions import PERMISSIONS
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice
from guarantees.values.notice_faults import NoticeRefused
from signing import seal, wire
from signing.timekeeper.protocol import OpeningCertificate
from tests.conftest import Database
from tests.guarantees.flow.project_samples import GAPS, NOTICE, Kept, Office, notice, office_on
from tests.world import START

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("world"))


@pytest.fixture
def office(kept: Kept, tmp_path: Path) -> Iterator[Office]:
    with kept.open(tmp_path) as opened:
        yield opened


def view(office: Office, project: str, who: str = "agency") -> project_detail.ProjectView:
    return office.world.read(project_detail.view, office.world.as_(who), office.world.now, project)


def openings(office: Office, project: str) -> dict[str, Opening]:
    lots = {one.id: one.notice.number for one in view(office, project).lots}
    rows = office.world.read(
        lambda session: session.scalars(select(Opening).where(Opening.lot_id.in_(lots))).all()
    )
    return {lots[one.lot_id]: one for one in rows}


def codes(refused: pytest.ExceptionInfo[NoticeRefused]) -> list[str]:
    return [one.reason.code for one in refused.value.faults]


# --- registering


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


# --- correcting


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


# --- mandates


def grant(
    office: Office,
    project: str,
    who: str = "procurer",
    actions: Sequence[str] = ("opening.read", "lot.open"),
    agency: str = "演示agency有限公司",
) -> str:
    world = office.world
    return world.run(
        "mandate", grant_mandate.grant, world.as_(who), world.now, project, agency, actions
    )


def test_every_action_that_needs_a_mandate_can_be_granted() -> None:
    needing = {name for name, permission in PERMISSIONS.items() if permission.mandate}
    assert grant_mandate.ACTIONS.keys() == needing


def test_a_mandate_is_granted_narrowed_withdrawn_and_granted_again(office: Office) -> None:
    project = office.enter()
    first = grant(office, project)
    assert grant(office, project, actions=("opening.read",)) == first
    [mandate] = view(office, project).mandates
    assert mandate.actions == ("opening.read",)
    world = office.world
    for _ in range(2):
        world.run(
            "mandate", grant_mandate.withdraw, world.as_("procurer"), world.now, project, first
        )
    assert view(office, project).mandates[0].withdrawn_at == world.now
    assert grant(office, project) == first
    assert view(office, project).mandates[0].withdrawn_at is None
    history = [one.what for one in view(office, project).history]
    assert history.count("mandate.granted") == 3
    assert history.count("mandate.withdrawn") == 1


def test_only_the_procurer_grants(office: Office) -> None:
    project = office.enter()
    with pytest.raises(Forbidden):
        grant(office, project, who="agency")
    with pytest.raises(NotFound):
        grant(office, project, who=office.stranger("procurer"))


@pytest.mark.parametrize(
    ("agency", "actions", "fields"),
    [
        ("演示agency有限公司", (), {"actions"}),
        ("演示agency有限公司", ("project.enter",), {"actions"}),
        ("没有这家", ("lot.open",), {"agency"}),
        ("", (), {"agency", "actions"}),
    ],
)
def test_a_mandate_that_cannot_be(
    office: Office, agency: str, actions: tuple[str, ...], fields: set[str]
) -> None:
    project = office.enter()
    with pytest.raises(InvalidInput) as refused:
        grant(office, project, agency=agency, actions=actions)
    assert refused.value.errors.keys() == fields


# --- opening keys

GOOD = "correct horse 电池 staple"


def test_a_key_opens_with_its_passphrase_alone(office: Office) -> None:
    world = office.world
    agency = world.as_("agency")
    prepared = make_opening_key.prepare(agency, GOOD, GOOD)
    made = world.run("opening_key", make_opening_key.store, agency, world.now, prepared)
    row = world.read(lambda session: session.get(OpeningKey, made))
    private = seal.unwrap_private(row.wrapped_private, GOOD)
    with pytest.raises(seal.KeyLocked):
        seal.unwrap_private(row.wrapped_private, GOOD + "!")
    assert private not in row.wrapped_private
    [listed] = world.read(project_detail.opening_keys, agency, world.now)
    assert (listed.own, listed.fingerprint) == (True, seal.fingerprint_of(row.public_key))


@pytest.mark.parametrize(
    ("passphrase", "again", "field"),
    [
        ("", "", "passphrase"),
        ("short", "short", "passphrase"),
        ("演示agency有限公司", "演示agency有限公司", "passphrase"),
        (GOOD, GOOD + " ", "passphrase_again"),
    ],
)
def test_a_passphrase_that_will_not_do(
    office: Office, passphrase: str, again: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_opening_key.prepare(office.world.as_("agency"), passphrase, again)
    assert refused.value.errors.keys() == {field}


def test_only_openers_make_keys_and_not_without_end(office: Office) -> None:
    world = office.world
    prepared = make_opening_key.PreparedKey(b"p" * 32, b"f" * 32, b"w")
    clerk = world.as_(office.stranger("procurer", "clerk"))
    with pytest.raises(Forbidden):
        world.run("opening_key", make_opening_key.store, clerk, world.now, prepared)
    agency = world.as_("agency")
    for number in range(make_opening_key.MAX_ACTIVE_KEYS):
        key = replace(prepared, fingerprint=bytes([number]) * 32)
        world.run("opening_key", make_opening_key.store, agency, world.now, key)
    with pytest.raises(InvalidInput):
        world.run("opening_key", make_opening_key.store, agency, world.now, prepared)


# --- open lots


def open_lots(office: Office, **filters: object) -> tuple[LotRow, ...]:
    supplier = office.world.as_("supplier")
    return office.world.read(projects.open_lots, supplier, office.world.now, **filters).items


def test_suppliers_see_registered_lots_until_the_deadline(office: Office) -> None:
    draft = office.enter()
    assert draft not in {one.project for one in open_lots(office)}
    office.register(draft)
    found = [one for one in open_lots(office) if one.project == draft]
    assert [(one.number, one.deposit) for one in found] == [
        ("01", Money.parse("20000")),
        ("02", Money.parse("15000")),
    ]
    office.advance(days=10)
    assert draft not in {one.project for one in open_lots(office)}


def test_open_lots_by_text_and_region(office: Office) -> None:
    office.registered(notice(region="湖南省衡阳市"))
    assert {one.number for one in open_lots(office, region="衡阳")} == {"01", "02"}
    assert open_lots(office, text="空调 YS-2026", region="太原") == ()
    assert len(open_lots(office, text="空调 YS-2026")) == 2


def test_the_view_of_a_lot_shows_its_corrections(office: Office) -> None:
    project = office.enter(notice(bid_validity_days=None))
    office.correct(project, NOTICE)
    office.register(project)
    office.advance(hours=1)
    office.correct(project, notice(bid_validity_days=120), expected=2)
    [lot, _] = [one for one in open_lots(office) if one.project == project]
    supplier = office.world.as_("supplier")
    seen = office.world.read(projects.lot_view, supplier, office.world.now, lot.id)
    assert seen.open
    assert [(one.version, [b.code for b in one.breaks]) for one in seen.corrections] == [
        (3, ["validity_extended"])
    ]
    draft = office.enter(notice(number="2"))
    hidden = view(office, draft).lots[0].id
    with pytest.raises(NotFound):
        office.world.read(projects.lot_view, supplier, office.world.now, hidden)


def test_pages_of_open_lots_go_both_ways(own_database: Database, tmp_path: Path) -> None:
    with office_on(own_database, tmp_path / "keys") as office:
        many = tuple(LotNotice(f"{n:02}", "", Money(10**8), Money(10**5)) for n in range(50))
        office.registered(notice(lots=many))
        office.registered(
            notice(number="2", opening_time=OPENING + DAY, submission_deadline=DEADLINE + HOUR)
        )
        supplier, now = office.world.as_("supplier"), office.world.now
        first = office.world.read(projects.open_lots, supplier, now, "空调")
        assert (len(first.items), first.first) == (20, None)
        second = page(office, "after", first.last)
        third = page(office, "after", second.last)
        assert (len(third.items), third.last) == (12, None)
        whole = [one.id for one in (*first.items, *second.items, *third.items)]
        assert len(set(whole)) == 52
        assert [one.deadline for one in third.items[-2:]] == [DEADLINE + HOUR] * 2
        back = page(office, "before", third.first)
        assert [one.id for one in back.items] == whole[20:40]
        start = page(office, "before", second.first)
        assert [one.id for one in start.items] == whole[:20]
        assert start.first is None
        for broken in (("x", "y"), ("2026-03-02T00:00:00", "y"), (1,)):
            assert page(office, "after", broken).items == first.items


def page(office: Office, direction: str, key: object) -> projects.Slice[LotRow]:
    cursor = Mark(direction, key)
    supplier, now = office.world.as_("supplier"), office.world.now
    return office.world.read(projects.open_lots, supplier, now, "空调", "", cursor)


class Mark:
    def __init__(self, direction: str, key: object) -> None:
        self.direction = direction
        self.key = key
