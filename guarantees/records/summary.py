"""What lists show of a case, readable without reading the whole of it."""

from collections.abc import Mapping
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
    expires_on: str = ""
    """ISO date of the guarantee; empty: none yet, or written before the field was."""
    sealed: bool = True


FIELDS = Summary._fields[:-1]
"""What is stored; `sealed` is known from the place."""

_TIMES = tuple(FIELDS.index(name) for name in ("submitted_at", "due_at"))


def from_dict(data: Mapping[str, Any], *, sealed: bool) -> Summary:
    """The reverse of `of`; `data` is JSON."""
    return from_values([data.get(name, "") for name in FIELDS], sealed=sealed)


def from_values(values: list[Any], *, sealed: bool) -> Summary:
    """The reverse of `values_of`; lists make a thousand at once, so `values` is used up."""
    if len(values) < len(FIELDS):
        values += [""] * (len(FIELDS) - len(values))  # written before the last fields were
    for place in _TIMES:
        values[place] = datetime.fromisoformat(values[place])
    return Summary._make([*values, sealed])


def values_of(case: Case) -> list[Any]:
    """`of` without the names: the head of a sealed blob."""
    made = of(case)
    return [made[name] for name in FIELDS]


def of(case: Case) -> dict[str, Any]:
    """The summary as JSON types, as a plain row holds it."""
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
        "expires_on": case.guarantee.expires_on.isoformat() if case.guarantee else "",
    }
