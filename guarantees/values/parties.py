"""The parties of a guarantee (当事人): applicants with their lead, beneficiary, agency, issuer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from guarantees.errors import N_, GuaranteeError
from guarantees.values.codes import parse_credit_code
from guarantees.values.text import check_line

Role = Literal["lead", "member", "beneficiary", "agency", "issuer"]
ROLES: frozenset[str] = frozenset(get_args(Role))

NAME_LIMIT = 100
CONTACT_LIMIT = 200
APPLICANT_LIMIT = 10
"""Members of a consortium (联合体), lead included; more won't fit a letter."""


class BadParty(GuaranteeError):
    """The parties don't fit together."""

    code = "bad_party"
    text = N_("当事人信息有误，请核对。")


class RoleUnknown(BadParty):
    code = "party_role_unknown"
    text = N_("“%(name)s”的身份“%(role)s”无法识别。")


class RoleMismatch(BadParty):
    code = "party_role_mismatch"
    text = N_("“%(name)s”的身份应为“%(expected)s”，现在是“%(role)s”。")


class LeadMissing(BadParty):
    code = "party_lead_missing"
    text = N_("申请人中必须有且只有一个牵头人，并且排在第一位；现在牵头人有 %(leads)d 个。")


class PartyTwice(BadParty):
    code = "party_twice"
    text = N_("“%(name)s”在申请人中出现了两次，请删去重复的一个。")


class TooManyApplicants(BadParty):
    code = "party_too_many"
    text = N_("联合体最多 %(limit)d 家，现在有 %(count)d 家。")


class CreditCodeShape(BadParty):
    code = "party_credit_code_shape"
    text = N_("“%(name)s”的统一社会信用代码应写成 18 位大写，不带空格。")


@dataclass(frozen=True, slots=True)
class Party:
    """One organisation in the role it has for this guarantee."""

    name: str
    """Registered name, 1 to 100 printable characters."""

    credit_code: str | None
    """18 characters (GB 32100-2015); None where a notice gives none."""

    role: Role

    contact: str = ""
    """Address or telephone as it stands on the letter; may be empty."""

    def __post_init__(self) -> None:
        check_line(self.name, field=N_("名称"), limit=NAME_LIMIT)
        check_line(self.contact, field=N_("联系方式"), limit=CONTACT_LIMIT, empty=True)
        if self.role not in ROLES:
            raise RoleUnknown(name=self.name, role=self.role)
        if self.credit_code is not None and parse_credit_code(self.credit_code) != self.credit_code:
            raise CreditCodeShape(name=self.name)


def check_applicants(parties: Sequence[Party]) -> None:
    """Refuse unless the first is the lead, all others are members, and none appears twice."""
    if len(parties) > APPLICANT_LIMIT:
        raise TooManyApplicants(limit=APPLICANT_LIMIT, count=len(parties))
    leads = sum(party.role == "lead" for party in parties)
    if leads != 1 or parties[0].role != "lead":
        raise LeadMissing(leads=leads)
    seen: set[str] = set()
    for party in parties[1:]:
        check_role(party, "member")
    for party in parties:
        marks = {party.name, party.credit_code or party.name}
        if marks & seen:
            raise PartyTwice(name=party.name)
        seen |= marks


def check_role(party: Party, expected: Role) -> None:
    """Refuse a party that stands in another role's place."""
    if party.role != expected:
        raise RoleMismatch(name=party.name, expected=expected, role=party.role)
