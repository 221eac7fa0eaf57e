"""Registration, admission, invitations: flow/join, admit, enter_organisation, invite."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.auth.actors import VISITOR
from guarantees.errors import Forbidden, InvalidInput, MoveRefused, NotFound
from guarantees.flow import admit, enter_organisation, invite, join
from guarantees.flow.enter_organisation import NewOrganisation
from guarantees.flow.join import InvitationOver, Registration
from guarantees.queries import people, recipients
from guarantees.queries.people import Wanted
from guarantees.records import exposure
from guarantees.records.organisation import Organisation
from guarantees.values.codes import make_credit_code
from tests.accounts import START, Accounts

LATER = START + timedelta(minutes=5)

ASKED = Registration(
    credit_code=" 91140100ma0kx2t83n ",
    name="晋河  科技有限公司",
    region="山西省太原市",
    account="1400 0010 0020 0003",
    person_name="周予安",
    mail="zhou@example.com",
    login_wish="Zhou",
    password_hash="$argon2id$…",
)


def asked(seed: int = 1, **other: str) -> Registration:
    code = make_credit_code("91140100", random.Random(seed))
    return replace(ASKED, credit_code=f" {code.lower()} ", **other)


def organisation(world: Accounts, login: str) -> Organisation:
    return world.person(login).organisation


def test_a_supplier_waits_for_the_operator_and_is_told(world: Accounts) -> None:
    login = world.run(join.register_supplier, VISITOR, START, asked())
    assert login.startswith("zhou-")
    person = world.person(login)
    assert person.organisation.state == "pending"
    assert person.organisation.name == "晋河 科技有限公司"
    assert person.organisation.account == "1400001000200003"
    assert set(person.roles) == {"admin", "clerk"}
    assert world.mails() == []

    world.run(admit.confirm, world.actor("system"), LATER, person.organisation_id)
    assert organisation(world, login).state == "active"
    (message,) = world.mails()
    (mail,) = world.read(recipients.mails, message.arguments)
    assert (mail.to, mail.text, mail.fields["login"]) == ("zhou@example.com", "admitted", login)
    with pytest.raises(MoveRefused):
        world.run(admit.confirm, world.actor("system"), LATER, person.organisation_id)


def test_refused_with_a_reason_it_may_register_again_without_its_first_people(
    world: Accounts,
) -> None:
    first = world.run(join.register_supplier, VISITOR, START, asked())
    ident = world.person(first).organisation_id
    with pytest.raises(InvalidInput) as caught:
        world.run(admit.refuse, world.actor("system"), LATER, ident, "  ")
    assert set(caught.value.errors) == {"reason"}
    world.run(admit.refuse, world.actor("system"), LATER, ident, "名称与营业执照不符")
    (message,) = world.mails()
    (mail,) = world.read(recipients.mails, message.arguments)
    assert (mail.text, mail.fields["reason"]) == ("refused", "名称与营业执照不符")

    again = world.run(join.register_supplier, VISITOR, LATER, asked(name="晋河科技有限公司"))
    assert world.person(again).organisation_id == ident
    assert organisation(world, again).state == "pending"
    assert organisation(world, again).name == "晋河科技有限公司"
    assert world.person(first).state == "disabled"
    # The answer to the first registration must not reach whoever asks now.
    assert world.read(recipients.mails, message.arguments) == ()


@pytest.mark.parametrize("state", ["pending", "active"])
def test_a_credit_code_registers_once(world: Accounts, state: str) -> None:
    login = world.run(join.register_supplier, VISITOR, START, asked())
    if state == "active":
        ident = world.person(login).organisation_id
        world.run(admit.confirm, world.actor("system"), LATER, ident)
    with pytest.raises(InvalidInput) as caught:
        world.run(join.register_supplier, VISITOR, LATER, asked())
    assert set(caught.value.errors) == {"credit_code"}


def test_all_that_is_wrong_is_said_at_once(world: Accounts) -> None:
    bad = Registration("123", "", "太原", "12a", " ", "not mail", "1x", "$argon2id$…")
    with pytest.raises(InvalidInput) as caught:
        world.run(join.register_supplier, VISITOR, START, bad)
    assert set(caught.value.errors) == {
        "credit_code",
        "name",
        "account",
        "person_name",
        "mail",
        "login_wish",
    }


def test_the_same_wish_gives_two_logins_and_says_nothing(world: Accounts) -> None:
    logins = {world.run(join.register_supplier, VISITOR, START, asked(n)) for n in range(5)}
    assert len(logins) == 5


@pytest.mark.parametrize("login", ["security", "audit", "anna", "ada"])
def test_only_the_system_administrator_admits(world: Accounts, login: str) -> None:
    waiting = world.person(world.run(join.register_supplier, VISITOR, START, asked()))
    with pytest.raises(Forbidden):
        world.run(admit.confirm, world.actor(login), LATER, waiting.organisation_id)
    with pytest.raises(Forbidden):
        world.run(admit.refuse, world.actor(login), LATER, waiting.organisation_id, "")
    with pytest.raises(Forbidden):
        world.run(enter_organisation.enter, world.actor(login), LATER, BANK)


BANK = NewOrganisation(
    role="institution",
    name="晋河银行股份有限公司",
    credit_code=make_credit_code("91140100", random.Random(99)),
    region="山西省",
    administrator_name="何行长",
    administrator_mail="he@example.com",
    institution_type="bank",
    account="6222 0000 1111",
    address="太原市迎泽大街 1 号",
    signatory="何行长",
)


def test_an_institution_is_entered_with_its_book_and_its_administrator_invited(
    world: Accounts,
) -> None:
    ident = world.run(enter_organisation.enter, world.actor("system"), START, BANK)
    page = world.read(people.organisation, world.actor("audit"), START, ident)
    assert (page.organisation.state, page.institution_type) == ("active", "bank")
    assert page.account == "622200001111"
    assert page.details["accepted_on"] == "2026-03-02"
    with world.sessions.reading() as session:
        assert exposure.locked(session, ident)[1].used == {}
    (message,) = world.mails()
    (mail,) = world.read(recipients.mails, message.arguments)
    assert (mail.to, mail.fields["organisation"]) == ("he@example.com", BANK.name)

    login = world.run(join.accept_invitation, VISITOR, START, mail.fields["token"], "he", "$hash")
    assert world.person(login).roles == ["admin"]
    with pytest.raises(InvalidInput) as caught:
        world.run(enter_organisation.enter, world.actor("system"), START, BANK)
    assert set(caught.value.errors) == {"credit_code"}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"role": "supplier"}, {"role"}),
        ({"role": "operator"}, {"role"}),
        ({"institution_type": ""}, {"institution_type"}),
        ({"account": "", "signatory": ""}, {"account", "signatory"}),
        ({"role": "regulator", "level": "village"}, {"level"}),
    ],
)
def test_what_an_entered_organisation_needs(
    world: Accounts, changed: dict[str, str], wrong: set[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.run(enter_organisation.enter, world.actor("system"), START, replace(BANK, **changed))
    assert set(caught.value.errors) == wrong


def test_what_a_role_has_no_use_for_is_dropped(world: Accounts) -> None:
    new = replace(BANK, role="procurer")
    ident = world.run(enter_organisation.enter, world.actor("system"), START, new)
    page = world.read(people.organisation, world.actor("system"), START, ident)
    assert (page.institution_type, page.account, page.details) == (None, "", {})


def test_an_invitation_is_good_once(world: Accounts) -> None:
    world.run(
        invite.invite, world.actor("ada"), START, "吴复核", "wu@example.com", ("checker", "viewer")
    )
    token = world.token()
    shown = world.read(people.invitation, START, token)
    assert (shown.name, shown.open) == ("吴复核", True)
    login = world.run(join.accept_invitation, VISITOR, LATER, token, "wu", "$hash")
    person = world.person(login)
    assert person.organisation_id == world.organisations["institution"]
    assert set(person.roles) == {"checker", "viewer"}
    assert not world.read(people.invitation, LATER, token).open
    with pytest.raises(InvitationOver):
        world.run(join.accept_invitation, VISITOR, LATER, token, "wu", "$hash")


def test_it_ends_after_seven_days(world: Accounts) -> None:
    world.run(invite.invite, world.actor("ada"), START, "吴复核", "wu@example.com", ("checker",))
    end = START + timedelta(days=7)
    assert world.read(people.invitation, end - timedelta(seconds=1), world.token()).open
    assert not world.read(people.invitation, end, world.token()).open
    assert world.read(people.invitations, world.actor("ada"), end) == ()
    with pytest.raises(InvitationOver):
        world.run(join.accept_invitation, VISITOR, end, world.token(), "wu", "$hash")


def test_withdrawn_it_opens_nothing_and_only_its_own_administrator_withdraws(
    world: Accounts,
) -> None:
    world.run(invite.invite, world.actor("ada"), START, "吴复核", "wu@example.com", ("checker",))
    (row,) = world.read(people.invitations, world.actor("ada"), START)
    assert world.read(people.invitations, world.actor("anna"), START) == ()
    with pytest.raises(NotFound):
        world.run(invite.withdraw, world.actor("anna"), START, bytes.fromhex(row.id))
    with pytest.raises(Forbidden):
        world.run(invite.withdraw, world.actor("mary"), START, bytes.fromhex(row.id))
    world.run(invite.withdraw, world.actor("ada"), START, bytes.fromhex(row.id))
    with pytest.raises(InvitationOver):
        world.run(join.accept_invitation, VISITOR, LATER, world.token(), "wu", "$hash")


def test_an_unknown_token_is_not_found(world: Accounts) -> None:
    with pytest.raises(NotFound):
        world.read(people.invitation, START, "AAAA")
    with pytest.raises(NotFound):
        world.run(join.accept_invitation, VISITOR, START, "AAAA", "wu", "$hash")


@pytest.mark.parametrize(
    ("login", "roles"),
    [
        ("anna", ("maker",)),
        ("ada", ("system_admin",)),
        ("ada", ()),
        ("security", ("system_admin", "audit_admin")),
        ("security", ("admin",)),
    ],
)
def test_roles_that_an_organisation_cannot_give(
    world: Accounts, login: str, roles: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.run(invite.invite, world.actor(login), START, "某人", "x@example.com", roles)
    assert set(caught.value.errors) == {"roles"}
    assert world.mails() == []


@pytest.mark.parametrize("login", ["clerk", "mary", "carl", "system", "audit"])
def test_only_administrators_invite(world: Accounts, login: str) -> None:
    with pytest.raises(Forbidden):
        world.run(invite.invite, world.actor(login), START, "某人", "x@example.com", ("viewer",))


def test_the_token_stands_in_no_column(world: Accounts) -> None:
    world.run(invite.invite, world.actor("ada"), START, "吴复核", "wu@example.com", ("checker",))
    needle = world.token().encode()
    with world.sessions.reading() as session:
        for table in Organisation.metadata.sorted_tables:
            for row in session.execute(select(table)):
                assert not any(needle in str(value).encode() for value in row)
                assert not any(isinstance(v, bytes) and needle in v for v in row)


def test_the_operators_list_is_filtered_and_paged_both_ways(world: Accounts) -> None:
    for n in range(7):
        world.run(join.register_supplier, VISITOR, START, asked(n, name=f"候选 {n} 公司"))
    actor, wanted = world.actor("system"), Wanted(role="supplier", state="pending")
    first = world.read(people.organisations, actor, wanted, limit=3)
    assert [row.name for row in first] == ["候选 0 公司", "候选 1 公司", "候选 2 公司"]
    key = (first[-1].name, first[-1].id)
    second = world.read(people.organisations, actor, wanted, after=key, limit=3)
    assert [row.name for row in second] == ["候选 3 公司", "候选 4 公司", "候选 5 公司"]
    key = (second[0].name, second[0].id)
    assert world.read(people.organisations, actor, wanted, before=key, limit=3) == first
    found = world.read(people.organisations, actor, Wanted(words="选 6"), limit=9)
    assert [row.name for row in found] == ["候选 6 公司"]
    code = found[0].credit_code.lower()
    assert world.read(people.organisations, actor, Wanted(words=code), limit=9) == found
    assert world.read(people.organisations, actor, Wanted(words="%"), limit=9) == []
    with pytest.raises(NotFound):
        world.read(people.organisations, world.actor("anna"), wanted, limit=3)
    with pytest.raises(NotFound):
        world.read(people.organisation, world.actor("anna"), START, found[0].id)
