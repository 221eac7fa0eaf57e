"""Lots as people of every role see them, with the products that fit."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.records import facts
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from guarantees.records.project import Lot, Opening, Project, ProjectVersion, lot_notice
from guarantees.rules.engine import Finding
from guarantees.sums.fitting import Need, why_not
from guarantees.sums.order import neutral_order
from guarantees.sums.pricing import Premium, Tariff, price
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money


@dataclass(frozen=True)
class LotRow:
    """A lot with what its project's notice in force says."""

    id: str
    number: str
    name: str
    project: str
    project_name: str
    project_number: str | None
    version: int
    method: str | None
    category: str | None
    region: str | None
    procurer: str
    agency: str
    budget: Money | None
    deposit: Money | None
    bid_validity_days: int | None
    deadline: datetime | None
    opening_time: datetime | None
    opening_state: str
    """State of its opening; empty for a lot that is not registered."""
    basic_account_demanded: bool
    guarantee_accepted: str
    demonstration: bool


@dataclass(frozen=True)
class ProductRow:
    """A product with its price for one lot."""

    id: str
    series: str
    name: str
    institution: str
    institution_id: str
    institution_type: str
    form: str
    premium: Premium | None
    """None where the product does not fit."""
    rate_ppm: int
    minimum: Money
    ceiling: Money
    minutes_to_issue: int
    automatic: bool
    consortium: bool
    why_not: tuple[str, ...]
    draw: str
    """What its place in the neutral order was drawn by (sums.order)."""


def lot_row(session: Session, lot_id: str) -> LotRow:
    lot = session.get(Lot, lot_id)
    if lot is None:
        raise NotFound(noun="lot", id=lot_id)
    return _row(session, lot)


def lot_rows(session: Session, lot_ids: set[str]) -> dict[str, LotRow]:
    """Rows by id; one query for the lots, one for their notices, one for their openings."""
    lots = list(session.scalars(select(Lot).where(Lot.id.in_(lot_ids))))
    versions = _versions(session, {lot.project_id for lot in lots})
    openings = {
        one.lot_id: one
        for one in session.scalars(select(Opening).where(Opening.lot_id.in_(lot_ids)))
    }
    return {lot.id: _made(lot, versions[lot.project_id], openings.get(lot.id)) for lot in lots}


def products(
    session: Session, lot: LotRow, members: int, now: datetime
) -> tuple[list[ProductRow], list[ProductRow], str]:
    """(those that fit in the day's neutral order, those that do not, the day's seed)."""
    day = beijing_date(now)
    seed = day_seed(session, day)
    rows = {
        one.id: one
        for one in session.scalars(select(Product).where(Product.state == "published"))
        if one.kind == "bid"
    }
    places = neutral_order([one.series for one in rows.values()], lot=lot.id, day=day, seed=seed)
    draws = {place.product: place for place in places}
    listed = sorted(rows.values(), key=lambda one: draws[one.series].position)
    made = [_product(one, lot, members, draws[one.series].draw) for one in listed]
    fit = [one for one in made if not one.why_not]
    return fit, [one for one in made if one.why_not], seed


def day_seed(session: Session, day: date) -> str:
    """64 hexadecimal digits, the same for everybody all day long.

    Drawn from the platform's index key; the transparency log will commit to it the day before.
    """
    drawn: bytes = session.info["vault"].tag("order-seed", day.isoformat())
    return drawn.hex()


def _product(product: Product, lot: LotRow, members: int, drawn: str) -> ProductRow:
    amount = lot.deposit or Money(0)
    need = Need("bid", amount, lot.region or "", members)
    reasons = why_not(product.offer(), need)
    tariff = Tariff(product.rate_ppm, Money(product.minimum_fen), Money(product.ceiling_fen))
    institution: Organisation = product.institution
    return ProductRow(
        id=product.id,
        series=product.series,
        name=product.name,
        institution=institution.name,
        institution_id=institution.id,
        institution_type=institution.institution_type or "",
        form=product.form,
        premium=price(tariff, amount) if not reasons else None,
        rate_ppm=product.rate_ppm,
        minimum=Money(product.minimum_fen),
        ceiling=Money(product.ceiling_fen),
        minutes_to_issue=product.minutes_to_issue,
        automatic=product.automatic,
        consortium=product.consortium,
        why_not=reasons,
        draw=drawn,
    )


def _row(session: Session, lot: Lot) -> LotRow:
    version = _versions(session, {lot.project_id})[lot.project_id]
    opening = session.scalars(select(Opening).where(Opening.lot_id == lot.id)).one_or_none()
    return _made(lot, version, opening)


def _versions(session: Session, projects: set[str]) -> dict[str, ProjectVersion]:
    rows = session.scalars(
        select(ProjectVersion)
        .join(Project, Project.id == ProjectVersion.project_id)
        .where(Project.id.in_(projects), ProjectVersion.number == Project.current)
    )
    return {row.project_id: row for row in rows}


def _made(lot: Lot, version: ProjectVersion, opening: Opening | None) -> LotRow:
    notice = lot_notice(version, lot.number)
    return LotRow(
        id=lot.id,
        number=lot.number,
        name=notice.name,
        project=lot.project_id,
        project_name=version.name,
        project_number=lot.project.number,
        version=version.number,
        method=version.method,
        category=version.category,
        region=version.region,
        procurer=version.procurer_name or "",
        agency=version.agency_name or "",
        budget=notice.budget,
        deposit=notice.deposit,
        bid_validity_days=version.bid_validity_days,
        deadline=version.submission_deadline,
        opening_time=opening.opening_time if opening else version.opening_time,
        opening_state=opening.state if opening else "",
        basic_account_demanded=version.basic_account_demanded,
        guarantee_accepted=version.guarantee_accepted,
        demonstration=lot.project.demonstration,
    )


def open_lot(session: Session, lot_id: str) -> LotRow:
    """A lot of a registered project; drafts and withdrawn lots are not found."""
    lot = session.get(Lot, lot_id)
    if lot is None or lot.project.state != "registered" or lot.withdrawn:
        raise NotFound(noun="lot", id=lot_id)
    return _row(session, lot)


def siblings(session: Session, lot: LotRow, now: datetime) -> list[LotRow]:
    """The project's other lots for which it is not too late."""
    ids = session.scalars(
        select(Lot.id).where(
            Lot.project_id == lot.project, Lot.id != lot.id, Lot.withdrawn.is_(False)
        )
    )
    rows = lot_rows(session, set(ids)).values()
    open_still = (one for one in rows if one.deadline is not None and now < one.deadline)
    return sorted(open_still, key=lambda one: one.number)


def findings(session: Session, lot: LotRow, now: datetime) -> tuple[Finding, ...]:
    """What the rules say of the notice alone, before anything is chosen."""
    version = _versions(session, {lot.project})[lot.project]
    judgement = facts.on_lot(version, lot_notice(version, lot.number), now)
    return judgement.concerning("notice")
