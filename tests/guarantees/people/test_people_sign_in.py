"""Passwords, codes, pauses, logins that end: flow/sign_in, tables/sign_in, queries/sign_ins."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import schema
from app.adapters.database import Sessions
from app.auth.actors import VISITOR
from guarantees.flow import keep_form, sign_in
from guarantees.flow.sign_in import Answer
from guarantees.queries import sign_ins
from guarantees.records import web_session
from guarantees.records.kept_form import CAPACITY, KeptForm
from guarantees.records.organisation import Organisation
from guarantees.tables.sign_in import (
    ABSOLUTE,
    FIRST_PAUSE,
    FREE_ATTEMPTS,
    HALF_WAY,
    LONGEST_PAUSE,
    pause_after,
)
from guarantees.values import one_time_codes
from guarantees.values.one_time_codes import PERIOD, code_of, matching_step, next_code, step_at
from tests.accounts import START, VAULT, Accounts, populate
from tests.conftest import Database

SECOND = timedelta(seconds=1)


def password(world: Accounts, login: str, token: str, now: datetime = START) -> Answer:
    """The right password."""
    tried = world.run(sign_in.attempt, VISITOR, now, login, token)
    if tried.locked_until is not None:
        return Answer("locked", tried.locked_until)
    return world.run(sign_in.accept_password, VISITOR, now, token, tried.password_hash, "")


def enter(world: Accounts, login: str, token: str, now: datetime = START) -> None:
    """All the way in."""
    assert password(world, login, f"{token}-half", now).result == "code"
    code = world.code(login, now)
    answer = world.run(sign_in.enter_code, VISITOR, now, f"{token}-half", token, code)
    assert answer.result == "done"


def who(world: Accounts, token: str, now: datetime = START) -> str | None:
    found = world.read(sign_ins.who, now, token)
    return found.login if found else None


def test_password_then_code_and_the_token_changes(world: Accounts) -> None:
    assert password(world, " Mary ", "half").result == "code"
    assert who(world, "half") is None
    half = world.read(sign_ins.half_way, START, "half")
    assert half is not None
    assert (half.login, half.secret) == ("mary", None)
    answer = world.run(sign_in.enter_code, VISITOR, START, "half", "full", world.code("mary"))
    assert answer == Answer("done")
    assert who(world, "full") == "mary"
    assert who(world, "half") is None
    assert world.read(sign_ins.half_way, START, "half") is None


def test_an_attempt_alone_opens_nothing(world: Accounts) -> None:
    world.run(sign_in.attempt, VISITOR, START, "mary", "token")
    assert who(world, "token") is None
    assert world.read(sign_ins.half_way, START, "token") is None
    code = world.code("mary")
    assert world.run(sign_in.enter_code, VISITOR, START, "token", "new", code).result == "expired"


def test_a_password_that_changed_meanwhile_is_not_taken(world: Accounts) -> None:
    tried = world.run(sign_in.attempt, VISITOR, START, "mary", "token")
    world.change("mary", password_hash="$other")
    answer = world.run(sign_in.accept_password, VISITOR, START, "token", tried.password_hash, "")
    assert answer.result == "expired"


def test_the_hash_is_renewed_with_todays_parameters(world: Accounts) -> None:
    tried = world.run(sign_in.attempt, VISITOR, START, "mary", "token")
    arguments = ("token", tried.password_hash, "$renewed")
    world.run(sign_in.accept_password, VISITOR, START, *arguments)
    assert world.person("mary").password_hash == "$renewed"


def test_the_first_login_enrols_an_authenticator(world: Accounts) -> None:
    world.change("mary", totp_secret=None, totp_step=0)
    assert password(world, "mary", "half").result == "enrol"
    half = world.read(sign_ins.half_way, START, "half")
    assert half is not None
    assert half.secret is not None
    wrong = world.run(sign_in.enter_code, VISITOR, START, "half", "full", "000000")
    assert wrong.result == "refused"
    code = code_of(half.secret, step_at(START))
    assert world.run(sign_in.enter_code, VISITOR, START, "half", "full", code).result == "done"
    assert who(world, "full") == "mary"
    # From now on the code is asked for, and the secret is shown no more.
    assert password(world, "mary", "again").result == "code"
    half = world.read(sign_ins.half_way, START, "again")
    assert half is not None
    assert half.secret is None


def test_a_secret_that_was_offered_and_left_is_void(world: Accounts) -> None:
    world.change("mary", totp_secret=None, totp_step=0)
    password(world, "mary", "one")
    first = world.read(sign_ins.half_way, START, "one")
    password(world, "mary", "two")
    second = world.read(sign_ins.half_way, START, "two")
    assert first is not None
    assert second is not None
    assert first.secret != second.secret


@pytest.mark.parametrize("act", ["enter_code", "prove"])
def test_a_code_counts_once(world: Accounts, act: str) -> None:
    enter(world, "mary", "full")
    code = world.code("mary")
    if act == "prove":
        arguments: tuple[Any, ...] = ("full", "/act", code)
        answer = world.run(sign_in.prove, world.actor("mary"), START, *arguments)
    else:
        password(world, "mary", "half")
        answer = world.run(sign_in.enter_code, VISITOR, START, "half", "new", code)
    assert answer.result == "refused"
    # Neither does the one before it, though it is within the window.
    before = world.code("mary", START - PERIOD * SECOND)
    answer = world.run(sign_in.prove, world.actor("mary"), START, "full", "/act", before)
    assert answer.result == "refused"


def test_a_code_proves_one_act(world: Accounts) -> None:
    enter(world, "mary", "full")
    now = START + 40 * SECOND
    found = world.read(sign_ins.who, now, "full")
    assert found is not None
    assert found.proved_at is None  # the code of the login is none for an act
    assert found.actor.second_factor_at is None
    code = world.code("mary", now)
    assert world.run(sign_in.prove, found.actor, now, "full", "/act", code).result == "done"
    found = world.read(sign_ins.who, now, "full")
    assert found is not None
    assert (found.proved_at, found.proved_for) == (now, "/act")


def test_nobody_proves_with_anothers_login(world: Accounts) -> None:
    enter(world, "mary", "full")
    now = START + 40 * SECOND
    code = world.code("carl", now)
    answer = world.run(sign_in.prove, world.actor("carl"), now, "full", "/act", code)
    assert answer.result == "expired"


def test_wrong_passwords_pause_the_account_longer_and_longer(world: Accounts) -> None:
    for n in range(FREE_ATTEMPTS):
        tried = world.run(sign_in.attempt, VISITOR, START, "mary", f"t{n}")
        assert tried.locked_until is None
    answer = password(world, "mary", "right")
    assert answer == Answer("locked", START + FIRST_PAUSE)
    # Attempts during the pause are not looked at and do not make it longer.
    end = START + FIRST_PAUSE
    tried = world.run(sign_in.attempt, VISITOR, end, "mary", "after")
    assert tried.locked_until is None
    tried = world.run(sign_in.attempt, VISITOR, end, "mary", "after-2")
    assert tried.locked_until == end + 2 * FIRST_PAUSE
    assert password(world, "carl", "half").result == "code"


def test_wrong_codes_pause_it_too_and_the_password_does_not_lift_the_count(
    world: Accounts,
) -> None:
    for n in range(FREE_ATTEMPTS):
        assert password(world, "mary", f"t{n}").result == "code"
        answer = world.run(sign_in.enter_code, VISITOR, START, f"t{n}", "new", "123")
        assert answer.result == "refused"
    assert password(world, "mary", "more").result == "locked"
    assert world.person("mary").failures == FREE_ATTEMPTS


def test_after_the_pause_the_right_person_gets_in_and_the_count_is_gone(world: Accounts) -> None:
    for n in range(FREE_ATTEMPTS):
        world.run(sign_in.attempt, VISITOR, START, "mary", f"t{n}")
    enter(world, "mary", "full", START + FIRST_PAUSE)
    person = world.person("mary")
    assert (person.failures, person.locked_until) == (0, None)


def test_a_login_that_nobody_has_looks_like_one(world: Accounts) -> None:
    tried = world.run(sign_in.attempt, VISITOR, START, "nobody", "token")
    assert (tried.person_id, tried.password_hash, tried.locked_until) == ("", "", None)
    # It leaves a row as every attempt does, and nothing accepts it.
    answer = world.run(sign_in.accept_password, VISITOR, START, "token", "", "")
    assert answer.result == "expired"


@pytest.mark.parametrize(
    ("state", "result"), [("pending", "pending"), ("refused", "closed"), ("left", "closed")]
)
def test_people_of_an_organisation_that_is_not_in_are_told_so(
    world: Accounts, state: str, result: str
) -> None:
    enter(world, "anna", "full")
    with world.sessions.reading() as session:
        row = session.get(Organisation, world.organisations["supplier"])
        assert row is not None
        row.state = state
        session.commit()
    assert who(world, "full") is None
    assert password(world, "anna", "half").result == result
    assert world.read(sign_ins.half_way, START, "half") is None


def test_a_suspended_organisation_runs_its_business_off(world: Accounts) -> None:
    with world.sessions.reading() as session:
        row = session.get(Organisation, world.organisations["institution"])
        assert row is not None
        row.state = "suspended"
        session.commit()
    enter(world, "mary", "full")
    assert who(world, "full") == "mary"


def test_times_of_logins(world: Accounts) -> None:
    assert password(world, "mary", "half").result == "code"
    assert world.read(sign_ins.half_way, START + HALF_WAY, "half") is not None
    late = START + HALF_WAY + SECOND
    assert world.read(sign_ins.half_way, late, "half") is None
    code = world.code("mary", late)
    assert world.run(sign_in.enter_code, VISITOR, late, "half", "new", code).result == "expired"
    enter(world, "mary", "full")
    assert who(world, "full", START + ABSOLUTE) == "mary"
    assert who(world, "full", START + ABSOLUTE + SECOND) is None


def test_signing_out_ends_this_login_and_everywhere_ends_all(world: Accounts) -> None:
    enter(world, "mary", "one")
    enter(world, "mary", "two", START + PERIOD * SECOND)
    now = START + 2 * PERIOD * SECOND
    enter(world, "mary", "three", now)
    world.run(sign_in.sign_out, VISITOR, now, "one")
    world.run(sign_in.sign_out, VISITOR, now, "unknown")
    assert [who(world, one, now) for one in ("one", "two", "three")] == [None, "mary", "mary"]
    world.run(sign_in.sign_out_everywhere, world.actor("mary"), now)
    assert [who(world, one, now) for one in ("one", "two", "three")] == [None, None, None]


def test_a_new_password_ends_every_login_but_the_new_one(world: Accounts) -> None:
    enter(world, "mary", "old")
    tried = world.run(sign_in.attempt, VISITOR, START, "mary", "tried")
    arguments = ("tried", tried.password_hash, "$new", "new")
    answer = world.run(sign_in.change_password, world.actor("mary"), START, *arguments)
    assert answer.result == "done"
    assert (who(world, "old"), who(world, "new")) == (None, "mary")
    assert world.person("mary").password_hash == "$new"
    assert world.person("mary").failures == 0
    assert who(world, "tried") is None


def test_nobody_changes_anothers_password(world: Accounts) -> None:
    tried = world.run(sign_in.attempt, VISITOR, START, "mary", "tried")
    arguments = ("tried", tried.password_hash, "$new", "new")
    answer = world.run(sign_in.change_password, world.actor("carl"), START, *arguments)
    assert answer.result == "expired"
    assert world.person("mary").password_hash == tried.password_hash


def test_what_was_typed_waits_for_its_person_alone(world: Accounts) -> None:
    enter(world, "mary", "full")
    late = START + timedelta(days=1)
    form = KeptForm("/cases/1", late, {"reason": ["很长的理由"], "roles": ["a", "b"]})
    assert world.run(keep_form.keep, VISITOR, late, "full", form)
    assert world.read(sign_ins.kept, world.actor("mary"), "/cases/1") == form
    assert world.read(sign_ins.kept, world.actor("carl"), "/cases/1") is None
    assert world.read(sign_ins.kept, world.actor("mary"), "/cases/2") is None
    newer = KeptForm("/cases/1", late, {"reason": ["更好的理由"]})
    assert world.run(keep_form.keep, VISITOR, late, "full", newer)
    assert world.read(sign_ins.kept, world.actor("mary"), "/cases/1") == newer
    world.run(keep_form.forget, world.actor("mary"), late, "/cases/1")
    assert world.read(sign_ins.kept, world.actor("mary"), "/cases/1") is None


def test_nothing_is_kept_for_nobody_or_beyond_the_limit(world: Accounts) -> None:
    form = KeptForm("/cases/1", START, {"reason": ["x"]})
    assert not world.run(keep_form.keep, VISITOR, START, "unknown", form)
    password(world, "mary", "half")
    assert not world.run(keep_form.keep, VISITOR, START, "half", form)
    enter(world, "mary", "full")
    large = KeptForm("/cases/1", START, {"reason": ["x" * CAPACITY]})
    assert not world.run(keep_form.keep, VISITOR, START, "full", large)


@given(st.integers(0, 10**6))
def test_pauses_grow_to_a_cap(failures: int) -> None:
    pause = pause_after(failures)
    assert timedelta() <= pause <= pause_after(failures + 1) <= LONGEST_PAUSE
    assert (pause > timedelta()) == (failures >= FREE_ATTEMPTS)


@given(st.integers(10 * PERIOD, 2**33), st.integers(-3, 3), st.integers(0, 2))
def test_codes_count_within_one_step_and_once(second: int, away: int, used: int) -> None:
    now = START.fromtimestamp(second, START.tzinfo)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    step = step_at(now) + away
    typed = code_of(secret, step)
    last = step if used == 1 else step - 1 if used == 2 else -10
    found = matching_step(secret, typed, now, last)
    if abs(away) <= 1 and used != 1:
        assert found is not None
        assert code_of(secret, found) == typed
    else:
        assert found is None or code_of(secret, found) == typed  # two steps with one code


def test_codes_are_those_of_rfc_6238() -> None:
    """Appendix B, SHA-1, cut to six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for second, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_of(secret, second // PERIOD) == code
        now = START.fromtimestamp(second, START.tzinfo)
        assert matching_step(secret, f" {code[:3]} {code[3:]}", now, 0) == second // PERIOD


def test_full_width_digits_are_digits_and_nonsense_is_refused() -> None:
    secret = one_time_codes.new_secret()
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code_of(secret, step_at(START)))
    assert matching_step(secret, wide, START, 0) == step_at(START)
    for nonsense in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\ud800"):
        assert matching_step(secret, nonsense, START, 0) is None


