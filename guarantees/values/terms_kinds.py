"""Which parts a guarantee of each kind and form has: the underlying relation, and what moves it."""

from itertools import pairwise
from typing import TYPE_CHECKING

from guarantees.errors import N_, GuaranteeError
from guarantees.values.text import check_line

if TYPE_CHECKING:
    from guarantees.values.terms import Terms

CLAUSE_LIMIT = 6
"""Additional clauses (附加条款) of a letter."""
CLAUSE_LENGTH = 300
REDUCTION_LIMIT = 12
EVENT_LENGTH = 200

_PROJECT = frozenset({"project_name"})
_LOT = frozenset({"lot_number", "lot_name"})
_NEEDED: dict[str, frozenset[str]] = {
    "bid": _PROJECT | _LOT | {"opening_time"},
    "performance": _PROJECT | {"contract"},
    "quality": _PROJECT | {"contract", "warranty"},
    "advance_payment": _PROJECT | {"contract", "advance"},
    "market_entry": frozenset({"market"}),
}
"""Fields that a kind must have; it may have the lot and project number of its project."""
_NAMES = {
    "project_name": N_("项目名称"),
    "project_number": N_("项目编号"),
    "lot_number": N_("标段编号"),
    "lot_name": N_("标段名称"),
    "opening_time": N_("开标时间"),
    "contract": N_("基础合同"),
    "warranty": N_("质量期"),
    "advance": N_("预付款"),
    "market": N_("交易市场"),
}
KIND_NAMES = {
    "bid": N_("投标保函"),
    "performance": N_("履约保函"),
    "quality": N_("质量保函"),
    "advance_payment": N_("预付款保函"),
    "market_entry": N_("电子增信"),
}


class TermsDoNotFit(GuaranteeError):
    """Fields that don't go together in one letter."""

    code = "terms_do_not_fit"
    text = N_("保函条款的各部分不相配，请核对。")


class PartMissing(TermsDoNotFit):
    code = "terms_part_missing"
    text = N_("“%(kind)s”必须写明“%(part)s”，请补充。")


class PartForeign(TermsDoNotFit):
    code = "terms_part_foreign"
    text = N_("“%(kind)s”没有“%(part)s”这一项，请删去。")


class LotIncomplete(TermsDoNotFit):
    code = "terms_lot_incomplete"
    text = N_("标段编号和标段名称应一并填写，或者都不填写。")


class BidDaysForeign(TermsDoNotFit):
    code = "terms_bid_days_foreign"
    text = N_("“%(kind)s”没有投标有效期，应为 0，现在是 %(days)d。")


class PolicyMismatch(TermsDoNotFit):
    code = "terms_policy"
    text = N_("保证保险单由保险公司签发并写明保单信息，其他形式的保函没有保单信息，请核对。")


class AdvanceExceeded(TermsDoNotFit):
    code = "terms_advance_exceeded"
    text = N_("担保金额 %(amount)s 元超过预付款 %(advance)s 元，请核对。")


class ReductionsDisorder(TermsDoNotFit):
    code = "terms_reductions"
    text = N_("减额安排应逐项减少且低于担保金额，日期依次在生效日之后、到期日之前，请核对。")


class TooManyLines(TermsDoNotFit):
    code = "terms_too_many_lines"
    text = N_("“%(field)s”最多 %(limit)d 项，现在有 %(count)d 项。")


def check_kind(terms: "Terms") -> None:
    """Refuse terms whose parts don't belong to their kind and form, or contradict each other."""
    _check_relation(terms)
    if (terms.form == "policy") != (terms.policy is not None):
        raise PolicyMismatch()
    if terms.policy is not None and terms.issuer_type != "insurer":
        raise PolicyMismatch()
    if terms.advance is not None and terms.amount > terms.advance.amount:
        raise AdvanceExceeded(amount=terms.amount.yuan, advance=terms.advance.amount.yuan)
    _check_reductions(terms)
    _check_lines(terms)


def _check_relation(terms: "Terms") -> None:
    needed = _NEEDED[terms.kind]
    allowed = needed | (_LOT | {"project_number"} if "project_name" in needed else frozenset())
    kind = KIND_NAMES[terms.kind]
    for name, part in _NAMES.items():
        present = getattr(terms, name) is not None
        if not present and name in needed:
            raise PartMissing(kind=kind, part=part)
        if present and name not in allowed:
            raise PartForeign(kind=kind, part=part)
    if (terms.lot_number is None) != (terms.lot_name is None):
        raise LotIncomplete()
    if terms.kind != "bid" and terms.bid_validity_days != 0:
        raise BidDaysForeign(kind=kind, days=terms.bid_validity_days)


def _check_reductions(terms: "Terms") -> None:
    steps = terms.reductions
    if len(steps) > REDUCTION_LIMIT:
        raise TooManyLines(field=N_("减额安排"), limit=REDUCTION_LIMIT, count=len(steps))
    amounts = [terms.amount, *(step.remaining for step in steps)]
    days = [step.on for step in steps if step.on is not None]
    falling = all(later < earlier for earlier, later in pairwise(amounts))
    ordered = all(earlier < later for earlier, later in pairwise(days))
    inside = all(terms.effective_from <= day <= terms.expires_on for day in days)
    if not (falling and ordered and inside):
        raise ReductionsDisorder()


def _check_lines(terms: "Terms") -> None:
    if len(terms.clauses) > CLAUSE_LIMIT:
        raise TooManyLines(field=N_("附加条款"), limit=CLAUSE_LIMIT, count=len(terms.clauses))
    for clause in terms.clauses:
        check_line(clause, field=N_("附加条款"), limit=CLAUSE_LENGTH)
    events = ((N_("生效事件"), terms.effective_event), (N_("到期事件"), terms.expiry_event))
    for field, event in events:
        if event is not None:
            check_line(event, field=field, limit=EVENT_LENGTH)
