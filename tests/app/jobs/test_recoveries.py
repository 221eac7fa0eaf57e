"""The recovery key, from the request to the opened letters, on both databases."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from app.house import House
from app.jobs import openings, recoveries
from app.jobs.worker import Jobs
from guarantees.errors import (
    Duplicate,
    Forbidden,
    InvalidInput,
    MoveRefused,
    NotFound,
    SamePerson,
    SecondFactorNeeded,
    TooEarly,
)
from guarantees.flow import recover_lot
from guarantees.flow.steps.means import Means
from guarantees.queries import recoveries as queries
from guarantees.queries.openings import Room, room
from guarantees.records import outbox
from guarantees.records.guarantee import EventRow
from guarantees.records.recovery import RecoveryRequest
from guarantees.records.sealed import LogLeaf
from signing import seal
from signing.seal import recovery as papers
from tests import house as houses
from tests import world as worlds
from tests.app.jobs.steps import get, paid
from tests.conftest import Database
from tests.house import OPENING
from tests.world import World

WHY = "两位开标人的口令都已遗失。"


@pytest.fixture
def world(own_database: Database, tmp_path: Path) -> World:
    """With a second opener of the procurer."""
    schema.upgrade(own_database.engine)
    made = worlds.build(Sessions(own_database.engine, Vault.create(tmp_path / "keys")))
    worlds.with_policy(made)
    worlds.add_person(made, "second", "procurer", "opener")
    return made


@pytest.fixture
def house(world: World, tmp_path: Path) -> House:
    return houses.around(world, tmp_path)


@pytest.fixture
def sealed(world: World, house: House) -> list[str]:
    made = [paid(world), paid(world, "rival")]
    Jobs(house).run_due()
    world.now = OPENING
    return made


def ask(world: World, who: str = "procurer", reason: str = WHY) -> str:
    return world.run("recovery", recover_lot.ask, world.as_(who), world.now, world.lot, reason)


def second(world: World, who: str = "second") -> None:
    world.run("recovery", recover_lot.second, world.as_(who), world.now, world.lot)


def decide(world: World, request: str, word: str = "confirmed", note: str = "") -> None:
    actor = world.as_("security")
    world.run("recovery", recover_lot.decide, actor, world.now, request, word, note)


def confirmed(world: World, house: House) -> str:
    request = ask(world)
    second(world)
    decide(world, request)
    return request


def begin(world: World, house: House) -> None:
    openings.start_with(house, world.as_("procurer"), world.now, world.lot, Means())
    openings.wait(world.lot, 60)


def answered(world: World, house: House) -> bytes:
    """As its keeper answers the request file."""
    file = recoveries.request_file(house, world.as_("procurer"), world.now, world.lot)
    return papers.answer(file, world.recovery.private_key)[0]


def hand_in(world: World, house: House, answer: bytes) -> Room:
    recoveries.hand_in(house, world.as_("procurer"), world.now, world.lot, answer)
    openings.wait(world.lot, 60)
    return seen(world)


def seen(world: World) -> Room:
    return world.read(room, world.as_("procurer"), world.now, world.lot)


def rows(world: World) -> list[RecoveryRequest]:
    return world.read(lambda session: list(session.scalars(select(RecoveryRequest))))


def test_lost_keys_do_not_lose_the_lot(world: World, house: House, sealed: list[str]) -> None:
    confirmed(world, house)
    begin(world, house)
    assert (seen(world).state, seen(world).results) == ("opening", ())
    whole = hand_in(world, house, answered(world, house))
    assert (whole.state, [one.verdict for one in whole.results]) == ("opened", ["verified"] * 2)


def test_handed_in_again_nothing_changes(world: World, house: House, sealed: list[str]) -> None:
    confirmed(world, house)
    begin(world, house)
    answer = answered(world, house)
    whole = hand_in(world, house, answer)
    with pytest.raises(MoveRefused):
        hand_in(world, house, answer)
    assert seen(world).results == whole.results


def test_it_is_logged_and_those_concerned_are_told(
    world: World, house: House, sealed: list[str]
) -> None:
    leaves = _count(world, LogLeaf)
    _mails(world)
    request = ask(world)
    assert _count(world, LogLeaf) == leaves
    second(world)
    decide(world, request)
    assert _count(world, LogLeaf) == leaves + 1
    [row] = rows(world)
    assert row.leaf is not None
    what = [one.what for one in seen(world).events]
    assert what == ["recovery.asked", "recovery.seconded", "recovery.confirmed"]
    assert _mails(world) == {
        ("recovery.asked", "procurer"),
        ("recovery.seconded", "operator"),
        ("recovery.decided", "procurer"),
    }


def _count(world: World, table: type) -> int:
    return len(world.read(lambda session: session.scalars(select(table)).all()))


def _mails(world: World) -> set[tuple[str, str]]:
    def take(session: Session) -> set[tuple[str, str]]:
        found = list(outbox.pending(session, world.now, 99, {"mail"}))
        for one in found:
            outbox.finish(session, one)
        return {(one.arguments["event"], one.arguments["to"]) for one in found}

    return world.run("outbox", take)


# --- before T


def test_before_t_nothing_of_it_is_possible(world: World, house: House) -> None:
    with pytest.raises(TooEarly):
        ask(world)
    world.now = OPENING
    request = ask(world)
    second(world)
    world.now = worlds.START  # as if the opening had been postponed meanwhile
    with pytest.raises(TooEarly):
        decide(world, request)
    with pytest.raises(MoveRefused):
        recoveries.request_file(house, world.as_("procurer"), world.now, world.lot)


def test_the_timekeeper_must_have_released(world: World, house: House, sealed: list[str]) -> None:
    """Confirmed, but the lot's opening has not begun: no request file, whatever lies there."""
    confirmed(world, house)
    with pytest.raises(MoveRefused):
        recoveries.request_file(house, world.as_("procurer"), world.now, world.lot)


