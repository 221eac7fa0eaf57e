"""Terms as the texts that stand on the letter, one per field, each under its own id.

The ids are the `data-f` attributes of the templates and the names in MissingGlyph. Each text is one
line of source: its only effect on the layout is how many lines it takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from guarantees.errors import N_
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Terms
from guarantees.values.terms_parts import Reduction

BEIJING = timezone(timedelta(hours=8))
"""Letters state Beijing time; China has had no summer time since 1991."""

NONE = N_("无")
NOT_YET = N_("尚未取得")
NOT_STATED = N_("未载明")

_LABELS = {
    "issuer": N_("开立人"),
    "beneficiary": N_("受益人"),
    "agency": N_("采购代理机构"),
    "policy": N_("保险单"),
    "applicant": N_("申请人"),
    "project": N_("采购项目"),
    "lot": N_("标段"),
    "contract": N_("基础合同"),
    "warranty": N_("质量期"),
    "advance": N_("预付款"),
    "market": N_("交易市场"),
    "reduction": N_("减额安排"),
    "effective": N_("生效事件"),
    "expires": N_("到期事件"),
    "document": N_("应交单据"),
    "place": N_("交单地点"),
    "law": N_("适用法律"),
    "clause": N_("附加条款"),
    "signatory": N_("授权签署人"),
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a letter is found by; a specimen has other words in these places."""

    number: str
    check_code: str


def letter_fields(terms: Terms, numbers: Numbers) -> dict[str, str]:
    """Field id to text, in reading order."""
    issuer, issued = terms.issuer.name, chinese_date(terms.issued_on)
    fields = {
        "head.issuer": issuer,
        "number": numbers.number,
        "check-code": numbers.check_code,
        "issued": issued,
        "version": f"第 {terms.version} 版",
    }
    fields |= _policy(terms)
    fields |= dict(_parties(terms))
    fields |= _project(terms)
    fields |= _relation(terms)
    fields |= _guarantee(terms)
    fields |= {
        "to": f"致：{terms.beneficiary.name}（{'受益人' if terms.policy is None else '被保险人'}）",
        **{f"clause-{place}": f"{place}. {text}" for place, text in enumerate(terms.clauses, 1)},
        "sign.issuer": issuer,
        "sign.signatory": terms.signatory,
        "sign.issued": issued,
    }
    return fields


def field_label(field: str) -> str:
    """The name that people know a field by, for messages: `applicant-2.name` is 申请人."""
    stem, _, part = field.partition(".")
    return _LABELS.get(part if stem in ("head", "sign") else stem.partition("-")[0], field)


def shown_check_code(code: str) -> str:
    """In two groups of four, as people read it aloud."""
    return f"{code[:4]}-{code[4:]}" if len(code) == 8 else code


def chinese_date(day: date) -> str:
    """2026年3月17日."""
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_time(moment: datetime) -> str:
    """2026年3月17日 09:30（北京时间）."""
    local = moment.astimezone(BEIJING)
    return f"{chinese_date(local.date())} {local:%H:%M}（北京时间）"


def _parties(terms: Terms) -> Iterator[tuple[str, str]]:
    yield from _party("beneficiary", terms.beneficiary)
    for place, party in enumerate(terms.applicants, 1):
        yield from _party(f"applicant-{place}", party)
    yield from _party("issuer", terms.issuer)
    if terms.agency is not None:
        yield from _party("agency", terms.agency)


def _party(field: str, party: Party) -> Iterator[tuple[str, str]]:
    yield f"{field}.name", party.name
    if party.contact:
        yield f"{field}.contact", party.contact
    yield f"{field}.code", party.credit_code or NONE


def _project(terms: Terms) -> dict[str, str]:
    fields = {}
    if terms.project_name is not None:
        fields["project.name"] = terms.project_name
        if terms.lot_name is not None:
            fields["lot.name"] = terms.lot_name
        fields["project.number"] = terms.project_number or NONE
        fields["lot.number"] = terms.lot_number or NONE
    if terms.opening_time is not None:
        fields["opening"] = chinese_time(terms.opening_time)
        fields["validity"] = f"{terms.bid_validity_days} 日"
    return fields


def _relation(terms: Terms) -> dict[str, str]:
    fields = {}
    if (contract := terms.contract) is not None:
        signed = contract.signed_on
        fields["contract.name"] = contract.name
        fields["contract.number"] = contract.number or NOT_YET
        fields["contract.signed"] = chinese_date(signed) if signed else NOT_YET
        fields["contract.price"] = _yuan(contract.price) if contract.price else NOT_STATED
    if (warranty := terms.warranty) is not None:
        fields["warranty.period"] = f"{warranty.months} 个月"
        fields["warranty.begins"] = warranty.begins
    if (advance := terms.advance) is not None:
        fields["advance.amount"] = _yuan(advance.amount)
        fields["advance.worked-off"] = advance.worked_off
    if (market := terms.market) is not None:
        fields["market.name"] = market.name
        fields["market.operator"] = market.operator
        fields["market.registration"] = market.registration or NOT_YET
    return fields


def _policy(terms: Terms) -> dict[str, str]:
    if (policy := terms.policy) is None:
        return {}
    return {
        "policy.number": policy.number,
        "policy.premium": _yuan(policy.premium),
        "policy.clause": policy.clause,
        "policy.registration": policy.registration,
    }


def _guarantee(terms: Terms) -> dict[str, str]:
    fields = {"amount.figures": _yuan(terms.amount), "amount.capitals": terms.amount.capitals}
    for place, step in enumerate(terms.reductions, 1):
        fields[f"reduction-{place}"] = f"{place}. {_reduction(step)}"
    fields["expires"] = f"{chinese_date(terms.expires_on)} 24:00（北京时间）"
    fields["effective"] = chinese_date(terms.effective_from)
    if terms.effective_event is not None:
        fields["effective.event"] = terms.effective_event
    if terms.expiry_event is not None:
        fields["expires.event"] = terms.expiry_event
    for place, text in enumerate(terms.documents, 1):
        fields[f"document-{place}"] = f"{place}. {text}"
    fields["place"] = terms.place_of_presentation
    fields["law"] = terms.governing_law
    fields["examination"] = f"{terms.examination_days} 个营业日"
    if terms.policy is not None:
        fields["policy.surrender"] = terms.policy.surrender
    return fields


def _reduction(step: Reduction) -> str:
    day = "" if step.on is None else f"自{chinese_date(step.on)}起"
    return f"{'，'.join(filter(None, (day, step.event)))}，减为 {_yuan(step.remaining)}"


def _yuan(amount: Money) -> str:
    return f"¥{amount.yuan}"
