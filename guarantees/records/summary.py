"""What lists show of a case, readable without reading the whole of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guarantees.records import codec
from guarantees.records.case import Case


@dataclass(frozen=True)
class Summary:
    """What lists show of a case, without reading the whole of it."""

    id: str
    reference: str
    kind: str
    form: str
    lot: str
    project: str
    supplier: str
    institution: str
    lead: str
    members: int
    amount_fen: int
    state: str
    submitted_at: datetime
    due_at: datetime
    maker: str
    """Person who gave the maker's opinion in force, or empty."""
    number: str
    premium_fen: int
    payment: str
    letter: str
    sealed: bool = True


def from_dict(data: dict[str, Any], *, sealed: bool) -> Summary:
    """The reverse of `of`; `data` is JSON."""
    times = {name: datetime.fromisoformat(data[name]) for name in ("submitted_at", "due_at")}
    return Summary(**{**data, **times, "sealed": sealed})


def of(case: Case) -> dict[str, Any]:
    """The summary as JSON types: head of a sealed blob, part of a plain row."""
    makers = [one for one in case.opinions if one.stage == "maker"]
    payment = case.payment()
    return {
        "id": case.id,
        "reference": case.reference,
        "kind": case.kind,
        "form": case.form,
        "lot": case.lot,
        "project": case.project,
        "supplier": case.supplier,
        "institution": case.institution,
        "lead": case.lead.name,
        "members": len(case.applicants) - 1,
        "amount_fen": case.amount.fen,
        "state": case.state,
        "submitted_at": codec.dump(case.submitted_at),
        "due_at": codec.dump(case.due_at),
        "maker": makers[-1].person_id if makers and case.state == "in_review" else "",
        "number": case.guarantee.number if case.guarantee else "",
        "premium_fen": case.quote.premium.fen,
        "payment": payment.state if payment else "",
        "letter": case.letter.state if case.letter else "",
    }
