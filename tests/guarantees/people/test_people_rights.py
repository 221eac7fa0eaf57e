"""Roles, disabling, the last administrator, the operator's three: flow/manage_people, found."""

import random
from datetime import timedelta

import pytest

from guarantees.errors import Forbidden, InvalidInput, MoveRefused, NotFound
from guarantees.flow import found, manage_people
from guarantees.queries import people, sign_ins
from guarantees.records import web_session
from guarantees.records.web_session import FULL, Login
from guarantees.tables.permissions import ROLES_OF, allowed
from guarantees.values.actor import SYSTEM
from guarantees.values.codes import make_credit_code
from tests.accounts import PASSWORD, START, Accounts

LATER = START + timedelta(minutes=5)


def sign_in(world: Accounts, login: str, token: str = "token") -> None:
    person = world.person(login)
    made = Login(person.id, person.session_epoch, START, FULL)
    world.run(web_session.begin, token, made)


def test_roles_count_from_the_next_request_on(world: Accounts) -> None:
    sign_in(world, "mary")
    who = world.read(sign_ins.who, LATER, "token")
    assert who is not None
    assert not allowed(who.actor, "application.decide")
    mary = world.person("mary").id
    world.run(manage_people.change_roles, world.actor("ada"), LATER, mary, ("viewer", "checker"))
    who = world.read(sign_ins.who, LATER, "token")
    assert who is not None
    assert allowed(who.actor, "application.decide")
    assert not allowed(who.actor, "application.recommend")
    history = world.read(people.person, world.actor("ada"), LATER, mary).history
    assert history[0].what == "person.roles_changed"
    assert history[0].note == "承保复核、查看"


def test_disabled_means_out_at_once_and_enabled_in_again(world: Accounts) -> None:
    sign_in(world, "mary")
    mary = world.person("mary").id
    world.run(manage_people.disable, world.actor("ada"), LATER, mary)
    assert world.read(sign_ins.who, LATER, "token") is None
    with pytest.raises(MoveRefused):
        world.run(manage_people.disable, world.actor("ada"), LATER, mary)
    world.run(manage_people.enable, world.actor("ada"), LATER, mary)
    # The old login stays ended; a new one works.
    assert world.read(sign_ins.who, LATER, "token") is None
    sign_in(world, "mary", "another")
    assert world.read(sign_ins.who, LATER, "another") is not None


@pytest.mark.parametrize("login", ["ada", "security"])
def test_the_last_administrator_stays(world: Accounts, login: str) -> None:
    own = world.person(login)
    with pytest.raises(InvalidInput) as caught:
        world.run(manage_people.disable, world.actor(login), LATER, own.id)
    assert set(caught.value.errors) == {"roles"}


def test_an_administrator_leaves_once_there_is_another(world: Accounts) -> None:
    ada, mary = world.person("ada"), world.person("mary")
    with pytest.raises(InvalidInput):
        world.run(manage_people.change_roles, world.actor("ada"), LATER, ada.id, ("viewer",))
    world.run(manage_people.change_roles, world.actor("ada"), LATER, mary.id, ("maker", "admin"))
    world.run(manage_people.change_roles, world.actor("ada"), LATER, ada.id, ("viewer",))
    with pytest.raises(Forbidden):
        world.run(manage_people.change_roles, world.actor("ada"), LATER, ada.id, ("admin",))
    with pytest.raises(InvalidInput):
        world.run(manage_people.disable, world.actor("mary"), LATER, mary.id)


def test_a_disabled_administrator_does_not_count_as_another(world: Accounts) -> None:
    ada, mary = world.person("ada"), world.person("mary")
    world.run(manage_people.change_roles, world.actor("ada"), LATER, mary.id, ("admin",))
    world.run(manage_people.disable, world.actor("ada"), LATER, mary.id)
    with pytest.raises(InvalidInput):
        world.run(manage_people.disable, world.actor("ada"), LATER, ada.id)


@pytest.mark.parametrize(
    ("login", "roles"),
    [
        ("system", ("system_admin", "security_admin")),
        ("audit", ("system_admin", "audit_admin")),
        ("system", ("system_admin", "security_admin", "audit_admin")),
    ],
)
def test_the_operators_three_are_three_people(
    world: Accounts, login: str, roles: tuple[str, ...]
) -> None:
    person = world.person(login).id
    with pytest.raises(InvalidInput) as caught:
        world.run(manage_people.change_roles, world.actor("security"), LATER, person, roles)
    assert set(caught.value.errors) == {"roles"}
    world.run(manage_people.change_roles, world.actor("security"), LATER, person, roles[-1:])
    assert world.person(login).roles == list(roles[-1:])


def test_the_security_administrator_gives_itself_nothing(world: Accounts) -> None:
    system, own = world.person("system").id, world.person("security").id
    world.run(
        manage_people.change_roles, world.actor("security"), LATER, system, ("security_admin",)
    )
    with pytest.raises(InvalidInput):
        world.run(
            manage_people.change_roles, world.actor("security"), LATER, own, ("system_admin",)
        )


def test_founding_keeps_the_three_apart_too(world: Accounts) -> None:
    both = found.FirstPerson("x", "某人", "x@example.com", ROLES_OF["operator"], "$hash")
    code = make_credit_code("91140100", random.Random(3))
    first = found.FirstOrganisation("operator", "平台", code, "山西省", people=(both,))
    with pytest.raises(InvalidInput):
        world.run(found.found, SYSTEM, LATER, first)
    with pytest.raises(Forbidden):
        world.run(found.found, world.actor("system"), LATER, first)


@pytest.mark.parametrize(
    "act", [manage_people.disable, manage_people.enable, manage_people.reset_authenticator]
)
def test_nobody_reaches_into_another_organisation(world: Accounts, act: object) -> None:
    mary = world.person("mary").id
    with pytest.raises(NotFound):
        world.run(act, world.actor("anna"), LATER, mary)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        world.run(manage_people.change_roles, world.actor("security"), LATER, mary, ("viewer",))
    with pytest.raises(NotFound):
        world.read(people.person, world.actor("anna"), LATER, mary)
    with pytest.raises(NotFound):
        world.run(act, world.actor("ada"), LATER, "nobody")  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        world.run(act, world.actor("carl"), LATER, mary)  # type: ignore[arg-type]


def test_a_lost_telephone_is_replaced_by_somebody_else(world: Accounts) -> None:
    sign_in(world, "mary")
    mary, ada = world.person("mary").id, world.person("ada").id
    world.run(manage_people.reset_authenticator, world.actor("ada"), LATER, mary)
    assert world.read(sign_ins.who, LATER, "token") is None
    assert not world.read(people.person, world.actor("ada"), LATER, mary).person.enrolled
    with pytest.raises(InvalidInput):
        world.run(manage_people.reset_authenticator, world.actor("ada"), LATER, ada)


def test_lists_show_ones_own_people_and_who_rests(world: Accounts) -> None:
    world.change("mary", locked_until=LATER)
    rows = {row.login: row for row in world.read(people.people, world.actor("carl"), START)}
    assert set(rows) == {"ada", "mary", "carl"}
    assert (rows["mary"].state, rows["carl"].state) == ("locked", "active")
    rows = {row.login: row for row in world.read(people.people, world.actor("carl"), LATER)}
    assert rows["mary"].state == "active"
    assert PASSWORD not in repr(rows)
    assert "argon2" not in repr(rows)
