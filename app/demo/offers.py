"""What the demonstration's institutions offer: products, and policies that two people approved."""

from datetime import timedelta

from sqlalchemy import select

from app.demo import cast
from app.demo.cast import CastOrganisation, CastPolicy, CastProduct
from app.demo.stage import Stage
from guarantees.flow import approve_policy, publish_product
from guarantees.flow.approve_policy import PolicyForm
from guarantees.flow.publish_product import ProductForm
from guarantees.records.product import Product
from guarantees.values.actor import Actor
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money


def publish_all(stage: Stage) -> dict[str, str]:
    """Ids of the products by name."""
    return {one.name: _publish(stage, one) for one in cast.products()}


def _publish(stage: Stage, product: CastProduct) -> str:
    form = ProductForm(
        name=product.name,
        kind="bid",
        form=product.form,
        rate_ppm=product.rate_ppm,
        minimum=Money.parse(product.minimum),
        ceiling=Money.parse(product.ceiling),
        regions=tuple(product.regions),
        minutes_to_issue=product.minutes_to_issue,
        automatic=product.automatic,
        consortium=product.consortium,
        back_withdrawn=product.back_withdrawn,
        back_ended=product.back_ended,
    )
    maker = actor_of(stage, product.institution, "maker")
    return stage.write("product", publish_product.publish, maker, stage.house.now(), form)


def published(stage: Stage) -> dict[str, str]:
    """Ids of all products that can be applied for, by name."""
    found = select(Product).where(Product.state == "published")
    return stage.read(lambda session: {one.name: one.id for one in session.scalars(found)})


def approve_all(stage: Stage) -> None:
    for one in cast.policies():
        _approve(stage, one)


def _approve(stage: Stage, policy: CastPolicy) -> None:
    maker = actor_of(stage, policy.institution, "maker")
    checker = actor_of(stage, policy.institution, "checker")
    now = stage.house.now()
    form = PolicyForm(
        ceiling=Money.parse(policy.ceiling),
        supplier_ceiling=Money.parse(policy.supplier_ceiling),
        total=Money.parse(policy.total),
        consortium=policy.consortium,
        expires_on=beijing_date(now + timedelta(days=policy.days)),
    )
    proposed = stage.write("policy", approve_policy.propose, maker, now, form)
    stage.write("policy", approve_policy.decide, checker, stage.house.now(), proposed, "approved")


def actor_of(stage: Stage, key: str, role: str) -> Actor:
    """The first person of an organisation who has the role."""
    return stage.actor(login_of(organisation(key), role))


def organisation(key: str) -> CastOrganisation:
    return next(one for one in cast.organisations() if one.key == key)


def login_of(one: CastOrganisation, role: str) -> str:
    return next(person.login for person in one.people if role in person.roles)
