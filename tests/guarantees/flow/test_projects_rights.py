"""Mandates, opening keys, and what suppliers see of open lots."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from guarantees.errors import Forbidden, InvalidInput, NotFound
from guarantees.flow import grant_mandate, make_opening_key
from guarantees.queries import opening_keys, projects
from guarantees.queries.lots import LotRow
from guarantees.records.person import OpeningKey
from guarantees.tables.permissions import PERMISSIONS
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice
from signing import seal
from tests.conftest import Database
from tests.guarantees.flow.project_samples import (
    NOTICE,
    Kept,
    Mark,
    Office,
    grant,
    notice,
    office_on,
    open_lots,
    view,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEADLINE, OPENING = NOTICE.submission_deadline, NOTICE.opening_time


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("world"))


@pytest.fixture
def office(kept: Kept, tmp_path: Path) -> Iterator[Office]:
    with kept.open(tmp_path) as opened:
        yield opened


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
    [listed] = world.read(opening_keys.of_own, agency, world.now)
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
