"""The terms of a guarantee (保函条款): frozen, one canonical form, version by version.

What is signed, attached to the PDF and compared on verification is `canonical()`: RFC 8785 JSON.
Reading is strict, so that two different files never mean the same terms.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from guarantees.errors import N_, GuaranteeError
from guarantees.values import terms_json
from guarantees.values.codes import parse_letter_number
from guarantees.values.money import LARGEST_FEN, Money
from guarantees.values.parties import Party, check_applicants, check_role
from guarantees.values.terms_kinds import check_kind
from guarantees.values.terms_parts import (
    Advance,
    Contract,
    Market,
    Policy,
    Reduction,
    Warranty,
)
from guarantees.values.text import check_line

Kind = Literal["bid", "performance", "quality", "advance_payment", "market_entry"]
Form = Literal["independent", "accessory", "policy"]
IssuerType = Literal["bank", "insurer", "guarantee_company"]
KINDS: frozenset[str] = frozenset(get_args(Kind))
FORMS: frozenset[str] = frozenset(get_args(Form))
ISSUER_TYPES: frozenset[str] = frozenset(get_args(IssuerType))

DOCUMENT_LIMIT = 20
_LIMITS = {
    "place_of_presentation": (N_("交单地点"), 200),
    "governing_law": (N_("适用法律"), 200),
    "signatory": (N_("签署人"), 100),
}
_OPTIONAL_LIMITS = {
    "project_number": (N_("项目编号"), 100),
    "project_name": (N_("项目名称"), 300),
    "lot_number": (N_("标段编号"), 60),
    "lot_name": (N_("标段名称"), 300),
}
"""Name shown and most characters, by field."""

_NUMBERS = {
    "version": (N_("条款版本"), 1, 10_000),
    "bid_validity_days": (N_("投标有效期（天）"), 0, 3660),
    "examination_days": (N_("审单天数"), 1, 60),
}
"""Name shown, least and most, by field."""


class BadTerms(GuaranteeError):
    """Terms that no letter may carry."""

    code = "bad_terms"
    text = N_("保函条款有误，请核对。")


class TermsChoice(BadTerms):
    code = "terms_choice"
    text = N_("“%(field)s”不能是“%(value)s”，可选：%(allowed)s。")


class TermsNumber(BadTerms):
    code = "terms_number"
    text = N_("“%(field)s”应是 %(low)d 到 %(high)d 之间的整数，现在是 %(value)s。")


class TermsAmount(BadTerms):
    code = "terms_amount"
    text = N_("担保金额应大于零且不超过十万亿元，现在是 %(amount)s 元。")


class TermsDates(BadTerms):
    code = "terms_dates"
    text = N_("保函到期日（%(expires_on)s）应晚于生效日（%(effective_from)s），请修改其中之一。")


class TermsTime(BadTerms):
    code = "terms_time"
    text = N_("开标时间必须带时区，现在是 %(opening_time)s。")


class TermsDocuments(BadTerms):
    code = "terms_documents"
    text = N_("索赔单据最多列 %(limit)d 项，现在有 %(count)d 项。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One version of the terms of one guarantee; see the module for the canonical form."""

    number: str
    """Letter number (保函编号) in its printed form, BH26-4183-0927-5516-8."""

    version: int
    """1 for the letter as issued, one more for each amendment."""

    kind: Kind

    form: Form
    """Independent (独立保函), accessory to the debt (从属保函), or a policy (保证保险单)."""

    applicants: tuple[Party, ...]
    """Lead first, then the members of its consortium."""

    beneficiary: Party

    agency: Party | None

    issuer: Party

    issuer_type: IssuerType

    project_number: str | None
    """As the notice prints it; None where it prints none."""

    project_name: str | None
    """None for kinds without a project (market entry)."""

    lot_number: str | None

    lot_name: str | None
    """With its number; None where the project has no lots, never so for a bid."""

    amount: Money
    """Most that the issuer pays in all; more than zero."""

    issued_on: date

    effective_from: date

    expires_on: date
    """Last day on which a demand may be presented; after effective_from."""

    bid_validity_days: int
    """Calendar days the bid binds, 0 for kinds without a bid."""

    opening_time: datetime | None
    """Aware; the timekeeper's T of the opening certificate; None for kinds without a bid."""

    documents: tuple[str, ...]
    """Papers a demand needs, in words (法释〔2016〕24号 art. 1 and 3)."""

    place_of_presentation: str

    examination_days: int
    """Business days to examine a demand (URDG 758 art. 20: 5)."""

    governing_law: str

    signatory: str
    """Who signs for the issuer, as printed."""

    effective_event: str | None = None
    """The letter binds from this event on, not before effective_from (URDG 758 art. 4 c)."""

    expiry_event: str | None = None
    """The letter ends with this event if it comes before expires_on (URDG 758 art. 25 c)."""

    reductions: tuple[Reduction, ...] = ()
    """Steps by which the amount falls, in order."""

    contract: Contract | None = None

    warranty: Warranty | None = None

    advance: Advance | None = None

    market: Market | None = None

    policy: Policy | None = None
    """For form "policy", and only for it."""

    clauses: tuple[str, ...] = ()
    """The institution's additional clauses (附加条款), which yield to the form's own."""

    def __post_init__(self) -> None:
        _check_choices(self)
        _check_texts(self)
        _check_numbers(self)
        _check_parties(self)
        _check_dates(self)
        check_kind(self)

    def canonical(self) -> bytes:
        """The terms as RFC 8785 JSON; same terms, same bytes."""
        return terms_json.dump(self)

    @classmethod
    def from_canonical(cls, data: bytes) -> "Terms":
        """The terms in `data`, or TermsUnreadable (and BadTerms for what the fields say)."""
        return terms_json.load(data, cls)


