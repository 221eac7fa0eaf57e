"""Trustees: who may set what, what their keys must be, whether they are there."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from guarantees.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    SecondFactorNeeded,
    TooEarly,
    Unavailable,
)
from guarantees.flow import (
    approve_release,
    issue,
    make_trustee_key,
    rehearse_trustee,
    set_trust,
)
from guarantees.queries import trustees as queries
from guarantees.records import log, trustbook
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.records.sealed import LogLeaf
from guarantees.records.trust import TrusteeKey, TrustSetting
from guarantees.tables import trust
from signing import seal
from signing.seal import approvals, leaf_of
from signing.seal.approvals import Part
from tests import trustees
from tests.app.jobs.steps import paid
from tests.trustees import TWO_OF_THREE, WHO, WITH_REGULATOR
from tests.world import CHEAP, World


@pytest.fixture
def world(sealed_world: World) -> World:
    return sealed_world


def order(world: World, case: str) -> issue.LetterOrder:
    made = world.run(
        "reserve_letter",
        issue.reserve,
        world.now,
        case,
        base_url="https://example.invalid",
        recovery=world.recovery.public_key,
    )
    assert made is not None
    return made


def refused(world: World, profile: str, **chosen: str) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        world.run(
            "set_trust", set_trust.set_profile, world.as_("security"), world.now, profile, chosen
        )
    return caught.value.errors


# --- the setting ------------------------------------------------------------------------------


def test_the_words_are_those_of_the_construction() -> None:
    assert trust.PROFILES.keys() == seal.PROFILES.keys()
    named = {role for made in seal.PROFILES.values() for role in made.trustees}
    assert trust.TRUSTEES.keys() == named == WHO.keys()
    assert trust.enough(TWO_OF_THREE, frozenset({"regulator", "association"}))
    assert not trust.enough(TWO_OF_THREE, frozenset({"regulator"}))


def test_a_setting_counts_for_letters_sealed_from_then_on(world: World) -> None:
    first, second = paid_case(world), paid_case(world, "rival")
    assert (order(world, first).profile, order(world, first).trustees) == ("timekeeper", ())
    keys = trustees.appoint(world)
    made = order(world, second)
    assert made.profile == TWO_OF_THREE
    assert dict(made.trustees) == {role: pair.public_key for role, pair in keys.items()}
    trustees.choose(world, WITH_REGULATOR)
    assert dict(order(world, second).trustees) == {"regulator": keys["regulator"].public_key}


def paid_case(world: World, who: str = "supplier") -> str:
    from tests.world import with_policy

    if not hasattr(world, "has_policy"):
        with_policy(world)
        world.has_policy = True  # type: ignore[attr-defined]
    return paid(world, who)


def test_every_change_is_recorded_and_goes_into_the_log_once(world: World) -> None:
    for role in WHO:
        trustees.make_key(world, role)
    before = leaves(world)
    assert trustees.choose(world, TWO_OF_THREE) == 1
    assert trustees.choose(world, TWO_OF_THREE) == 1
    assert trustees.choose(world, WITH_REGULATOR) == 2
    assert len(leaves(world) - before) == 2
    rows = world.read(lambda session: session.scalars(select(TrustSetting)).all())
    digests = [set_trust.digest(row) for row in rows]
    expected = {
        leaf_of(world.read(log.salt_of, "trust_change", digest), digest) for digest in digests
    }
    assert expected == leaves(world) - before
    page = world.read(queries.page, world.as_("operator"), world.now)
    assert [(one.number, one.profile) for one in page.history] == [
        (2, WITH_REGULATOR),
        (1, TWO_OF_THREE),
    ]


def leaves(world: World) -> set[bytes]:
    return set(world.read(lambda session: session.scalars(select(LogLeaf.leaf)).all()))


@pytest.mark.parametrize("who", ["operator", "regulator", "procurer", "supplier", "association"])
def test_only_the_security_administrator_sets_it(world: World, who: str) -> None:
    with pytest.raises(Forbidden):
        world.run("set_trust", set_trust.set_profile, world.as_(who), world.now, "timekeeper", {})


def test_setting_it_takes_a_fresh_code(world: World) -> None:
    who = world.as_("security", code=False)
    with pytest.raises(SecondFactorNeeded):
        world.run("set_trust", set_trust.set_profile, who, world.now, "timekeeper", {})


def test_a_trustee_must_be_one_that_can_act(world: World) -> None:
    ids = {role: world.people[who].organisation_id for role, who in WHO.items()}
    assert refused(world, "none").keys() == {"profile"}
    assert refused(world, TWO_OF_THREE, **ids).keys() == ids.keys()  # without keys
    for role in WHO:
        trustees.make_key(world, role)
    assert refused(world, TWO_OF_THREE, regulator=ids["regulator"]).keys() == {
        "trading_centre",
        "association",
    }
    crossed = ids | {"regulator": ids["association"]}
    assert refused(world, TWO_OF_THREE, **crossed).keys() == {"regulator"}
    world.run("demo_data", suspend, ids["regulator"])
    assert refused(world, WITH_REGULATOR, **ids).keys() == {"regulator"}


def suspend(session: object, organisation: str) -> None:
    session.get_one(Organisation, organisation).state = "suspended"  # type: ignore[attr-defined]


def test_while_a_trustee_has_no_key_no_letter_is_sealed(world: World) -> None:
    case = paid_case(world)
    trustees.appoint(world, WITH_REGULATOR)
    world.run("demo_data", retire_all, world.people["regulator_trustee"].organisation_id)
    with pytest.raises(Unavailable):
        order(world, case)
    trustees.make_key(world, "regulator")
    assert order(world, case).profile == WITH_REGULATOR


def retire_all(session: object, organisation: str) -> None:
    for key in trustbook.all_keys(session, organisation):  # type: ignore[arg-type]
        key.state = "retired"


# --- keys -------------------------------------------------------------------------------------


def test_a_key_is_made_kept_and_retired(world: World) -> None:
    first = trustees.make_key(world, "association")
    world.now += timedelta(seconds=1)
    second = trustees.own_key(world, "association")
    rows = world.read(queries.keys, world.as_("association"), world.now)
    assert [(one.fingerprint, one.kept, one.state) for one in rows] == [
        (seal.fingerprint_of(first.public_key), True, "active"),
        (seal.fingerprint_of(second.public_key), False, "active"),
    ]
    with pytest.raises(InvalidInput, match="改正"):
        trustees.make_key(world, "association")
    with pytest.raises(InvalidInput):
        trustees.own_key(world, "association")
    retire(world, "association", rows[0].id)
    retire(world, "association", rows[0].id)
    trustees.make_key(world, "association")
    states = [one.state for one in world.read(queries.keys, world.as_("association"), world.now)]
    assert sorted(states) == ["active", "active", "retired"]


def retire(world: World, role: str, key: str) -> None:
    world.run("trustee_key", make_trustee_key.retire, world.as_(WHO[role]), world.now, key)


def test_the_last_key_of_a_trustee_in_force_stays(world: World) -> None:
    trustees.appoint(world)
    [key] = world.read(queries.keys, world.as_("association"), world.now)
    with pytest.raises(InvalidInput):
        retire(world, "association", key.id)
    trustees.choose(world, WITH_REGULATOR)
    retire(world, "association", key.id)


def test_another_organisations_key_is_not_found(world: World) -> None:
    trustees.make_key(world, "regulator")
    [key] = world.read(queries.keys, world.as_("regulator_trustee"), world.now)
    with pytest.raises(NotFound):
        retire(world, "association", key.id)
    with pytest.raises(NotFound):
        world.read(rehearse_trustee.wrapped_key, world.as_("association"), world.now, key.id)


@pytest.mark.parametrize("typed", ["", "zz", "00" * 31, "00" * 32, "12" * 33])
def test_what_is_no_public_key_is_refused(world: World, typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.run(
            "trustee_key",
            make_trustee_key.register,
            world.as_("association"),
            world.now,
            typed,
        )
    assert caught.value.errors.keys() == {"public_key"}


def test_one_key_stands_for_one_trustee(world: World) -> None:
    pair = trustees.own_key(world, "association")
    with pytest.raises(InvalidInput):
        world.run(
            "trustee_key",
            make_trustee_key.register,
            world.as_("trading_centre"),
            world.now,
            pair.public_key.hex(),
        )


@pytest.mark.parametrize("who", ["regulator", "operator", "procurer", "security"])
def test_only_trustees_make_their_keys(world: World, who: str) -> None:
    pair = seal.make_key_pair()
    with pytest.raises(Forbidden):
        world.run(
            "trustee_key", make_trustee_key.store, world.as_(who), world.now, pair.public_key, b""
        )


# --- presence and rehearsal -------------------------------------------------------------------


def state_of(world: World, role: str) -> str:
    def found(session: object) -> str:
        organisation = session.get_one(  # type: ignore[attr-defined]
            Organisation, world.people[WHO[role]].organisation_id
        )
        return queries.presence(session, world.now, organisation).state  # type: ignore[arg-type]

    return world.read(found)


def sign_in(world: World, role: str) -> None:
    def seen(session: object) -> None:
        person = session.get_one(Person, world.people[WHO[role]].person_id)  # type: ignore[attr-defined]
        person.totp_step = int(world.now.timestamp()) // 30

    world.run("sign_in", seen)


def rehearse(world: World, role: str, pair: seal.KeyPair, after: timedelta = timedelta()) -> int:
    actor, vault = world.as_(WHO[role]), world.sessions.vault
    asked = world.read(rehearse_trustee.trials, actor, world.now, vault)
    data = approvals.request_file(rehearse_trustee.OPENING, "演练", asked)
    opening, _, read = approvals.read_request(data)
    answer = approvals.answer_file(opening, approvals.take_out(read, [pair.private_key]))
    world.now += after
    parts = approvals.read_answer(answer, rehearse_trustee.OPENING)
    actor = world.as_(WHO[role])
    return world.run("rehearse_trustee", rehearse_trustee.passed, actor, world.now, parts, vault)


def test_absence_shows_early_and_why(world: World) -> None:
    assert state_of(world, "association") == "no_key"
    pair = trustees.own_key(world, "association")
    assert state_of(world, "association") == "unrehearsed"
    assert rehearse(world, "association", pair) == 1
    assert state_of(world, "association") == "ready"
    world.now += queries.SEEN_WITHIN + timedelta(minutes=1)
    assert state_of(world, "association") == "unseen"
    sign_in(world, "association")
    assert state_of(world, "association") == "ready"
    world.now += queries.REHEARSED_WITHIN
    sign_in(world, "association")
    assert state_of(world, "association") == "unrehearsed"
    world.run("demo_data", disable, world.people["association"].person_id)
    assert state_of(world, "association") == "no_person"


def disable(session: object, person: str) -> None:
    session.get_one(Person, person).state = "disabled"  # type: ignore[attr-defined]


def test_the_absent_are_listed_for_whoever_reminds_them(world: World) -> None:
    assert world.read(queries.absent, world.now) == ()
    keys = trustees.appoint(world)
    assert {one.role for one in world.read(queries.absent, world.now)} == set(WHO)
    rehearse(world, "regulator", keys["regulator"])
    absent = world.read(queries.absent, world.now)
    assert [(one.role, one.state) for one in absent] == [
        ("trading_centre", "unrehearsed"),
        ("association", "unrehearsed"),
    ]
    assert {one.name for one in absent} == {
        world.people[WHO[one.role]].organisation_name for one in absent
    }


def test_a_rehearsal_needs_the_key_and_is_taken_for_three_days(world: World) -> None:
    pair = trustees.own_key(world, "association")
    stranger = seal.make_key_pair()
    with pytest.raises(InvalidInput):
        rehearse(world, "association", stranger)
    with pytest.raises(InvalidInput):
        rehearse(world, "association", pair, after=rehearse_trustee.SERVES + timedelta(seconds=1))
    assert rehearse(world, "association", pair, after=rehearse_trustee.SERVES) == 1


@pytest.mark.parametrize("name", ["", "-", "x-1", "9" * 40 + "-1", "99999999999-1"])
def test_a_trial_that_was_never_made_is_not_passed(world: World, name: str) -> None:
    trustees.own_key(world, "association")
    parts = [Part(name, 1, "association", bytes(32))]
    with pytest.raises(InvalidInput):
        world.run(
            "rehearse_trustee",
            rehearse_trustee.passed,
            world.as_("association"),
            world.now,
            parts,
            world.sessions.vault,
        )


def test_a_rehearsal_writes_nothing_until_it_is_passed(world: World) -> None:
    trustees.own_key(world, "association")
    actor, vault = world.as_("association"), world.sessions.vault
    world.read(rehearse_trustee.trials, actor, world.now, vault)
    [key] = world.read(lambda session: session.scalars(select(TrusteeKey)).all())
    assert key.rehearsed_at is None


# --- approvals --------------------------------------------------------------------------------


def test_before_t_nobody_reads_what_a_lot_asks(world: World) -> None:
    trustees.appoint(world)
    with pytest.raises(TooEarly):
        world.read(
            approve_release.asked,
            world.as_("association"),
            world.now,
            world.lot,
            files=world.files,
            vault=world.sessions.vault,
        )


@pytest.mark.parametrize("who", ["procurer", "supplier", "operator", "regulator"])
def test_nobody_else_approves(world: World, who: str) -> None:
    world.now = datetime(2026, 12, 1, tzinfo=UTC)
    with pytest.raises(Forbidden):
        world.run(
            "approve_release",
            approve_release.approve,
            world.as_(who),
            world.now,
            world.lot,
            [],
            [],
        )


def test_a_key_under_a_passphrase_can_be_taken_along(world: World) -> None:
    pair = trustees.make_key(world, "association")
    [key] = world.read(queries.keys, world.as_("association"), world.now)
    blob = world.read(rehearse_trustee.wrapped_key, world.as_("association"), world.now, key.id)
    phrase = trustees.passphrase_of("association")
    assert seal.unwrap_private(blob, phrase) == pair.private_key
    assert CHEAP
