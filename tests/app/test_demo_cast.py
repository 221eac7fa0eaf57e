"""The demonstration's people fit its projects, the roles and the law."""

from app.adapters import demo_projects
from app.demo import cast
from guarantees.records.organisation import ROLES
from guarantees.tables.permissions import ROLES_OF
from guarantees.values.codes import parse_bank_account, parse_credit_code

PEOPLE = [(person, one) for one in cast.organisations() for person in one.people]


def test_organisations_of_every_role_with_valid_codes() -> None:
    organisations = cast.organisations()
    assert {one.role for one in organisations} == set(ROLES)
    codes = [parse_credit_code(one.credit_code) for one in organisations]
    assert codes == [one.credit_code for one in organisations]
    assert len(set(codes)) == len(codes)
    assert all("演示" in one.name for one in organisations)


def test_institutions_of_the_three_types_can_sign_and_be_paid() -> None:
    institutions = cast.institutions()
    assert {one.institution_type for one in institutions} == {
        "bank",
        "insurer",
        "guarantee_company",
    }
    for one in institutions:
        assert {"address", "signatory"} <= set(one.details)
        assert parse_bank_account(one.account) == one.account
        makers = {person.login for person in one.people if "maker" in person.roles}
        checkers = {person.login for person in one.people if "checker" in person.roles}
        assert makers
        assert checkers - makers


def test_people_have_roles_that_their_organisation_can_give() -> None:
    logins = [person.login for person, _ in PEOPLE]
    assert len(set(logins)) == len(logins)
    for person, one in PEOPLE:
        assert person.roles
        assert set(person.roles) <= set(ROLES_OF[one.role])


def test_the_operators_three_administrators_are_three_people() -> None:
    [operator] = [one for one in cast.organisations() if one.role == "operator"]
    assert sorted(person.roles for person in operator.people) == [
        ("audit_admin",),
        ("security_admin",),
        ("system_admin",),
    ]


def test_everybody_whom_a_project_names_can_open() -> None:
    for party in demo_projects.organisations():
        [one] = [one for one in cast.organisations() if one.name == party.name]
        assert any("opener" in person.roles for person in one.people)


def test_whoever_is_printed_at_the_start_exists() -> None:
    logins = {person.login for person, _ in PEOPLE}
    assert {login for login, _ in cast.shown()} <= logins


def test_suppliers_pay_from_accounts_that_the_sandbox_bank_lets_pass() -> None:
    suppliers = [one for one in cast.organisations() if one.role == "supplier"]
    assert len(suppliers) >= 3
    for one in suppliers:
        assert parse_bank_account(one.account) == one.account
        assert not one.account.endswith(("0001", "0002", "0003", "0004", "0005"))
