"""Lots as people of every role see them, with the products that fit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.records import facts
from guarantees.records.lot_end import LotEnd
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from guarantees.records.project import (
    Lot,
    Opening,
    Project,
    ProjectVersion,
    expiry_of,
    lot_notice,
)
from guarantees.rules.engine import Finding
from guarantees.sums.fitting import Need, Offer, why_not
from guarantees.sums.order import neutral_order
from guarantees.sums.pricing import Premium, Tariff, price
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money

MOST_SIBLINGS = 20
"""Other lots of a project on one form; each of them comes with all products that fit."""


@dataclass(frozen=True)
class LotEnding:
    """What everybody may know of the end of a lot."""

    kind: str
    """failed or cancelled."""
    reason: str
    state: str
    """confirmed or ended."""
    confirmed_at: datetime | None
    effective_at: datetime | None
    """None: the timekeeper has not answered yet."""
    ended_at: datetime | None


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
    ending: LotEnding | None = None
    """An end of its procurement that was confirmed."""

    @property
    def needed_until(self) -> date | None:
        """Last day that a bid guarantee must cover by the notice in force; None: not stated."""
        if self.deadline is None or self.bid_validity_days is None:
            return None
        return expiry_of(self.deadline, self.bid_validity_days)

    def takes_bids(self, now: datetime) -> bool:
        """Whether bid guarantees can still be applied for."""
        running = self.opening_state == "sealed" and self.ending is None
        return running and self.deadline is not None and now < self.deadline


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
    back_withdrawn: int | None
    """Per cent of the premium; None: the product states no rule."""
    back_ended: int | None
    why_not: tuple[str, ...]
    draw: str
    """What its place in the neutral order was drawn by (sums.order)."""


class _Listed(NamedTuple):
    """A product with what is the same for every lot."""

    product: Product
    offer: Offer
    tariff: Tariff


class Offers(NamedTuple):
    """The products for a lot."""

    fitting: list[ProductRow]
    """Those that fit, in the day's neutral order."""
    others: list[ProductRow]
    seed: str
    """Of the day's order."""


def lot_row(session: Session, lot_id: str) -> LotRow:
    found = lot_rows(session, [lot_id])
    if not found:
        raise NotFound(noun="lot", id=lot_id)
    return found[lot_id]


def lot_rows(session: Session, lot_ids: Collection[str]) -> dict[str, LotRow]:
    """Rows by id; one query for lots and openings, one for the notices of their projects."""
    found = session.execute(
        select(
            Lot.id,
            Lot.number,
            Lot.project_id,
            Project.number.label("project_number"),
            Project.demonstration,
            Opening.opening_time,
            Opening.state,
        )
        .join(Project, Project.id == Lot.project_id)
        .outerjoin(Opening, Opening.lot_id == Lot.id)
        .where(Lot.id.in_(lot_ids))
    ).all()
    versions = _versions(session, {row.project_id for row in found})
    ends = _ends(session, lot_ids)
    return {row.id: _made(row, versions[row.project_id], ends.get(row.id)) for row in found}


def _ends(session: Session, lot_ids: Collection[str]) -> dict[str, LotEnding]:
    rows = session.scalars(
        select(LotEnd).where(LotEnd.lot_id.in_(lot_ids), LotEnd.state.in_(("confirmed", "ended")))
    )
    return {
        one.lot_id: LotEnding(
            kind=one.kind,
            reason=one.reason,
            state=one.state,
            confirmed_at=one.confirmed_at,
            effective_at=one.effective_at,
            ended_at=one.ended_at,
        )
        for one in rows
    }


def products(session: Session, lot: LotRow, members: int, now: datetime) -> Offers:
    return products_of(session, [lot], members, now)[lot.id]


def products_of(
    session: Session, lots: Sequence[LotRow], members: int, now: datetime
) -> dict[str, Offers]:
    """What is offered for each lot, by its id; the products are read once."""
    day = beijing_date(now)
    seed = day_seed(session, day)
    rows = session.scalars(
        select(Product).where(Product.state == "published", Product.kind == "bid")
    ).all()
    listing = [_listed(one) for one in rows]
    series = [one.series for one in rows]
    made = {}
    for lot in lots:
        places = neutral_order(series, lot=lot.id, day=day, seed=seed)
        draws = {place.product: place for place in places}
        listed = sorted(listing, key=lambda one: draws[one.product.series].position)
        offered = [_product(one, lot, members, draws[one.product.series].draw) for one in listed]
        fit = [one for one in offered if not one.why_not]
        made[lot.id] = Offers(fit, [one for one in offered if one.why_not], seed)
    return made


