"""Trustees agree to a release: when, who, by passphrase or by files, and what is kept of it."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.house import House
from app.jobs import approvals, openings
from guarantees.errors import (
    Forbidden,
    InvalidInput,
    PassphraseRefused,
    SecondFactorNeeded,
    TooEarly,
    TooLate,
    TrusteeKeyNeeded,
    Unavailable,
)
from guarantees.queries import trustees as presence
from guarantees.records.trust import TrusteeApproval
from signing import seal
from signing.seal.approvals import answer_file, read_answer, read_request, take_out
from tests import trustees
from tests.app.jobs.opening_steps import (
    opened,
    room,
    sealed_letters,
    start,
    until_waiting,
    verdicts,
)
from tests.house import OPENING, WorldTimekeeper
from tests.trustees import TWO_OF_THREE, WHO, approve, passphrase_of
from tests.world import World


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "LOOK_SECONDS", 0.01)


def test_before_t_nothing_is_approved(world: World, house: House) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    world.now = OPENING - timedelta(seconds=1)
    for role in WHO:
        with pytest.raises(TooEarly):
            approve(world, house, role)
        with pytest.raises(TooEarly):
            approvals.request_file(house, world.as_(WHO[role]), world.now, world.lot)
    assert approvals_kept(world) == []


def test_the_timekeepers_clock_decides_here_too(world: World, house: House) -> None:
    """The web clock goes fast; the timekeeper refuses, and no letter is read."""
    trustees.appoint(world)
    sealed_letters(world, house)
    keeper = house.timekeeper
    assert isinstance(keeper, WorldTimekeeper)
    real = keeper.release

    def slow(*args: object) -> object:
        before, world.now = world.now, OPENING - timedelta(minutes=1)
        try:
            return real(*args)  # type: ignore[arg-type]
        finally:
            world.now = before

    keeper.release = slow  # type: ignore[method-assign,assignment]
    with pytest.raises(TooEarly):
        approve(world, house, "regulator")
    keeper.release = real  # type: ignore[method-assign]
    keeper.away = True
    with pytest.raises(Unavailable):
        approve(world, house, "regulator")
    assert approvals_kept(world) == []


def approvals_kept(world: World) -> list[TrusteeApproval]:
    return list(world.read(lambda session: session.scalars(select(TrusteeApproval)).all()))


def test_who_may_not_approve(world: World, house: House) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    for who in ("procurer", "supplier", "operator", "regulator"):
        with pytest.raises(Forbidden):
            approvals.approve(house, world.as_(who), world.now, world.lot, "x")
    with pytest.raises(PassphraseRefused):
        approve(world, house, "regulator", passphrase="another phrase altogether")
    uncoded = world.as_(WHO["regulator"], code=False)
    with pytest.raises(SecondFactorNeeded):
        approvals.approve(house, uncoded, world.now, world.lot, passphrase_of("regulator"))
    assert approvals_kept(world) == []


def test_approving_twice_leaves_one(world: World, house: House) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    assert approve(world, house, "regulator") == approve(world, house, "regulator") == 2
    assert len(approvals_kept(world)) == 1


def test_parts_lie_under_the_vault_and_go_when_the_lot_is_opened(
    world: World, house: House
) -> None:
    trustees.appoint(world)
    cases = sealed_letters(world, house)
    approve(world, house, "regulator")
    approve(world, house, "association")
    for row in approvals_kept(world):
        assert row.blob is not None
        assert all(case.encode() not in row.blob for case in cases)
    opened(world, house)
    assert [row.blob for row in approvals_kept(world)] == [None, None]
    with pytest.raises(TooLate):
        approve(world, house, "trading_centre")


def test_an_older_key_opens_what_was_sealed_to_it(world: World, house: House) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    trustees.make_key(world, "association", "the association's newer phrase 新")
    with pytest.raises(TrusteeKeyNeeded) as refused:
        approve(world, house, "association", "the association's newer phrase 新")
    assert refused.value.fields["fingerprints"]
    assert approve(world, house, "association") == 2


# --- with a key that the trustee keeps --------------------------------------------------------


def with_own_key(world: World) -> dict[str, seal.KeyPair]:
    pairs = {
        "regulator": trustees.make_key(world, "regulator"),
        "trading_centre": trustees.own_key(world, "trading_centre"),
        "association": trustees.own_key(world, "association"),
    }
    trustees.choose(world, TWO_OF_THREE)
    return pairs


def answered(world: World, house: House, role: str, pair: seal.KeyPair) -> bytes:
    request = approvals.request_file(house, world.as_(WHO[role]), world.now, world.lot)
    opening, _, asked = read_request(request)
    return answer_file(opening, take_out(asked, [pair.private_key]))


def take(world: World, house: House, role: str, answer: bytes) -> int:
    return approvals.take_answer(house, world.as_(WHO[role]), world.now, world.lot, answer)


def test_approved_by_files_alone(world: World, house: House) -> None:
    pairs = with_own_key(world)
    sealed_letters(world, house)
    for role in ("trading_centre", "association"):
        assert take(world, house, role, answered(world, house, role, pairs[role])) == 2
    assert verdicts(opened(world, house)) == ["verified"] * 2


def test_a_request_tells_nothing_of_whose_letters_they_are(world: World, house: House) -> None:
    with_own_key(world)
    sealed_letters(world, house)
    request = approvals.request_file(house, world.as_("association"), world.now, world.lot).decode()
    for who in ("supplier", "rival", "maker"):
        actor = world.people[who]
        for word in (actor.organisation_id, actor.organisation_name, actor.person_id):
            assert word not in request
    assert "BH26" not in request


def test_answers_that_are_none_are_refused(world: World, house: House) -> None:
    pairs = with_own_key(world)
    sealed_letters(world, house)
    good = answered(world, house, "association", pairs["association"])
    opening = room(world).opening.encode()
    for bad in (b"", b"[]", b"{}", good[:-9], good.replace(opening, b"another-opening")):
        with pytest.raises(InvalidInput) as refused:
            take(world, house, "association", bad)
        assert refused.value.errors.keys() == {"answer"}
    with pytest.raises(TrusteeKeyNeeded):  # another trustee's answer
        take(
            world,
            house,
            "association",
            answered(world, house, "trading_centre", pairs["trading_centre"]),
        )
    assert approvals_kept(world) == []


def test_a_false_answer_stops_nobody_and_can_be_mended(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before all have answered a letter that does not open has no verdict."""
    pairs = with_own_key(world)
    sealed_letters(world, house)
    good = answered(world, house, "association", pairs["association"])
    part = read_part(good)
    false = good.replace(part.hex().encode(), bytes(32).hex().encode())
    take(world, house, "association", false)
    approve(world, house, "regulator")
    monkeypatch.setattr(openings, "WAIT_SECONDS", 0.05)
    half = opened(world, house)
    assert (half.state, len(half.results)) == ("opening", 1)
    take(world, house, "association", good)
    assert verdicts(opened(world, house)) == ["verified"] * 2


