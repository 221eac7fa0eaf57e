"""Products and automatic underwriting policies of an institution."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.auth.second_factor import prove
from app.context import now, read, write
from app.forms import add_errors
from app.portals.institution.forms import CodeForm, PolicyForm, ProductForm
from app.portals.wording import FORMS
from app.shell import notify
from app.text import _
from guarantees.errors import InvalidInput
from guarantees.flow import approve_policy, publish_product
from guarantees.queries import offers as queries
from guarantees.tables import permissions
from guarantees.values.money import Money

blueprint = Blueprint("offers", __name__, url_prefix="/institution")


@blueprint.get("/products")
@needs("institution.read")
def products() -> str:
    return render_template(
        "portals/institution/products.html",
        products=read(queries.products, actor(), now()),
        forms=FORMS,
        may_publish=permissions.allowed(actor(), "product.publish"),
    )


@blueprint.route("/products/new", methods=["GET", "POST"])
@needs("product.publish")
def new_product() -> str | Response:
    return _product_form(ProductForm(automatic=False, consortium=True), "")


@blueprint.route("/products/<series>", methods=["GET", "POST"])
@needs("product.publish")
def product(series: str) -> str | Response:
    """The next version of a product; applications under way keep the version they were quoted."""
    held = read(queries.product, actor(), now(), series)
    form = ProductForm(
        name=held.name,
        form=held.form,
        rate=held.rate_ppm,
        minimum=Money(held.minimum_fen),
        ceiling=Money(held.ceiling_fen),
        regions="、".join(held.regions),
        minutes=held.minutes_to_issue,
        automatic=held.automatic,
        consortium=held.consortium,
        back_withdrawn=held.back_withdrawn,
        back_ended=held.back_ended,
    )
    return _product_form(form, series)


@blueprint.post("/products/<series>/withdraw")
@needs("product.publish")
def withdraw(series: str) -> Response:
    write("product", publish_product.withdraw, actor(), now(), series)
    notify("ok", _("产品已下架。"), _("在办的申请不受影响。"))
    return redirect(url_for(".products"))


@blueprint.route("/policies", methods=["GET", "POST"])
@needs("institution.read")
def policies() -> str | Response:
    """Policies in force and proposed; a maker proposes the next version here."""
    form = PolicyForm()
    may_propose = permissions.allowed(actor(), "policy.propose")
    if may_propose and form.validate_on_submit():
        wanted = approve_policy.PolicyForm(
            ceiling=form.ceiling.data,
            supplier_ceiling=form.supplier_ceiling.data,
            total=form.total.data,
            consortium=form.consortium.data,
            expires_on=form.expires_on.data,
        )
        try:
            write("policy", approve_policy.propose, actor(), now(), wanted)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify("ok", _("政策已提出。"), _("由复核人员批准后生效。"))
            return redirect(url_for(".policies"))
    return _policies(form)


@blueprint.post("/policies/<policy>/<any(approved,refused,withdrawn):decision>")
@needs("policy.decide")
def decide(policy: str, decision: str) -> str | Response:
    form = CodeForm()
    if not form.validate_on_submit():
        notify("bad", _("没有办理。"), _("请填写 6 位动态验证码。"))
        return redirect(url_for(".policies"))
    proved = prove(form.otp.data or "")
    write("policy", approve_policy.decide, proved, now(), policy, decision)
    notify("ok", _("决定已记录。"))
    return redirect(url_for(".policies"))


def _policies(form: PolicyForm) -> str:
    return render_template(
        "portals/institution/policies.html",
        policies=read(queries.policies, actor(), now()),
        form=form,
        code=CodeForm(formdata=None),
        me=actor().person_id,
        may_propose=permissions.allowed(actor(), "policy.propose"),
        may_decide=permissions.allowed(actor(), "policy.decide"),
    )


def _product_form(form: ProductForm, series: str) -> str | Response:
    if form.validate_on_submit():
        try:
            write("product", publish_product.publish, actor(), now(), _wanted(form), series=series)
        except InvalidInput as error:
            renamed = {"rate_ppm": "rate", "minutes_to_issue": "minutes"}
            add_errors(form, {renamed.get(n, n): _(text) for n, text in error.errors.items()})
        else:
            notify("ok", _("产品已发布。"), _("供应商现在可以选择它。"))
            return redirect(url_for(".products"))
    return render_template("portals/institution/product.html", form=form, series=series)


def _wanted(form: ProductForm) -> publish_product.ProductForm:
    regions = (form.regions.data or "").replace("，", "、").replace(",", "、").split("、")
    return publish_product.ProductForm(
        name=form.name.data or "",
        kind="bid",
        form=form.form.data,
        rate_ppm=form.rate.data,
        minimum=form.minimum.data,
        ceiling=form.ceiling.data,
        regions=tuple(one.strip() for one in regions if one.strip()),
        minutes_to_issue=form.minutes.data,
        automatic=form.automatic.data,
        consortium=form.consortium.data,
        back_withdrawn=form.back_withdrawn.data,
        back_ended=form.back_ended.data,
    )
