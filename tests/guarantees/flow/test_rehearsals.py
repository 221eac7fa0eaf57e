"""The rehearsal and its reminders: the same for every lot, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters.database import Sessions
from guarantees.errors import (
    Forbidden,
    MoveRefused,
    NotFound,
    PassphraseRefused,
    RehearsalFailed,
)
from guarantees.flow import make_opening_key, rehearse, remind
from guarantees.flow.steps import trials
from guarantees.queries import openings, project_detail, recipients, rehearsals
from guarantees.records import outbox
from guarantees.records.organisation import Organisation
from guarantees.records.person import OpeningKey
from guarantees.records.project import Mandate, Opening
from guarantees.records.rehearsal import Rehearsal
from guarantees.records.trust import TrusteeKey
from signing import seal
from signing.seal import Recipient, SealBroken
from tests import trustees
from tests import world as worlds
from tests.world import PASSPHRASE, START, World

T = START + timedelta(days=15)


@pytest.fixture
def world(sessions: Sessions) -> World:
    return worlds.build(sessions, lots=2)


def proved(world: World, who: str = "procurer", passphrase: str = PASSPHRASE) -> None:
    actor = world.as_(who, code=False)  # a rehearsal asks for no code
    plan = world.read(rehearse.prepare, actor, world.now, world.lot)
    done = rehearse.prove(plan, passphrase, world.recovery.public_key)
    world.run("rehearsal", rehearse.store, actor, world.now, plan, done)


def rows(world: World) -> list[Rehearsal]:
    return world.read(lambda session: list(session.scalars(select(Rehearsal))))


def mails(world: World, event: str = remind.EVENT) -> list[str]:
    """Addresses of the reminders that wait in the outbox, which is emptied."""

    def take(session: Session) -> list[str]:
        found = list(outbox.pending(session, world.now, 99, {"mail"}))
        due = [one for one in found if one.arguments["event"] == event]
        told = [mail for one in due for mail in recipients.mails(session, one.arguments)]
        assert all(mail.text == "news" and not mail.fields for mail in told)
        for one in due:
            outbox.finish(session, one)
        return sorted(mail.to for mail in told)

    return world.run("outbox", take)


def reminded(world: World, at: datetime) -> list[str]:
    world.now = at
    world.run("reminder", remind.remind, at)
    return mails(world)


def agencys_key(world: World, passphrase: str = "代理机构自己的一句话 2026") -> str:
    actor = world.as_("agency")
    key = make_opening_key.prepare(actor, passphrase, passphrase)
    world.run("opening_key", make_opening_key.store, actor, world.now, key)
    return passphrase


# --- a trial


def test_a_trial_opens_with_a_recipients_key_and_no_other() -> None:
    own, other, recovery = (seal.make_key_pair() for _ in range(3))
    trial = trials.make("lot", [Recipient.of("procurer", own.public_key)], recovery.public_key)
    assert trial.opens(own.private_key)
    assert not trial.opens(other.private_key)
    assert not replace(trial, st=bytes(32)).opens(own.private_key)
    other_lot = replace(trial.context, lot="another")
    sp = seal.unwrap_sp(trial.envelope, trial.context.ctx, own.private_key)
    with pytest.raises(SealBroken):
        seal.open_envelope(trial.envelope, other_lot, sp, trial.st)


# --- proving


def test_every_lot_of_the_project_is_proved_at_once(world: World) -> None:
    before = world.read(openings.room, world.as_("procurer"), world.now, world.lot)
    assert [one.proved_at for one in before.keys if one.fingerprint] == [None]
    proved(world)
    for lot in world.lots:
        room = world.read(openings.room, world.as_("procurer"), world.now, lot)
        assert [one.proved_at for one in room.keys if one.fingerprint] == [world.now]
    view = world.read(project_detail.view, world.as_("procurer"), world.now, world.project)
    assert [(one.proved, view.ahead) for one in view.keys] == [(2, 2)]
    assert [one.what for one in view.history].count("rehearsal.passed") == 1


def test_proving_again_changes_the_time_alone(world: World) -> None:
    proved(world)
    world.now += timedelta(days=1)
    proved(world)
    assert {one.passed_at for one in rows(world)} == {world.now}
    assert len(rows(world)) == 2
    view = world.read(project_detail.view, world.as_("procurer"), world.now, world.project)
    assert [one.what for one in view.history].count("rehearsal.passed") == 1


def test_a_wrong_passphrase_proves_nothing(world: World) -> None:
    with pytest.raises(PassphraseRefused):
        proved(world, passphrase="another passphrase 口令")
    assert rows(world) == []


def test_a_key_that_opens_nothing_fails_the_rehearsal(world: World) -> None:
    """Its public half in the books is another's: letters would be sealed past it."""

    def spoil(session: Session) -> None:
        key = session.scalars(select(OpeningKey)).one()
        key.public_key = seal.make_key_pair().public_key

    world.run("opening_key", spoil)
    with pytest.raises(RehearsalFailed):
        proved(world)
    assert rows(world) == []


def test_who_may_rehearse(world: World) -> None:
    for who in ("supplier", "operator", "regulator", "maker"):
        with pytest.raises(Forbidden):
            proved(world, who)
    passphrase = agencys_key(world)
    proved(world, "agency", passphrase)
    assert len(rows(world)) == 2

    def withdraw(session: Session) -> None:
        session.scalars(select(Mandate)).one().withdrawn_at = world.now

    world.run("mandate", withdraw)
    with pytest.raises(NotFound):
        proved(world, "agency", passphrase)