# --- the quorum


def test_two_people_and_the_operator(world: World, house: House, sealed: list[str]) -> None:
    request = ask(world)
    with pytest.raises(SamePerson):
        second(world, "procurer")
    with pytest.raises(MoveRefused):
        decide(world, request)
    begin(world, house)
    for step in (None, second):
        if step:
            step(world)
        with pytest.raises(MoveRefused):
            recoveries.request_file(house, world.as_("procurer"), world.now, world.lot)
    decide(world, request)
    assert recoveries.request_file(house, world.as_("procurer"), world.now, world.lot)


def test_who_may_do_what(world: World, house: House, sealed: list[str]) -> None:
    for who in ("agency", "supplier", "operator", "security", "regulator"):
        with pytest.raises(Forbidden):
            ask(world, who)
    request = ask(world)
    second(world)
    for who in ("operator", "procurer", "second", "agency"):
        with pytest.raises(Forbidden):
            world.run(
                "recovery",
                recover_lot.decide,
                world.as_(who),
                world.now,
                request,
                "confirmed",
                "",
            )
    uncoded = world.as_("security", code=False)
    with pytest.raises(SecondFactorNeeded):
        world.run("recovery", recover_lot.decide, uncoded, world.now, request, "confirmed", "")
    with pytest.raises(NotFound):
        decide(world, "no-request")
    with pytest.raises(Forbidden):
        world.read(queries.listed, world.as_("procurer"), world.now)


def test_one_request_at_a_time_and_another_after_a_refusal(
    world: World, house: House, sealed: list[str]
) -> None:
    request = ask(world)
    with pytest.raises(Duplicate):
        ask(world, "second")
    second(world)
    with pytest.raises(InvalidInput):
        decide(world, request, "refused")
    decide(world, request, "refused", "口令已找回。")
    with pytest.raises(MoveRefused):
        decide(world, request)
    assert ask(world) != request
    world.run("recovery", recover_lot.withdraw, world.as_("procurer"), world.now, world.lot)
    assert sorted(one.state for one in rows(world)) == ["refused", "withdrawn"]
    for reason in ("", "  ", "长" * 501):
        with pytest.raises(InvalidInput):
            ask(world, reason=reason)


# --- answers


def test_a_false_answer_opens_nothing(world: World, house: House, sealed: list[str]) -> None:
    confirmed(world, house)
    begin(world, house)
    answer = answered(world, house)
    said = json.loads(answer)
    said["shares"][0]["share"] = bytes(32).hex()
    for data in (b"", b"{}", json.dumps(said).encode(), answer[:-1]):
        with pytest.raises(InvalidInput):
            hand_in(world, house, data)
    assert seen(world).results == ()
    assert hand_in(world, house, answer).state == "opened"


def test_what_the_recovery_key_cannot_open_is_decided_too(
    world: World, house: House, sealed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is stuck: a letter without a share gets its verdict, the other one opens."""
    confirmed(world, house)
    begin(world, house)
    real = papers._unwrapped
    once: list[bytes] = []

    def failing(ctx: bytes, com: bytes, wrap: bytes, recovery: bytes) -> bytes:
        if not once:
            once.append(ctx)
            raise papers.SealBroken
        return real(ctx, com, wrap, recovery)

    monkeypatch.setattr(papers, "_unwrapped", failing)
    whole = hand_in(world, house, answered(world, house))
    assert whole.state == "opened"
    assert sorted(one.verdict for one in whole.results) == ["not_opened", "verified"]


def test_letters_of_an_earlier_recovery_key_are_not_asked_for(
    world: World, house: House, sealed: list[str]
) -> None:
    confirmed(world, house)
    begin(world, house)
    later = replace(house, recovery_key=seal.make_key_pair().public_key)
    file = recoveries.request_file(later, world.as_("procurer"), world.now, world.lot)
    assert json.loads(file)["letters"] == []


def test_the_history_is_the_lots(world: World, house: House, sealed: list[str]) -> None:
    ask(world)
    found = world.read(
        lambda session: session.scalars(
            select(EventRow).where(EventRow.what == "recovery.asked")
        ).all()
    )
    assert [(one.subject, one.note) for one in found] == [(f"lot:{world.lot}", WHY)]
    assert get(world, sealed[0]).sealed
