"""Institutions as everybody sees them: who was accepted when, and what each offers today."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.records.organisation import Organisation
from guarantees.records.product import KINDS, Product
from guarantees.values.moments import beijing_date

SHOWN = ("active", "suspended", "left")
"""States of accepted institutions; those still being examined or refused are not published."""


@dataclass(frozen=True)
class InstitutionRow:
    id: str
    name: str
    institution_type: str
    state: str
    accepted_on: date
    kinds: tuple[str, ...]
    """Kinds of its published products, in the order of product.KINDS; empty unless active."""


def listed(session: Session) -> list[InstitutionRow]:
    """All accepted institutions by day of acceptance, then name: an order that favours nobody."""
    found = session.scalars(
        select(Organisation).where(
            Organisation.role == "institution", Organisation.state.in_(SHOWN)
        )
    )
    offered = _kinds_offered(session)
    rows = [_row(one, offered.get(one.id, set())) for one in found]
    return sorted(rows, key=lambda row: (row.accepted_on, row.name))


def _kinds_offered(session: Session) -> dict[str, set[str]]:
    offered: dict[str, set[str]] = {}
    query = select(Product.institution_id, Product.kind).where(Product.state == "published")
    for institution, kind in session.execute(query.distinct()):
        offered.setdefault(institution, set()).add(kind)
    return offered


def _row(one: Organisation, offered: set[str]) -> InstitutionRow:
    stated = one.details.get("accepted_on")
    return InstitutionRow(
        id=one.id,
        name=one.name,
        institution_type=one.institution_type or "",
        state=one.state,
        accepted_on=date.fromisoformat(stated) if stated else beijing_date(one.created_at),
        kinds=tuple(kind for kind in KINDS if kind in offered and one.state == "active"),
    )