def test_once_the_openings_have_begun_nothing_is_rehearsed(world: World) -> None:
    def begin(session: Session) -> None:
        for one in session.scalars(select(Opening)):
            one.state = "opening"

    world.run("begin_opening", begin)
    with pytest.raises(MoveRefused):
        proved(world)


# --- reminders


def test_reminders_go_three_days_and_one_day_before(world: World) -> None:
    agencys_key(world)
    assert reminded(world, T - timedelta(days=3, seconds=1)) == []
    both = ["agency@example.invalid", "procurer@example.invalid"]
    assert reminded(world, T - timedelta(days=3)) == both
    assert reminded(world, T - timedelta(days=2)) == []
    assert reminded(world, T - timedelta(days=1)) == both
    assert reminded(world, T - timedelta(hours=1)) == []
    assert reminded(world, T) == []


def test_who_has_rehearsed_is_left_alone(world: World) -> None:
    agencys_key(world)
    proved(world)
    assert reminded(world, T - timedelta(days=3)) == ["agency@example.invalid"]


def test_who_rehearsed_between_the_row_and_the_mail_gets_none(world: World) -> None:
    world.now = T - timedelta(days=3)
    world.run("reminder", remind.remind, world.now)
    proved(world)
    assert mails(world) == ["agency@example.invalid"]


def test_a_party_without_a_key_is_reminded_too(world: World) -> None:
    assert "agency@example.invalid" in reminded(world, T - timedelta(days=3))


def test_a_postponed_opening_has_reminders_of_its_own(world: World) -> None:
    assert reminded(world, T - timedelta(days=3))

    def postpone(session: Session) -> None:
        for one in session.scalars(select(Opening)):
            one.opening_time = T + timedelta(days=10)

    world.run("register_project", postpone)
    assert reminded(world, T) == []
    assert reminded(world, T + timedelta(days=7))


def test_one_that_was_missed_gives_way_to_the_nearer(world: World) -> None:
    assert len(reminded(world, T - timedelta(hours=20))) == 2
    assert reminded(world, T - timedelta(hours=19)) == []


# --- trustees who could not act


def absent_told(world: World, at: datetime) -> list[str]:
    world.now = at
    world.run("reminder", remind.remind, at)
    return mails(world, remind.ABSENT)


def test_absent_trustees_are_told_a_week_before_and_the_operator_with_them(world: World) -> None:
    trustees.appoint(world)  # keys, never rehearsed
    everybody = [
        "association@example.invalid",
        "regulator_trustee@example.invalid",
        "security@example.invalid",
        "trading_centre@example.invalid",
    ]
    assert absent_told(world, T - timedelta(days=7, seconds=1)) == []
    assert absent_told(world, T - timedelta(days=7)) == everybody
    assert mails(world) == []  # the parties' turn is later
    assert absent_told(world, T - timedelta(days=6)) == []
    assert absent_told(world, T - timedelta(days=3)) == everybody
    assert absent_told(world, T - timedelta(days=1)) == everybody
    assert absent_told(world, T - timedelta(hours=1)) == []


def test_a_trustee_who_is_there_gets_none(world: World) -> None:
    trustees.appoint(world)
    world.now = T - timedelta(days=7)

    def rehearsed(session: Session) -> None:
        for key in session.scalars(select(TrusteeKey)):
            if key.organisation_id != world.people["association"].organisation_id:
                key.rehearsed_at = world.now

    world.run("rehearse_trustee", rehearsed)
    told = ["association@example.invalid", "security@example.invalid"]
    assert absent_told(world, world.now) == told


def test_without_trustees_nobody_is_told(world: World) -> None:
    for days in (7, 3, 1):
        assert absent_told(world, T - timedelta(days=days)) == []


def test_of_two_openings_on_a_day_trustees_hear_once(world: World) -> None:
    """Another project, or here another time of the same one, a few minutes later."""
    trustees.appoint(world)

    def apart(session: Session) -> None:
        first = session.scalars(select(Opening)).first()
        assert first is not None
        first.opening_time += timedelta(minutes=5)

    world.run("register_project", apart)
    assert len(absent_told(world, T - timedelta(days=7))) == 4
    assert absent_told(world, T - timedelta(days=7) + timedelta(minutes=5)) == []
    assert len(absent_told(world, T - timedelta(days=3))) == 4


# --- who supervises


def test_supervision_sees_who_is_ready(world: World) -> None:
    proved(world)
    for who in ("operator", "regulator"):
        found = world.read(rehearsals.coming, world.as_(who), world.now)
        assert {one.lot.id for one in found} == set(world.lots)
        states = {(p.role, p.keys, p.proved) for one in found for p in one.parties}
        assert states == {("procurer", 1, 1), ("agency", 0, 0)}
    with pytest.raises(Forbidden):
        world.read(rehearsals.coming, world.as_("procurer"), world.now)


def test_a_regulator_sees_its_own_region(world: World) -> None:
    def move(session: Session) -> None:
        own = world.people["regulator"].organisation_id
        session.get_one(Organisation, own).region = "河北省"

    world.run("people", move)
    assert world.read(rehearsals.coming, world.as_("regulator"), world.now) == []