def _check_choices(terms: Terms) -> None:
    choices = (
        (N_("保函种类"), terms.kind, KINDS),
        (N_("保函形式"), terms.form, FORMS),
        (N_("机构类型"), terms.issuer_type, ISSUER_TYPES),
    )
    for field, value, allowed in choices:
        if value not in allowed:
            raise TermsChoice(field=field, value=value, allowed="、".join(sorted(allowed)))


def _check_texts(terms: Terms) -> None:
    for name, (field, limit) in _LIMITS.items():
        check_line(getattr(terms, name), field=field, limit=limit)
    for name, (field, limit) in _OPTIONAL_LIMITS.items():
        if (line := getattr(terms, name)) is not None:
            check_line(line, field=field, limit=limit)
    if len(terms.documents) > DOCUMENT_LIMIT:
        raise TermsDocuments(limit=DOCUMENT_LIMIT, count=len(terms.documents))
    for document in terms.documents:
        check_line(document, field=N_("索赔单据"), limit=500)
    if parse_letter_number(terms.number) != terms.number:
        raise TermsChoice(
            field=N_("保函编号"), value=terms.number, allowed=parse_letter_number(terms.number)
        )


def _check_numbers(terms: Terms) -> None:
    for name, (field, low, high) in _NUMBERS.items():
        value = getattr(terms, name)
        if type(value) is not int or not low <= value <= high:
            raise TermsNumber(field=field, low=low, high=high, value=value)
    if not 0 < terms.amount.fen <= LARGEST_FEN:
        raise TermsAmount(amount=terms.amount.yuan)


def _check_parties(terms: Terms) -> None:
    check_applicants(terms.applicants)
    check_role(terms.beneficiary, "beneficiary")
    check_role(terms.issuer, "issuer")
    if terms.agency is not None:
        check_role(terms.agency, "agency")


def _check_dates(terms: Terms) -> None:
    if terms.expires_on <= terms.effective_from:
        raise TermsDates(expires_on=terms.expires_on, effective_from=terms.effective_from)
    if terms.opening_time is not None and terms.opening_time.utcoffset() is None:
        raise TermsTime(opening_time=terms.opening_time.isoformat())
