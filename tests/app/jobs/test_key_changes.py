"""A change of key: every unopened case is written anew, the old key opens until the end, a killed
change goes on; on both databases."""

import itertools
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from app.house import House
from app.jobs import key_changes, openings
from app.jobs.worker import Jobs
from guarantees.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    LastKey,
    MoveRefused,
    NotFound,
    PassphraseRefused,
    SecondFactorNeeded,
)
from guarantees.flow import apply, change_key, issue, make_opening_key, retire_key
from guarantees.queries import audit, opening_keys
from guarantees.queries.openings import room
from guarantees.records import casebook
from guarantees.records.key_change import KeyChange
from guarantees.records.person import OpeningKey
from guarantees.records.sealed import LogLeaf, SealedCase
from signing import seal
from tests import house as houses
from tests import world as worlds
from tests.app.jobs.steps import paid
from tests.conftest import Database
from tests.house import OPENING
from tests.world import CHEAP, PASSPHRASE, World

NEW = "eine neue Losung 新的口令"
NEWER = "yet another one 又一个口令"


@pytest.fixture
def world(own_database: Database, tmp_path: Path) -> World:
    schema.upgrade(own_database.engine)
    made = worlds.build(Sessions(own_database.engine, Vault.create(tmp_path / "keys")), lots=2)
    worlds.with_policy(made)
    return made


