"""What lists show of a case, readable without reading the whole of it."""

from datetime import datetime
from typing import Any, NamedTuple

from guarantees.records import codec
from guarantees.records.case import Case


class Summary(NamedTuple):
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
    """The reverse of `of`; `data` is JSON and not used again. Lists read a thousand of them."""
    data["submitted_at"] = datetime.fromisoformat(data["submitted_at"])
    data["due_at"] = datetime.fromisoformat(data["due_at"])
    return Summary(**data, sealed=sealed)


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