def read_part(answer: bytes) -> bytes:
    """Of the first letter, in the subset of regulator and association."""
    parts = read_answer(answer, json.loads(answer)["opening"])
    return next(one.part for one in parts if one.subset == 2)


def test_the_third_trustee_mends_what_the_second_spoilt(world: World, house: House) -> None:
    pairs = with_own_key(world)
    sealed_letters(world, house)
    good = answered(world, house, "association", pairs["association"])
    take(world, house, "association", good.replace(read_part(good).hex().encode(), b"00" * 32))
    approve(world, house, "regulator")
    start(world, house)
    until_waiting(world)
    take(
        world,
        house,
        "trading_centre",
        answered(world, house, "trading_centre", pairs["trading_centre"]),
    )
    openings.wait(world.lot, 60)
    assert verdicts(room(world)) == ["verified"] * 2


def test_parts_that_do_not_come_out_are_a_verdict_when_all_have_answered(
    world: World, house: House
) -> None:
    """A letter sealed with spoilt parts holds up no other."""
    pairs = with_own_key(world)
    cases = sealed_letters(world, house)
    for role in ("trading_centre", "association"):
        answer = json.loads(answered(world, house, role, pairs[role]))
        for one in answer["parts"]:
            if one["letter"] == cases[0]:
                one["part"] = None
        take(world, house, role, json.dumps(answer).encode())
    start(world, house)
    assert until_waiting(world) == {"regulator"}
    assert {one.case for one in room(world).results} == {cases[1]}
    regulator = approvals.waiting(house, world.as_(WHO["regulator"]), world.now, world.lot)
    assert regulator.letters == 1
    approve(world, house, "regulator")
    openings.wait(world.lot, 60)
    seen = {one.case: one.verdict for one in room(world).results}
    assert seen == {cases[0]: "not_opened", cases[1]: "verified"}


# --- who is there -----------------------------------------------------------------------------


def test_the_room_shows_who_is_absent_and_who_has_agreed(world: World, house: House) -> None:
    trustees.appoint(world)
    sealed_letters(world, house)
    before = world.read(presence.of_opening, world.now, room(world).opening)
    assert [(one.role, one.presence.state, one.approved_at) for one in before] == [
        (role, "unrehearsed", None) for role in WHO
    ]
    approve(world, house, "regulator")
    after = world.read(presence.of_opening, world.now, room(world).opening)
    assert [one.approved_at is not None for one in after] == [True, False, False]


def test_a_desk_lists_lots_with_and_without_bids_alike(world: World, house: House) -> None:
    trustees.appoint(world)
    actor = world.as_("association")
    desk = world.read(presence.desk, actor, world.now)
    assert (desk.serves, desk.waiting) == (TWO_OF_THREE, ())
    world.now = OPENING - timedelta(days=1)
    assert len(world.read(presence.desk, actor, world.now).coming) == 1
    world.now = OPENING
    [one] = world.read(presence.desk, actor, world.now).waiting
    assert (one.state, one.approved_at) == ("sealed", None)
    approve(world, house, "association")
    [one] = world.read(presence.desk, actor, world.now).waiting
    assert one.approved_at == world.now
    opened(world, house)
    assert world.read(presence.desk, actor, world.now).waiting == ()


def test_rehearsal_by_passphrase_and_by_command(world: World, house: House) -> None:
    pairs = with_own_key(world)
    assert approvals.rehearse(
        house, world.as_(WHO["regulator"]), world.now, passphrase_of("regulator")
    )
    with pytest.raises(PassphraseRefused):
        approvals.rehearse(house, world.as_(WHO["regulator"]), world.now, "not the right phrase")
    request = approvals.rehearsal_file(house, world.as_("association"), world.now)
    opening, about, asked = read_request(request)
    assert (about, len(asked)) == ("演练", 1)
    answer = answer_file(opening, take_out(asked, [pairs["association"].private_key]))
    assert approvals.take_rehearsal(house, world.as_("association"), world.now, answer) == 1
    with pytest.raises(InvalidInput):
        approvals.take_rehearsal(house, world.as_("trading_centre"), world.now, answer)
    found = {one.role: one.state for one in world.read(presence.in_force, world.now)}
    assert found == {"regulator": "ready", "trading_centre": "unrehearsed", "association": "ready"}
