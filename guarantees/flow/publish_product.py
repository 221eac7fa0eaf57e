"""An institution publishes, changes and withdraws products (SX-2.1: it prices them itself)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound
from guarantees.flow import steps
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from guarantees.rules import independent_guarantee
from guarantees.sums.due_back import MOST
from guarantees.sums.pricing import BadTariff, Tariff
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.money import Money

LONGEST_PROMISE_MINUTES = 30 * 24 * 60


@dataclass(frozen=True)
class ProductForm:
    name: str
    kind: str
    form: str
    rate_ppm: int
    minimum: Money
    ceiling: Money
    regions: tuple[str, ...]
    minutes_to_issue: int
    automatic: bool
    consortium: bool
    back_withdrawn: int | None = None
    """Per cent of the premium due back after a withdrawal before the deadline; None: no rule."""
    back_ended: int | None = None
    """The same when the procurement fails or is cancelled before the opening."""


def publish(
    session: Session, actor: Actor, now: datetime, form: ProductForm, *, series: str = ""
) -> str:
    """Publish a product, or the next version of `series`; answers the id of the new row."""
    steps.require(actor, "product.publish", now)
    institution = steps.organisation(session, actor.organisation_id)
    _check(form, institution)
    number = 1
    if series:
        before = _published(session, actor, series)
        number = before.number + 1
        before.state = move("product", before.state, "withdrawn", "product.publish")
    product = Product(
        id=new_id(),
        series=series or new_id(),
        number=number,
        institution_id=institution.id,
        name=form.name,
        kind=form.kind,
        form=form.form,
        rate_ppm=form.rate_ppm,
        minimum_fen=form.minimum.fen,
        ceiling_fen=form.ceiling.fen,
        regions=list(form.regions),
        minutes_to_issue=form.minutes_to_issue,
        automatic=form.automatic,
        consortium=form.consortium,
        back_withdrawn=form.back_withdrawn,
        back_ended=form.back_ended,
        state=move("product", NEW, "published", "product.publish"),
        published_by=actor.person_id or None,
        published_at=now,
    )
    session.add(product)
    steps.record_about(session, f"product:{product.series}", actor, now, "product.published")
    return product.id


def withdraw(session: Session, actor: Actor, now: datetime, series: str) -> None:
    """No new applications; those under way keep the version that they were quoted."""
    steps.require(actor, "product.publish", now)
    product = _published(session, actor, series)
    after = move("product", product.state, "withdrawn", "product.publish")
    session.execute(update(Product).where(Product.id == product.id).values(state=after))
    steps.record_about(session, f"product:{series}", actor, now, "product.withdrawn")


def _published(session: Session, actor: Actor, series: str) -> Product:
    product = session.scalars(
        select(Product).where(
            Product.series == series,
            Product.institution_id == actor.organisation_id,
            Product.state == "published",
        )
    ).one_or_none()
    if product is None:
        raise NotFound(noun="product", id=series)
    return product


def _check(form: ProductForm, institution: Organisation) -> None:
    errors: dict[str, str] = {}
    if not form.name.strip():
        errors["name"] = N_("请填写产品名称。")
    if not 0 < form.minutes_to_issue <= LONGEST_PROMISE_MINUTES:
        errors["minutes_to_issue"] = N_("承诺出函时间应在 1 分钟到 30 天之间。")
    for field in ("back_withdrawn", "back_ended"):
        percent = getattr(form, field)
        if percent is not None and not 0 <= percent <= MOST:
            errors[field] = N_("退费比例应在 0 到 100 之间。")
    try:
        Tariff(form.rate_ppm, form.minimum, form.ceiling)
    except BadTariff as error:
        errors["rate_ppm"] = str(error)
    kind = institution.institution_type
    if form.form == "independent" and kind not in independent_guarantee.ISSUERS:
        errors["form"] = N_(
            "独立保函只能由银行或非银行金融机构开立，融资担保公司请选择从属保函"
            "（法释〔2016〕24号第一条）。"
        )
    if errors:
        raise InvalidInput(errors)
