"""What only some guarantees state: contract, quality period, advance payment, market, policy.

Each part checks itself; which kind and form need which part stands in `terms_kinds`.
"""

from dataclasses import dataclass
from datetime import date

from guarantees.errors import N_, GuaranteeError
from guarantees.values.money import LARGEST_FEN, Money
from guarantees.values.text import check_line

_NAME_LIMIT = 300
_NUMBER_LIMIT = 100
_RULE_LIMIT = 200
LONGEST_PERIOD = 240
"""Months: no quality period of a work is longer than twenty years."""


class BadPart(GuaranteeError):
    """A part of the terms that no letter may carry."""

    code = "terms_part"
    text = N_("保函条款的一部分有误，请核对。")


class PartAmount(BadPart):
    code = "terms_part_amount"
    text = N_("“%(field)s”应在零与十万亿元之间，现在是 %(amount)s 元。")


class PartMonths(BadPart):
    code = "terms_part_months"
    text = N_("质量期应是 1 到 %(limit)d 个月的整数，现在是 %(months)s。")


class ReductionWithoutCause(BadPart):
    code = "terms_reduction_cause"
    text = N_("减额安排的每一项应写明日期或者事件，请补充。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The contract that the guarantee secures (基础合同; URDG 758 art. 8 c)."""

    name: str
    number: str | None
    """None where the letter is made before the contract has one."""
    signed_on: date | None
    price: Money | None

    def __post_init__(self) -> None:
        check_line(self.name, field=N_("合同名称"), limit=_NAME_LIMIT)
        _check_optional(self.number, N_("合同编号"), _NUMBER_LIMIT)
        if self.price is not None:
            _check_amount(self.price, N_("合同价款"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Warranty:
    """How long the applicant answers for quality (质量保修期、缺陷责任期)."""

    months: int
    begins: str
    """The event it is counted from, in words."""

    def __post_init__(self) -> None:
        if type(self.months) is not int or not 1 <= self.months <= LONGEST_PERIOD:
            raise PartMonths(limit=LONGEST_PERIOD, months=self.months)
        check_line(self.begins, field=N_("质量期起算"), limit=_RULE_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """The advance payment (预付款) and how it is worked off."""

    amount: Money
    worked_off: str
    """In words: when how much is deducted."""

    def __post_init__(self) -> None:
        _check_amount(self.amount, N_("预付款金额"))
        check_line(self.worked_off, field=N_("抵扣办法"), limit=_RULE_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The electronic market (电子卖场) that the applicant may trade on (HN-1)."""

    name: str
    operator: str
    registration: str | None
    """The applicant's number in the market's register (入驻登记编号); None before it has one."""

    def __post_init__(self) -> None:
        check_line(self.name, field=N_("交易市场"), limit=_NAME_LIMIT)
        check_line(self.operator, field=N_("市场运营单位"), limit=_NUMBER_LIMIT)
        _check_optional(self.registration, N_("入驻登记编号"), _NUMBER_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What makes a letter an insurer's policy (保险法 art. 18)."""

    number: str
    """The insurer's own (保单号)."""
    clause: str
    """Name of the insurance clause (保险条款)."""
    registration: str
    """Number under which the clause is registered (备案编号 or 注册号)."""
    premium: Money
    surrender: str
    """When the policy may be given back, and what is repaid (退保)."""

    def __post_init__(self) -> None:
        check_line(self.number, field=N_("保单号"), limit=_NUMBER_LIMIT)
        check_line(self.clause, field=N_("保险条款"), limit=_RULE_LIMIT)
        check_line(self.registration, field=N_("条款备案号"), limit=_NUMBER_LIMIT)
        _check_amount(self.premium, N_("保险费"), zero=True)
        check_line(self.surrender, field=N_("退保规则"), limit=_RULE_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """One step of a schedule by which the maximum amount falls (URDG 758 art. 13)."""

    on: date | None
    event: str | None
    """In words, such that a document named in the letter shows it."""
    remaining: Money
    """The maximum amount from then on; may be zero."""

    def __post_init__(self) -> None:
        if self.on is None and self.event is None:
            raise ReductionWithoutCause()
        _check_optional(self.event, N_("减额事件"), _RULE_LIMIT)
        _check_amount(self.remaining, N_("减额后的金额"), zero=True)


def _check_optional(text: str | None, field: str, limit: int) -> None:
    if text is not None:
        check_line(text, field=field, limit=limit)


def _check_amount(amount: Money, field: str, *, zero: bool = False) -> None:
    if not (0 if zero else 1) <= amount.fen <= LARGEST_FEN:
        raise PartAmount(field=field, amount=amount.yuan)
