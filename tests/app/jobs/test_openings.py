"""The opening runner: what it refuses at once, what it leaves behind, how it goes on."""

import threading
from datetime import timedelta

import pytest

from app.house import House
from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.errors import (
    Forbidden,
    NotFound,
    OtherKeyNeeded,
    PassphraseRefused,
    SecondFactorNeeded,
    TooEarly,
    Unavailable,
)
from guarantees.flow import make_opening_key
from guarantees.queries import openings as queries
from guarantees.queries.openings import Room
from guarantees.records import casebook
from tests.app.jobs.steps import get, paid
from tests.house import OPENING, PlainVerifier, WorldTimekeeper
from tests.world import PASSPHRASE, World


@pytest.fixture
def cases(world: World, house: House) -> list[str]:
    """Two letters that wait for their opening; it is T."""
    made = [paid(world), paid(world, "rival")]
    Jobs(house).run_due()
    world.now = OPENING
    return made


def start(world: World, house: House, who: str = "procurer", passphrase: str = PASSPHRASE) -> None:
    openings.start(house, world.as_(who), world.now, world.lot, passphrase)


def opened(world: World, house: House) -> Room:
    start(world, house)
    openings.wait(world.lot, 60)
    assert not openings.running(world.lot)
    return room(world)


def room(world: World) -> Room:
    return world.read(queries.room, world.as_("procurer"), world.now, world.lot)


def test_every_letter_gets_its_verdict_and_its_pdf(
    world: World, house: House, cases: list[str]
) -> None:
    seen = opened(world, house)
    assert (seen.state, seen.total) == ("opened", 2)
    assert {one.case for one in seen.results} == set(cases)
    assert {(one.verdict, one.signature, one.letter) for one in seen.results} == {
        ("verified", "PASSED", "PASSED")
    }
    for case in cases:
        intent = get(world, case).intent
        assert intent is not None
        assert openings.read_letter(house, case) == b"%PDF-1.7 " + intent.terms.encode()
        assert world.files.held[f"letters/{case}"].find(b"%PDF") == -1


def test_the_signed_list_names_every_letter(world: World, house: House, cases: list[str]) -> None:
    assert openings.read_list(house, room(world).opening) is None
    seen = opened(world, house)
    held = openings.read_list(house, seen.opening)
    assert held is not None
    for one in seen.results:
        assert one.number in held.decode()
        assert one.leaf.hex() in held.decode()


def test_before_t_nothing_happens(world: World, house: House, cases: list[str]) -> None:
    world.now = OPENING - timedelta(seconds=1)
    with pytest.raises(TooEarly):
        start(world, house)
    assert not openings.running(world.lot)
    assert room(world).state == "sealed"


def test_the_timekeepers_clock_decides(world: World, house: House, cases: list[str]) -> None:
    """The web clock goes fast; the timekeeper refuses."""
    keeper = house.timekeeper
    assert isinstance(keeper, WorldTimekeeper)
    before = world.now
    real = keeper.release

    def slow(*args: object) -> object:
        world.now = OPENING - timedelta(minutes=1)
        try:
            return real(*args)  # type: ignore[arg-type]
        finally:
            world.now = before

    keeper.release = slow  # type: ignore[method-assign,assignment]
    with pytest.raises(TooEarly):
        start(world, house)
    assert room(world).state == "sealed"


def test_an_absent_timekeeper_is_said_at_once(world: World, house: House, cases: list[str]) -> None:
    keeper = house.timekeeper
    assert isinstance(keeper, WorldTimekeeper)
    keeper.away = True
    with pytest.raises(Unavailable):
        start(world, house)
    assert room(world).state == "sealed"
    keeper.away = False
    assert opened(world, house).state == "opened"


def test_who_may_not_open(world: World, house: House, cases: list[str]) -> None:
    with pytest.raises(PassphraseRefused):
        start(world, house, passphrase="another passphrase 口令")
    with pytest.raises(Forbidden):
        start(world, house, "supplier")
    with pytest.raises(PassphraseRefused):
        start(world, house, "agency")  # it has a mandate, but no key of its own
    with pytest.raises(SecondFactorNeeded):
        openings.start(house, world.as_("procurer", code=False), world.now, world.lot, PASSPHRASE)
    with pytest.raises(NotFound):
        openings.start(house, world.as_("procurer"), world.now, "no-lot", PASSPHRASE)
    assert room(world).state == "sealed"


LATER = "a later passphrase 后来的口令"


def later_key(world: World) -> None:
    """The procurer's second key, made when letters may be sealed already."""
    actor = world.as_("procurer")
    prepared = make_opening_key.prepare(actor, LATER, LATER)
    world.run("opening_key", make_opening_key.store, actor, world.now, prepared)


def test_a_later_key_breaks_no_earlier_letter(world: World, house: House, cases: list[str]) -> None:
    later_key(world)
    with pytest.raises(OtherKeyNeeded) as refused:
        start(world, house, passphrase=LATER)
    first = min(room(world).keys, key=lambda one: one.made_at or world.now)
    assert first.fingerprint.hex()[:16] in str(refused.value)
    assert room(world).state == "sealed"
    assert {one.verdict for one in opened(world, house).results} == {"verified"}


