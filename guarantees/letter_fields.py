"""Terms as the texts that stand on the letter, one per field, each under its own id.

The ids are the `data-f` attributes of the templates and the names in MissingGlyph. Each text is one
line of source: its only effect on the layout is how many lines it takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from guarantees.errors import N_
from guarantees.values.parties import Party
from guarantees.values.terms import Terms

BEIJING = timezone(timedelta(hours=8))
"""Letters state Beijing time; China has had no summer time since 1991."""

NONE = N_("无")

_LABELS = {
    "issuer": N_("开立人"),
    "beneficiary": N_("受益人"),
    "agency": N_("采购代理机构"),
    "applicant": N_("申请人"),
    "project": N_("采购项目"),
    "lot": N_("标段"),
    "document": N_("应交单据"),
    "place": N_("交单地点"),
    "law": N_("适用法律"),
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
    fields |= dict(_parties(terms))
    fields |= _project(terms)
    fields |= _guarantee(terms)
    fields |= {
        "to": f"致：{terms.beneficiary.name}（受益人）",
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
    return {
        "project.name": terms.project_name,
        "lot.name": terms.lot_name,
        "project.number": terms.project_number or NONE,
        "lot.number": terms.lot_number,
        "opening": chinese_time(terms.opening_time),
        "validity": f"{terms.bid_validity_days} 日",
    }


def _guarantee(terms: Terms) -> dict[str, str]:
    documents = enumerate(terms.documents, 1)
    return {
        "amount.figures": f"¥{terms.amount.yuan}",
        "amount.capitals": terms.amount.capitals,
        "expires": f"{chinese_date(terms.expires_on)} 24:00（北京时间）",
        "effective": chinese_date(terms.effective_from),
        **{f"document-{place}": f"{place}. {text}" for place, text in documents},
        "place": terms.place_of_presentation,
        "law": terms.governing_law,
        "examination": f"{terms.examination_days} 个营业日",
    }