def test_the_code_that_counts_next() -> None:
    secret, present = one_time_codes.new_secret(), step_at(START)
    assert next_code(secret, START, 0) == (code_of(secret, present), 0)
    assert next_code(secret, START, present) == (code_of(secret, present + 1), 0)
    code, wait = next_code(secret, START, present + 1)
    assert code == code_of(secret, present + 2)
    then = START + wait * SECOND
    assert matching_step(secret, code, then, present + 1) == present + 2
    assert matching_step(secret, code, then - SECOND, present + 1) is None


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_twenty_guesses_at_once_are_no_more_than_the_free_ones(own_database: Database) -> None:
    schema.upgrade(own_database.engine)
    world = populate(Sessions(own_database.engine, VAULT))

    def guess(n: int) -> bool:
        return bool(world.run(sign_in.attempt, VISITOR, START, "mary", f"t{n}").password_hash)

    looked_at = at_once([lambda n=n: guess(n) for n in range(20)])  # type: ignore[misc]
    assert sum(looked_at) == FREE_ATTEMPTS


def test_of_the_same_code_typed_many_times_at_once_one_counts(own_database: Database) -> None:
    schema.upgrade(own_database.engine)
    world = populate(Sessions(own_database.engine, VAULT))
    for n in range(5):
        assert password(world, "mary", f"h{n}").result == "code"
    code = world.code("mary")

    def type_it(n: int) -> str:
        return world.run(sign_in.enter_code, VISITOR, START, f"h{n}", f"f{n}", code).result

    results = at_once([lambda n=n: type_it(n) for n in range(5)])  # type: ignore[misc]
    assert sorted(results) == ["done", *["refused"] * 4]


def test_rows_of_logins_tell_nothing(world: Accounts) -> None:
    enter(world, "mary", "full")
    world.run(sign_in.attempt, VISITOR, START, "nobody", "token")
    with world.sessions.reading() as session:
        rows = session.query(web_session.WebSession).all()
    assert {len(row.blob) for row in rows} == {web_session.SIZE[0]}
    assert len(rows) == 3
    mary = world.person("mary").id.encode()
    assert not any(mary in row.blob or b"full" in row.id for row in rows)