def test_a_key_opens_what_is_its_own_and_the_rest_waits(world: World, house: House) -> None:
    paid(world)
    Jobs(house).run_due()
    later_key(world)
    paid(world, "rival")
    Jobs(house).run_due()
    world.now = OPENING
    start(world, house, passphrase=LATER)
    openings.wait(world.lot, 60)
    half = room(world)
    assert (half.state, half.total, [one.verdict for one in half.results]) == (
        "opening",
        2,
        ["verified"],
    )
    assert openings.read_list(house, half.opening) is None
    with pytest.raises(OtherKeyNeeded):
        start(world, house, passphrase=LATER)
    whole = opened(world, house)
    assert (whole.state, [one.verdict for one in whole.results]) == ("opened", ["verified"] * 2)


def test_a_lot_without_bids_opens_too(world: World, house: House) -> None:
    world.now = OPENING
    seen = opened(world, house)
    assert (seen.state, seen.total, seen.results) == ("opened", 0, ())
    assert openings.read_list(house, seen.opening) is not None


def test_a_damaged_envelope_spoils_no_other(world: World, house: House, cases: list[str]) -> None:
    broken, whole = cases
    intent = get(world, broken).intent
    assert intent is not None
    name = f"sealed/{intent.id}"
    held = world.files.held[name]
    world.files.held[name] = held[:-1] + bytes([held[-1] ^ 1])
    verdicts = {one.case: one for one in opened(world, house).results}
    assert verdicts[whole].verdict == "verified"
    assert verdicts[broken].verdict == "not_opened"
    assert verdicts[broken].supplier == ""
    with pytest.raises(NotFound):
        openings.read_letter(house, broken)


def test_a_withheld_letter_stays_shut(world: World, house: House, cases: list[str]) -> None:
    from guarantees.flow import open_lot

    plan = world.read(
        open_lot.prepare,
        world.as_("procurer"),
        world.now,
        world.lot,
        files=world.files,
        vault=world.sessions.vault,
    )
    keeper = house.timekeeper
    assert isinstance(keeper, WorldTimekeeper)
    request = plan.letters[0].request()
    assert request is not None
    keeper.withheld.add(request.digest)
    verdicts = {one.case: one for one in opened(world, house).results}
    assert verdicts[plan.letters[0].case].verdict == "not_opened"
    assert "撤回" in verdicts[plan.letters[0].case].reason
    assert verdicts[plan.letters[1].case].verdict == "verified"


def test_a_letter_that_does_not_hold_is_kept_and_fails(
    world: World, house: House, cases: list[str]
) -> None:
    verifier = house.verifier
    assert isinstance(verifier, PlainVerifier)
    intent = get(world, cases[0]).intent
    assert intent is not None
    verifier.doubted = intent.number.encode()
    verdicts = {one.case: one for one in opened(world, house).results}
    assert verdicts[cases[0]].verdict == "fails"
    assert verdicts[cases[0]].reason
    assert verdicts[cases[1]].verdict == "verified"
    assert openings.read_letter(house, cases[0])


def test_interrupted_anywhere_it_goes_on_and_each_verdict_stays(
    world: World, house: House, cases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = world.sessions.write, 0

    def dying(name: str, flow: object) -> object:
        nonlocal calls
        calls += name == "open_letter"
        if calls == 2:
            raise Unavailable(service="database")
        return real(name, flow)  # type: ignore[arg-type]

    monkeypatch.setattr(world.sessions, "write", dying)
    half = opened(world, house)
    assert (half.state, len(half.results)) == ("opening", 1)
    monkeypatch.setattr(world.sessions, "write", real)
    whole = opened(world, house)
    assert (whole.state, len(whole.results)) == ("opened", 2)
    assert half.results[0] in whole.results
    again = opened(world, house)  # a third start changes nothing
    assert (again.state, again.total, again.results) == ("opened", 2, whole.results)


def test_a_second_start_joins_the_first(world: World, house: House, cases: list[str]) -> None:
    held, entered = threading.Event(), threading.Event()
    verifier = house.verifier
    real = verifier.verify

    def slow(*args: object) -> object:
        entered.set()
        assert held.wait(30)
        return real(*args)  # type: ignore[arg-type]

    verifier.verify = slow  # type: ignore[method-assign,assignment]
    start(world, house)
    assert entered.wait(30)
    assert openings.running(world.lot)
    start(world, house)
    with pytest.raises(PassphraseRefused):
        start(world, house, passphrase="another passphrase 口令")
    held.set()
    openings.wait(world.lot, 60)
    assert len(room(world).results) == 2


def test_a_long_opening_outlives_the_freshness_of_the_code(
    world: World, house: House, cases: list[str]
) -> None:
    verifier = house.verifier
    real = verifier.verify

    def slow(*args: object) -> object:
        world.now += timedelta(minutes=4)
        return real(*args)  # type: ignore[arg-type]

    verifier.verify = slow  # type: ignore[method-assign,assignment]
    assert opened(world, house).state == "opened"


def test_paid_cases_without_letter_come_into_the_open_too(world: World, house: House) -> None:
    case = paid(world)  # its letter was never made
    world.now = OPENING
    seen = opened(world, house)
    assert (seen.state, seen.total) == ("opened", 0)
    after = world.read(casebook.get, case)
    assert not after.sealed