@pytest.fixture
def house(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """New keys cost little, so that the tests do not."""
    real = seal.wrap_private
    monkeypatch.setattr(seal, "wrap_private", lambda key, secret: real(key, secret, CHEAP))
    yield houses.around(world, tmp_path)
    key_changes.wait_for_all(60)


@pytest.fixture
def sealed(world: World, house: House) -> list[str]:
    """Two letters of the first lot."""
    made = [paid(world), paid(world, "rival")]
    Jobs(house).run_due()
    return made


def key_of(world: World) -> OpeningKey:
    """The active key that is changed or to be changed first."""

    def query(session: Session) -> OpeningKey:
        active = select(OpeningKey).where(OpeningKey.state == "active")
        order = (OpeningKey.heir_id.is_(None), OpeningKey.created_at, OpeningKey.id)
        return session.scalars(active.order_by(*order)).all()[0]

    return world.read(query)


def changed(
    world: World, house: House, old: str = PASSPHRASE, new: str = NEW, key: str = ""
) -> None:
    begun(world, house, old, new, key or key_of(world).id)
    key_changes.wait_for_all(60)


def begun(world: World, house: House, old: str, new: str, key: str) -> None:
    key_changes.start(house, world.as_("procurer"), world.now, key, old, new, new)


def opened(world: World, house: House, passphrase: str) -> list[str]:
    world.now = OPENING
    openings.start(house, world.as_("procurer"), world.now, world.lot, passphrase)
    openings.wait(world.lot, 60)
    seen = world.read(room, world.as_("procurer"), world.now, world.lot)
    assert seen.state == "opened"
    return [one.verdict for one in seen.results]


def blobs(world: World) -> dict[str, tuple[int, bytes]]:
    def query(session: Session) -> dict[str, tuple[int, bytes]]:
        rows = session.execute(select(SealedCase.id, SealedCase.version, SealedCase.blob))
        return {row.id: (row.version, row.blob) for row in rows}

    return world.read(query)


def leaves(world: World) -> int:
    return len(world.read(lambda session: session.scalars(select(LogLeaf.id)).all()))


def changes(world: World) -> list[KeyChange]:
    return world.read(lambda session: list(session.scalars(select(KeyChange))))


# --- what a change does


def test_the_new_passphrase_opens_what_was_sealed_before(
    world: World, house: House, sealed: list[str]
) -> None:
    files = dict(world.files.held)
    changed(world, house)
    assert world.files.held == files  # the stored envelopes never change
    assert [one.state for one in changes(world)] == ["complete"]
    rows = world.read(opening_keys.of_own, world.as_("procurer"), world.now)
    assert [one.state for one in rows] == ["active", "retired"]
    assert rows[1].heir == rows[0].fingerprint
    assert opened(world, house, NEW) == ["verified"] * 2


def test_the_old_passphrase_still_opens_what_it_could(
    world: World, house: House, sealed: list[str]
) -> None:
    changed(world, house)
    assert opened(world, house, PASSPHRASE) == ["verified"] * 2


def test_new_letters_are_sealed_to_the_new_key_alone(world: World, house: House) -> None:
    changed(world, house)
    paid(world)
    Jobs(house).run_due()
    world.now = OPENING
    with pytest.raises(PassphraseRefused):
        openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    assert opened(world, house, NEW) == ["verified"]


def test_every_case_of_the_platform_is_written_anew_at_its_size(
    world: World, house: House, sealed: list[str]
) -> None:
    other = _other_lot(world)
    before = blobs(world)
    changed(world, house)
    after = blobs(world)
    assert {*sealed, other} == {*before} == {*after}
    for case, (version, blob) in before.items():
        assert after[case][0] == version + 1
        assert len(after[case][1]) == len(blob)
        assert after[case][1][:2048] != blob[:2048]
        assert after[case][1][-4096:] != blob[-4096:]


def _other_lot(world: World) -> str:
    form = world.form(world.lots[1])
    [case] = world.run("apply", apply.submit, world.as_("supplier"), world.now, form, "other")
    return case


def test_one_leaf_says_so_however_many_letters(
    world: World, house: House, sealed: list[str]
) -> None:
    before = leaves(world)
    changed(world, house)
    [change] = changes(world)
    assert leaves(world) == before + 1
    assert change.digest is not None
    changed(world, house, NEW, NEWER)
    assert leaves(world) == before + 2
    found = world.read(
        lambda session: list(audit.broken(session, world.files, session.info["vault"]))
    )
    assert found == []


def test_without_letters_it_is_the_same(world: World, house: House) -> None:
    changed(world, house)
    assert [one.state for one in changes(world)] == ["complete"]
    assert leaves(world) == 1


def test_changed_again_and_again_the_wraps_do_not_pile_up(
    world: World, house: House, sealed: list[str]
) -> None:
    words = [PASSPHRASE, *(f"{NEW} {number} mal" for number in range(6))]
    for old, new in itertools.pairwise(words):
        changed(world, house, old, new)
    for case in sealed:
        assert len(world.read(casebook.get, case).rewraps) <= 2
    assert opened(world, house, words[-1]) == ["verified"] * 2


# --- letters in the middle of it


def test_a_letter_that_was_being_sealed_is_not_lost(world: World, house: House) -> None:
    """Ordered while the old key alone counted, settled when the change was complete."""
    case = paid(world)
    order = world.run(
        "reserve_letter",
        issue.reserve,
        world.now,
        case,
        base_url="https://example.invalid",
        recovery=world.recovery.public_key,
    )
    assert order is not None
    changed(world, house)
    stored = issue.produce(
        order, letters=house.letters, files=world.files, vault=world.sessions.vault
    )
    world.run("settle_letter", issue.settle, world.now, case, order.intent, stored)
    assert world.read(casebook.get, case).rewraps == []
    assert opened(world, house, NEW) == ["verified"]


def test_while_it_runs_letters_are_sealed_to_both(world: World, house: House) -> None:
    actor = world.as_("procurer")
    plan, old = _plan(world)
    made = make_opening_key.prepare(actor, NEW, NEW)
    world.run("key_change", change_key.begin, actor, world.now, plan, made, old)
    paid(world)
    Jobs(house).run_due()
    assert opened(world, house, PASSPHRASE) == ["verified"]


def _plan(world: World) -> tuple[change_key.Plan, bytes]:
    plan = world.read(change_key.prepare, world.as_("procurer"), world.now, key_of(world).id)
    assert plan.old.wrapped is not None
    return plan, seal.unwrap_private(plan.old.wrapped, PASSPHRASE)


def test_a_case_that_changes_meanwhile_keeps_both_changes(
    world: World, house: House, sealed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chunk loses the race, reads anew and writes again."""
    real, raced = casebook.save, []

    def racing(session: Session, case: Any) -> None:
        if not raced and case.id == sealed[0]:
            raced.append(case.id)
            raise Conflict(noun="case", id=case.id)
        real(session, case)

    monkeypatch.setattr(casebook, "save", racing)
    changed(world, house)
    assert raced
    assert opened(world, house, NEW) == ["verified"] * 2


# --- stopped on the way


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_stopped_after_any_commit_the_old_key_opens_and_it_goes_on(
    world: World,
    house: House,
    sealed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    commits: int,
) -> None:
    monkeypatch.setattr(key_changes, "CHUNK", 1)
    real, made = world.sessions.write, 0

    def dying(name: str, flow: Any) -> Any:
        nonlocal made
        if name == "key_change":
            made += 1
            if made > commits:
                raise OSError("killed")
        return real(name, flow)

    monkeypatch.setattr(world.sessions, "write", dying)
    changed(world, house)
    assert [one.state for one in changes(world)] == ["running"]
    monkeypatch.setattr(world.sessions, "write", real)
    rows = world.read(opening_keys.of_own, world.as_("procurer"), world.now)
    assert [one.state for one in rows].count("changing") == 1
    with pytest.raises(PassphraseRefused):  # the old one is asked for, not the new one
        begun(world, house, NEW, "", key_of(world).id)
    changed(world, house, PASSPHRASE, "")  # no new passphrase is needed
    assert [one.state for one in changes(world)] == ["complete"]
    assert opened(world, house, NEW) == ["verified"] * 2


def test_half_way_the_old_key_opens_everything(
    world: World, house: House, sealed: list[str]
) -> None:
    actor = world.as_("procurer")
    plan, old = _plan(world)
    made = make_opening_key.prepare(actor, NEW, NEW)
    world.run("key_change", change_key.begin, actor, world.now, plan, made, old)
    plan, old = _plan(world)
    world.run(
        "key_change",
        change_key.rewrap,
        actor,
        world.now,
        plan,
        old,
        sealed[:1],
        files=world.files,
        vault=world.sessions.vault,
    )
    assert opened(world, house, PASSPHRASE) == ["verified"] * 2


def test_opened_in_the_middle_nothing_is_lost(
    world: World, house: House, sealed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases that were listed and then opened are passed over."""
    real, opened_first = change_key.cases, threading.Event()

    def late(session: Session) -> list[str]:
        listed = real(session)
        assert opened_first.wait(60)
        return listed

    monkeypatch.setattr(change_key, "cases", late)
    begun(world, house, PASSPHRASE, NEW, key_of(world).id)
    assert opened(world, house, PASSPHRASE) == ["verified"] * 2
    opened_first.set()
    key_changes.wait_for_all(60)
    assert [one.state for one in changes(world)] == ["complete"]


# --- who may, and what is refused


def test_what_is_refused_before_anything_is_written(world: World, house: House) -> None:
    key = key_of(world).id
    procurer = world.as_("procurer")
    with pytest.raises(PassphraseRefused):
        begun(world, house, "another passphrase 口令", NEW, key)
    with pytest.raises(InvalidInput):
        key_changes.start(house, procurer, world.now, key, PASSPHRASE, NEW, NEW + "?")
    with pytest.raises(InvalidInput):
        begun(world, house, PASSPHRASE, "short", key)
    with pytest.raises(NotFound):
        key_changes.start(house, world.as_("agency"), world.now, key, PASSPHRASE, NEW, NEW)
    with pytest.raises(Forbidden):
        key_changes.start(house, world.as_("supplier"), world.now, key, PASSPHRASE, NEW, NEW)
    uncoded = world.as_("procurer", code=False)
    with pytest.raises(SecondFactorNeeded):
        key_changes.start(house, uncoded, world.now, key, PASSPHRASE, NEW, NEW)
    assert changes(world) == []
    assert not key_changes.running(key)


def test_one_change_at_a_time(world: World, house: House) -> None:
    actor = world.as_("procurer")
    world.now += timedelta(seconds=1)  # made later than the one that is changed
    prepared = make_opening_key.prepare(actor, NEWER, NEWER)
    second = world.run("opening_key", make_opening_key.store, actor, world.now, prepared)
    plan, old = _plan(world)
    made = make_opening_key.prepare(actor, NEW, NEW)
    world.run("key_change", change_key.begin, actor, world.now, plan, made, old)
    with pytest.raises(MoveRefused):
        begun(world, house, NEWER, NEW, second)
    with pytest.raises(MoveRefused):
        world.run("opening_key", retire_key.retire, actor, world.now, plan.old.id)


def test_a_retired_key_is_not_changed_and_the_last_one_stays(world: World, house: House) -> None:
    actor, first = world.as_("procurer"), key_of(world).id
    with pytest.raises(LastKey):
        world.run("opening_key", retire_key.retire, actor, world.now, first)
    prepared = make_opening_key.prepare(actor, NEW, NEW)
    world.run("opening_key", make_opening_key.store, actor, world.now, prepared)
    world.run("opening_key", retire_key.retire, actor, world.now, first)
    with pytest.raises(MoveRefused):
        begun(world, house, PASSPHRASE, NEWER, first)


def test_retired_without_an_heir_a_key_still_opens_its_letters(
    world: World, house: House, sealed: list[str]
) -> None:
    actor, first = world.as_("procurer"), key_of(world).id
    prepared = make_opening_key.prepare(actor, NEW, NEW)
    world.run("opening_key", make_opening_key.store, actor, world.now, prepared)
    world.run("opening_key", retire_key.retire, actor, world.now, first)
    assert opened(world, house, PASSPHRASE) == ["verified"] * 2
