import pytest

from guarantees.values import parties
from guarantees.values.codes import BadCode
from guarantees.values.parties import Party, check_applicants
from guarantees.values.text import BadText

LEAD = Party("启衡医疗科技有限公司", None, "lead")
MEMBER = Party("河东精仪有限公司", None, "member")


def test_a_consortium_has_its_lead_first() -> None:
    check_applicants((LEAD,))
    check_applicants((LEAD, MEMBER))


@pytest.mark.parametrize(
    ("applicants", "error"),
    [
        ((), parties.LeadMissing),
        ((MEMBER,), parties.LeadMissing),
        ((MEMBER, LEAD), parties.LeadMissing),
        ((LEAD, Party("另一家", None, "lead")), parties.LeadMissing),
        ((LEAD, Party("医院", None, "beneficiary")), parties.RoleMismatch),
        ((LEAD, Party(LEAD.name, None, "member")), parties.PartyTwice),
        (
            (LEAD, *(Party(f"成员{n}", None, "member") for n in range(10))),
            parties.TooManyApplicants,
        ),
    ],
)
def test_other_sets_of_applicants_are_refused(
    applicants: tuple[Party, ...], error: type[parties.BadParty]
) -> None:
    with pytest.raises(error) as caught:
        check_applicants(applicants)
    assert str(caught.value)


def test_one_credit_code_under_two_names_is_one_party() -> None:
    code = "91110000600037341L"
    with pytest.raises(parties.PartyTwice):
        check_applicants((Party("甲", code, "lead"), Party("乙", code, "member")))


@pytest.mark.parametrize("name", ["", "  ", "甲\u202e乙", "长" * 101])
def test_names_are_printable_lines(name: str) -> None:
    with pytest.raises(BadText):
        Party(name, None, "lead")


def test_credit_codes_are_checked_and_in_one_spelling() -> None:
    with pytest.raises(BadCode):
        Party("甲", "91110000600037341U", "lead")
    with pytest.raises(parties.CreditCodeShape):
        Party("甲", "91110000600037341l", "lead")


def test_unknown_roles_are_refused() -> None:
    with pytest.raises(parties.RoleUnknown):
        Party("甲", None, "friend")  # type: ignore[arg-type]