def day_seed(session: Session, day: date) -> str:
    """64 hexadecimal digits, the same for everybody all day long.

    Drawn from the platform's index key; the transparency log will commit to it the day before.
    """
    drawn: bytes = session.info["vault"].tag("order-seed", day.isoformat())
    return drawn.hex()


def _listed(product: Product) -> _Listed:
    tariff = Tariff(product.rate_ppm, Money(product.minimum_fen), Money(product.ceiling_fen))
    return _Listed(product, product.offer(), tariff)


def _product(listed: _Listed, lot: LotRow, members: int, drawn: str) -> ProductRow:
    product, tariff = listed.product, listed.tariff
    amount = lot.deposit or Money(0)
    need = Need("bid", amount, lot.region or "", members)
    reasons = why_not(listed.offer, need)
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
        back_withdrawn=product.back_withdrawn,
        back_ended=product.back_ended,
        why_not=reasons,
        draw=drawn,
    )


def _versions(session: Session, projects: set[str]) -> dict[str, ProjectVersion]:
    rows = session.scalars(
        select(ProjectVersion)
        .join(Project, Project.id == ProjectVersion.project_id)
        .where(Project.id.in_(projects), ProjectVersion.number == Project.current)
    )
    return {row.project_id: row for row in rows}


def _made(row: Row[*tuple[Any, ...]], version: ProjectVersion, ending: LotEnding | None) -> LotRow:
    notice = lot_notice(version, row.number)
    return LotRow(
        id=row.id,
        number=row.number,
        name=notice.name,
        project=row.project_id,
        project_name=version.name,
        project_number=row.project_number,
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
        opening_time=row.opening_time or version.opening_time,
        opening_state=row.state or "",
        basic_account_demanded=version.basic_account_demanded,
        guarantee_accepted=version.guarantee_accepted,
        demonstration=row.demonstration,
        ending=ending,
    )


def open_lot(session: Session, lot_id: str) -> LotRow:
    """A lot of a registered project, ended or not; drafts and withdrawn lots are not found."""
    lot = session.get(Lot, lot_id)
    if lot is None or lot.project.state == "draft" or lot.withdrawn:
        raise NotFound(noun="lot", id=lot_id)
    return lot_row(session, lot_id)


def running() -> Select[str]:
    """Ids of lots whose opening has not begun and whose end nobody has confirmed."""
    ending = select(LotEnd.lot_id).where(LotEnd.state == "confirmed")
    return select(Opening.lot_id).where(Opening.state == "sealed", Opening.lot_id.not_in(ending))


def siblings(
    session: Session, lot: LotRow, now: datetime, chosen: Collection[str] = ()
) -> tuple[list[LotRow], int]:
    """The project's other lots while it is not too late, by number: those whose ids are chosen and
    the MOST_SIBLINGS that come next after this one; and how many more there are.
    """
    if lot.deadline is None or now >= lot.deadline:
        return [], 0
    others = session.execute(
        select(Lot.id, Lot.number).where(
            Lot.project_id == lot.project,
            Lot.id != lot.id,
            Lot.withdrawn.is_(False),
            Lot.id.in_(running()),
        )
    ).all()
    following = sorted(others, key=lambda one: (one.number < lot.number, one.number))
    shown = {one.id for one in following[:MOST_SIBLINGS]}
    shown |= {one.id for one in following if one.id in chosen}
    rows = lot_rows(session, shown).values()
    return sorted(rows, key=lambda one: one.number), len(others) - len(rows)


def findings(session: Session, lot: LotRow, now: datetime) -> tuple[Finding, ...]:
    """What the rules say of the notice alone, before anything is chosen."""
    version = _versions(session, {lot.project})[lot.project]
    judgement = facts.on_lot(version, lot_notice(version, lot.number), now)
    return judgement.concerning("notice")
