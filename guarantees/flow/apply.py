"""A supplier applies: for one or several lots of a project, one case per lot (SX-2.4, SX-3.3).

The same request again gives the same cases: the form's key goes through the idempotency table.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from guarantees.errors import N_, Duplicate, InvalidInput, NotFound, RuleRefuses
from guarantees.flow import steps
from guarantees.flow.steps import automatic, running
from guarantees.ports import Printable, anything_prints
from guarantees.records import casebook, facts, slots
from guarantees.records.case import Applicant, Case, Consent, Quote
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from guarantees.records.project import Lot, ProjectVersion, lot_notice
from guarantees.rules.engine import Result
from guarantees.sums.fitting import NO_DEPOSIT, Need, why_not
from guarantees.sums.pricing import Tariff, price
from guarantees.sums.validity import quote_until
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.money import Money
from guarantees.values.parties import check_applicants

CONSENT_ITEMS = {
    "company": (N_("企业基本信息"), N_("用于核验主体"), N_("保存至保函终止后 15 年")),
    "contact": (N_("经办人姓名和联系方式"), N_("用于联系办理"), N_("保存至保函终止")),
    "bid": (N_("项目与标段信息"), N_("用于承保审查和出函"), N_("保存至保函终止后 15 年")),
    "warned": (
        N_("已知晓提供虚假保函将被列入失信名单"),
        N_("由主管部门依法认定"),
        N_("保存至保函终止后 15 年"),
    ),
}
"""What passes to the institution: item → (name, purpose, until). All are needed to underwrite."""

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
ENDED = frozenset({"declined", "withdrawn", "lapsed"})
"""States after which a supplier may apply for the lot again."""


@dataclass(frozen=True)
class Choice:
    lot: str
    product: str


@dataclass(frozen=True)
class ApplicationForm:
    choices: tuple[Choice, ...]
    members: tuple[Applicant, ...]
    """Members of the consortium besides the supplier itself; empty: it bids alone."""
    consents: frozenset[str]
    contact: str
    payer_account: str = ""


def submit(
    session: Session,
    actor: Actor,
    now: datetime,
    form: ApplicationForm,
    key: str,
    *,
    printable: Printable = anything_prints,
) -> list[str]:
    """Ids of the cases, in the order of the choices; the same `key` gives the same ids.

    `printable` refuses names that the letter could not carry.
    """
    steps.require(actor, "application.submit", now)
    answer: list[str] = steps.once(
        session, actor, f"apply/{key}", lambda: _submit_all(session, actor, now, form, printable)
    )
    return answer


def _submit_all(
    session: Session, actor: Actor, now: datetime, form: ApplicationForm, printable: Printable
) -> list[str]:
    supplier = steps.organisation(session, actor.organisation_id)
    _check_form(form, supplier)
    names = (supplier.name, *(one.name for one in form.members))
    printable([(N_("申请人名称"), name) for name in names])
    return [_submit_one(session, actor, now, form, supplier, one) for one in form.choices]


def _submit_one(
    session: Session,
    actor: Actor,
    now: datetime,
    form: ApplicationForm,
    supplier: Organisation,
    choice: Choice,
) -> str:
    lot, version = running.taking_bids(session, choice.lot, now)
    running.openable(session, lot.project_id, now)
    product = _offered(session, choice.product, lot, version, len(form.members))
    case = _new_case(actor, now, form, supplier, lot, version, product)
    judgement = facts.application(
        case, supplier, product, version, lot_notice(version, lot.number), form.payer_account, now
    )
    if judgement.refuses("issuer", "applicant", "payment", "guarantee"):
        raise RuleRefuses(findings=judgement.with_result(Result.REFUSE))
    case.findings = facts.kept(judgement)
    _guard(session, lot.id, supplier.id, case.id)
    steps.record(case, actor, now, "application.submitted")
    automatic.underwrite(session, case, product, now)
    casebook.add(session, case, sealed=case.kind == "bid")
    steps.tell(session, "application.submitted", product.institution_id)
    return case.id


def _check_form(form: ApplicationForm, supplier: Organisation) -> None:
    errors: dict[str, str] = {}
    if not form.choices:
        errors["choices"] = N_("请至少选择一个标段和一个产品。")
    if len({one.lot for one in form.choices}) != len(form.choices):
        errors["choices"] = N_("同一标段只能选择一个产品。")
    missing = [CONSENT_ITEMS[item][0] for item in CONSENT_ITEMS if item not in form.consents]
    if missing:
        errors["consents"] = N_("机构承保需要下列信息，请逐项授权：") + "、".join(missing)
    if not form.contact.strip():
        errors["contact"] = N_("请填写联系人和电话，便于机构联系您。")
    if errors:
        raise InvalidInput(errors)


def _offered(
    session: Session, product_id: str, lot: Lot, version: ProjectVersion, members: int
) -> Product:
    product = session.get(Product, product_id)
    if product is None or product.state != "published":
        raise NotFound(noun="product", id=product_id)
    need = Need("bid", _deposit(version, lot), version.region or "", members)
    reasons = why_not(product.offer(), need)
    if reasons:
        raise InvalidInput({"choices": " ".join(reasons)})
    return product


def _deposit(version: ProjectVersion, lot: Lot) -> Money:
    """The bid deposit that the guarantee replaces (SX-3.3)."""
    deposit = lot_notice(version, lot.number).deposit
    if deposit is None or deposit.fen == 0:
        raise InvalidInput({"choices": NO_DEPOSIT})
    return deposit


def _new_case(
    actor: Actor,
    now: datetime,
    form: ApplicationForm,
    supplier: Organisation,
    lot: Lot,
    version: ProjectVersion,
    product: Product,
) -> Case:
    deposit = _deposit(version, lot)
    applicants = [Applicant(supplier.name, supplier.credit_code), *form.members]
    case = Case(
        id=new_id(),
        kind=product.kind,
        form=product.form,
        lot=lot.id,
        project=lot.project_id,
        project_version=version.number,
        supplier=supplier.id,
        institution=product.institution_id,
        product=product.id,
        state=move("application", NEW, "submitted", "application.submit"),
        applicants=applicants,
        amount=deposit,
        submitted_at=now,
        submitted_by=actor.person_id,
        due_at=now + timedelta(minutes=product.minutes_to_issue),
        contact=form.contact.strip(),
        quote=_quote(product, deposit, version, now),
        consents=_consents(actor, now, form),
        reference=new_reference(),
    )
    check_applicants(case.parties)
    return case


def _quote(product: Product, amount: Money, version: ProjectVersion, now: datetime) -> Quote:
    tariff = Tariff(product.rate_ppm, Money(product.minimum_fen), Money(product.ceiling_fen))
    premium = price(tariff, amount)
    return Quote(
        premium=premium.premium,
        formula=f"{premium.formula}: {premium.explanation}",
        rate_ppm=product.rate_ppm,
        minimum=Money(product.minimum_fen),
        valid_until=quote_until(now, running.deadline(version)),
    )


def _consents(actor: Actor, now: datetime, form: ApplicationForm) -> list[Consent]:
    return [
        Consent(item=item, purpose=purpose, until=until, given_at=now, given_by=actor.person_id)
        for item, (_, purpose, until) in CONSENT_ITEMS.items()
        if item in form.consents
    ]


def _guard(session: Session, lot: str, supplier: str, case_id: str) -> None:
    """One living application per lot and supplier: guard i + 1 only after case i has ended."""
    scope = (lot, supplier)
    taken = slots.count(session, "guard", scope)
    if taken:
        last = slots.at(session, "guard", scope, taken - 1)
        if last is not None and casebook.get(session, last).state not in ENDED:
            raise Duplicate(noun="application", id=last)
    # Exactly the next one: what another request took meanwhile was not looked at.
    slots.take(session, "guard", scope, taken, case_id)


def new_reference() -> str:
    """For people on the phone; says nothing about order or number of applications."""
    return "SQ-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
