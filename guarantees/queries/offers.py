"""Products and policies as their institution sees them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.records.person import Person
from guarantees.records.product import Policy, Product
from guarantees.tables import permissions
from guarantees.values.actor import Actor
from guarantees.values.moments import beijing_date


@dataclass(frozen=True)
class OfferRow:
    series: str
    number: int
    name: str
    form: str
    rate_ppm: int
    minimum_fen: int
    ceiling_fen: int
    regions: tuple[str, ...]
    minutes_to_issue: int
    automatic: bool
    consortium: bool
    back_withdrawn: int | None
    back_ended: int | None
    state: str
    published_at: datetime


@dataclass(frozen=True)
class PolicyRow:
    id: str
    number: int
    ceiling_fen: int
    supplier_ceiling_fen: int
    total_fen: int
    consortium: bool
    expires_on: date
    state: str
    """As stored, or "expired"."""
    proposed_by: str
    proposer: str
    approver: str


def products(session: Session, actor: Actor, now: datetime) -> list[OfferRow]:
    """The institution's products in their latest version, published ones first."""
    permissions.check(actor, "institution.read", now)
    rows = session.scalars(
        select(Product)
        .where(Product.institution_id == actor.organisation_id)
        .order_by(Product.number.desc())
    )
    latest: dict[str, OfferRow] = {}
    for row in rows:
        latest.setdefault(row.series, _offer(row))
    return sorted(latest.values(), key=lambda one: (one.state != "published", one.name))


def product(session: Session, actor: Actor, now: datetime, series: str) -> OfferRow:
    for one in products(session, actor, now):
        if one.series == series and one.state == "published":
            return one
    raise NotFound(noun="product", id=series)


def policies(session: Session, actor: Actor, now: datetime) -> list[PolicyRow]:
    """All versions, the newest first."""
    permissions.check(actor, "institution.read", now)
    rows = list(
        session.scalars(
            select(Policy)
            .where(Policy.institution_id == actor.organisation_id)
            .order_by(Policy.number.desc())
        )
    )
    people = {row.proposed_by for row in rows} | {row.approved_by for row in rows}
    named = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    names = {row.id: row.name for row in named}
    today = beijing_date(now)
    return [_policy(row, names, today) for row in rows]


def _offer(row: Product) -> OfferRow:
    return OfferRow(
        series=row.series,
        number=row.number,
        name=row.name,
        form=row.form,
        rate_ppm=row.rate_ppm,
        minimum_fen=row.minimum_fen,
        ceiling_fen=row.ceiling_fen,
        regions=tuple(row.regions),
        minutes_to_issue=row.minutes_to_issue,
        automatic=row.automatic,
        consortium=row.consortium,
        back_withdrawn=row.back_withdrawn,
        back_ended=row.back_ended,
        state=row.state,
        published_at=row.published_at,
    )


def _policy(row: Policy, names: dict[str, str], today: date) -> PolicyRow:
    expired = row.state == "approved" and row.expires_on < today
    return PolicyRow(
        id=row.id,
        number=row.number,
        ceiling_fen=row.ceiling_fen,
        supplier_ceiling_fen=row.supplier_ceiling_fen,
        total_fen=row.total_fen,
        consortium=row.consortium,
        expires_on=row.expires_on,
        state="expired" if expired else row.state,
        proposed_by=row.proposed_by,
        proposer=names.get(row.proposed_by, ""),
        approver=names.get(row.approved_by or "", ""),
    )
