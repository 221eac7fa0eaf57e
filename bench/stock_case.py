"""One case of the stock with whatever one in its state has behind it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bench.stock import Stock
from bench.stock_projects import Planned
from guarantees.flow.apply import CONSENT_ITEMS, new_reference
from guarantees.flow.issue import EXAMINATION_DAYS, GOVERNING_LAW
from guarantees.flow.pay import premium_entry
from guarantees.records import facts
from guarantees.records.case import (
    Applicant,
    Case,
    Consent,
    Event,
    Guarantee,
    Intent,
    Letter,
    Opinion,
    Payment,
    Quote,
    RuleFinding,
)
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from guarantees.records.project import Lot, expiry, lot_notice
from guarantees.tables.letter_forms import newest
from guarantees.values.codes import check_code, new_letter_number
from guarantees.values.ids import new_id
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Form, IssuerType, Terms

LETTER_BYTES = 70_000
"""About what a signed letter of two pages measures."""

EVENTS = (
    "application.submitted",
    "application.recommended",
    "application.approved",
    "payment.ordered",
    "payment.settled",
    "letter.reserved",
    "letter.issued",
    "letter.opened",
)
REACHED = {"submitted": 1, "in_review": 2, "awaiting_payment": 3, "issuing": 6, "issued": 7}
"""How many of the EVENTS a case in that state has behind it; the others ended early."""


@dataclass
class Making:
    """What the making of cases keeps track of."""

    session: Session
    stock: Stock
    taken: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)
    """Slots by purpose and scope."""
    tags: list[dict[str, Any]] = field(default_factory=list)
    """Rows of the sealed index."""
    findings: dict[str, list[RuleFinding]] = field(default_factory=dict)
    """By lot: they are the same for all its applicants."""


def case_in(
    making: Making,
    planned: Planned,
    lot: Lot,
    supplier: Organisation,
    institution: Organisation,
    state: str,
) -> Case:
    stock = making.stock
    product = stock.rng.choice([p for p in stock.products if p.institution is institution])
    deadline = planned.opening_time
    at = min(deadline, stock.now) - timedelta(minutes=stock.rng.randrange(60, 40 * 24 * 60))
    case = Case(
        id=new_id(),
        kind="bid",
        form=product.form,
        lot=lot.id,
        project=planned.project.id,
        project_version=planned.version.number,
        supplier=supplier.id,
        institution=institution.id,
        product=product.id,
        state=state,
        applicants=_applicants(stock, supplier),
        amount=lot_notice(planned.version, lot.number).deposit or Money(0),
        submitted_at=at,
        submitted_by=stock.accounts["anna"].person,
        due_at=at + timedelta(minutes=product.minutes_to_issue),
        contact="周予安 13800000000",
        quote=_quote(product, at, deadline),
        consents=[
            Consent(item, purpose, until, at, stock.accounts["anna"].person)
            for item, (_, purpose, until) in CONSENT_ITEMS.items()
        ],
        reference=new_reference(),
    )
    case.findings = _findings(making, case, planned, lot, supplier, product)
    _advance(stock, case, planned, lot, institution)
    return case


def _applicants(stock: Stock, supplier: Organisation) -> list[Applicant]:
    """Every tenth is a consortium of three."""
    lead = Applicant(supplier.name, supplier.credit_code)
    if stock.rng.randrange(10):
        return [lead]
    members = stock.rng.sample(stock.organisations["supplier"][1:], 2)
    return [lead, *(Applicant(m.name, m.credit_code) for m in members if m is not supplier)]


def _quote(product: Product, at: datetime, deadline: datetime) -> Quote:
    return Quote(
        premium=Money(31_500),
        formula="rate/v1: 70,000.00 × 0.45% = 315.00",
        rate_ppm=product.rate_ppm,
        minimum=Money(product.minimum_fen),
        valid_until=min(at + timedelta(days=7), deadline),
    )


def _findings(
    making: Making,
    case: Case,
    planned: Planned,
    lot: Lot,
    supplier: Organisation,
    product: Product,
) -> list[RuleFinding]:
    if lot.id not in making.findings:
        version = planned.version
        notice = lot_notice(version, lot.number)
        judged = facts.application(case, supplier, product, version, notice, "", case.submitted_at)
        making.findings[lot.id] = facts.kept(judged)
    return making.findings[lot.id]


def _advance(
    stock: Stock, case: Case, planned: Planned, lot: Lot, institution: Organisation
) -> None:
    """Whatever a case in its state has behind it."""
    reached = REACHED.get(case.state, 3)
    times = [case.submitted_at + timedelta(minutes=10 * place) for place in range(len(EVENTS))]
    case.events = [
        Event(at, what, "演示单位 演示人员", stock.accounts["mary"].person)
        for at, what in zip(times[:reached], EVENTS, strict=False)
    ]
    if reached < 2:
        return
    maker = stock.accounts["mary"].person
    case.opinions = [Opinion("maker", "approve", "材料齐全", maker, "演示mary", times[1])]
    if reached < 5:
        return
    checker = stock.accounts["carl"].person
    case.opinions.append(Opinion("checker", "approve", "同意", checker, "演示carl", times[2]))
    case.payments = [_payment(case, institution, times[3], times[4])]
    case.postings = premium_entry(case, case.payments[0], times[4])
    case.intent = _intent(stock, case, planned, lot, institution, times[5])
    if case.state == "issued":
        case.letter = _letter(stock, times[6])
        case.guarantee = _guarantee(case, planned)


def _payment(case: Case, institution: Organisation, ordered: datetime, paid: datetime) -> Payment:
    return Payment(
        reference=new_id(),
        state="settled",
        amount=case.quote.premium,
        payer_account="6222000012345678",
        payee_account=institution.account,
        ordered_at=ordered,
        settled_at=paid,
        bank_reference=new_id(),
        received=case.quote.premium,
    )


def _intent(
    stock: Stock, case: Case, planned: Planned, lot: Lot, institution: Organisation, at: datetime
) -> Intent:
    terms = _terms(case, planned, lot, institution, at)
    return Intent(
        id=new_id(),
        number=terms.number,
        check_code=check_code(),
        terms=terms.canonical().decode(),
        digest=stock.rng.randbytes(32),
        template=newest(terms.kind, terms.form).name,
        opening=next(one.id for one in planned.openings if one.lot_id == lot.id),
        salt=stock.rng.randbytes(32),
        reserved_at=at,
        archive=True,
    )


def _terms(
    case: Case, planned: Planned, lot: Lot, institution: Organisation, at: datetime
) -> Terms:
    version = planned.version
    today = beijing_date(at)
    form: Form = "independent" if case.form == "independent" else "accessory"
    kind: IssuerType = facts.issuer_type(institution) or "bank"
    return Terms(
        number=new_letter_number(today.year),
        version=1,
        kind="bid",
        form=form,
        applicants=case.parties,
        beneficiary=Party(version.procurer_name or "", None, "beneficiary"),
        agency=Party(version.agency_name or "", None, "agency"),
        issuer=Party(institution.name, institution.credit_code, "issuer", institution.contact),
        issuer_type=kind,
        project_number=planned.project.number,
        project_name=version.name,
        lot_number=lot.number,
        lot_name=lot_notice(version, lot.number).name,
        amount=case.amount,
        issued_on=today,
        effective_from=today,
        expires_on=expiry(version),
        bid_validity_days=version.bid_validity_days or 0,
        opening_time=version.opening_time,
        documents=facts.DOCUMENTS[case.form],
        place_of_presentation=institution.contact,
        examination_days=EXAMINATION_DAYS,
        governing_law=GOVERNING_LAW,
        signatory="沈知行",
    )


def _letter(stock: Stock, at: datetime) -> Letter:
    return Letter(
        state="sealed",
        eid=stock.rng.randbytes(16),
        sha256=stock.rng.randbytes(32),
        size=LETTER_BYTES,
        signed_at=at,
        certificate=stock.rng.randbytes(32),
        leaf=stock.rng.randbytes(32),
    )


def _guarantee(case: Case, planned: Planned) -> Guarantee:
    return Guarantee(
        state="in_force",
        number=case.intent.number if case.intent else "",
        amount=case.amount,
        effective_from=beijing_date(case.submitted_at),
        expires_on=expiry(planned.version),
    )
