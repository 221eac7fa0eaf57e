"""Compare products for a lot and apply (SX-2.3: every product that fits, in neutral order)."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.context import house, now, read, write
from app.forms import add_errors
from app.paging import Page, read_cursor
from app.portals.supplier.forms import MOST_MEMBERS, ApplicationForm
from app.portals.wording import FORM_NOTES, FORMS, INSTITUTIONS
from app.shell import notify
from app.text import _
from guarantees.errors import Duplicate, GuaranteeError, InvalidInput, RuleRefuses
from guarantees.flow import apply
from guarantees.queries import lots, opening_keys, projects
from guarantees.queries.lots import LotRow, ProductRow
from guarantees.records.case import Applicant
from guarantees.rules.engine import Finding
from guarantees.tables.permissions import allowed
from guarantees.values.codes import parse_credit_code

blueprint = Blueprint("choose", __name__, url_prefix="/supplier/lots")

SORTS = {"premium": lambda one: one.premium.premium.fen, "time": lambda one: one.minutes_to_issue}
"""Columns that the reader may sort by; the default order is neutral."""


@dataclass(frozen=True)
class Offered:
    """A lot with what can be chosen for it."""

    lot: LotRow
    products: Sequence[ProductRow]
    chosen: str


@blueprint.get("/")
@needs("supplier.read")
def lots_page() -> str:
    """Lots that still take applications, the nearest deadline first."""
    text, region = request.args.get("q", ""), request.args.get("region", "")
    cursor = read_cursor(2)
    found = read(projects.open_lots, actor(), now(), text, region, cursor)
    page = Page(found.items, found.first, found.last)
    return render_template("portals/supplier/lots.html", page=page, text=text, region=region)


@blueprint.get("/<lot>")
@needs("supplier.read")
def compare(lot: str) -> str:
    """Products that fit the lot, those that don't and why, and up to four side by side."""
    row, findings, fit, others, seed = read(_compared, lot)
    openable = read(opening_keys.openable, row.project, now())
    if not row.takes_bids(now()):
        return render_template("portals/supplier/closed.html", lot=row)
    shown = _filtered(fit)
    side = [one for one in fit if one.id in request.args.getlist("c")][:4]
    return render_template(
        "portals/supplier/compare.html",
        lot=row,
        findings=findings,
        products=shown,
        fitting=len(fit),
        others=others,
        seed=seed,
        side=side,
        sort=request.args.get("sort", ""),
        forms=FORMS,
        form_notes=FORM_NOTES,
        institutions=INSTITUTIONS,
        openable=openable,
        may_apply=openable and allowed(actor(), "application.submit"),
    )


@blueprint.route("/<lot>/apply", methods=["GET", "POST"])
@needs("application.submit")
def application(lot: str) -> str | Response:
    """The application for this lot and, if wished, other open lots of the project."""
    form = ApplicationForm()
    if request.method == "GET":
        form.consents.data = []
    offered, more_lots = read(_offered, lot, request.values)
    if request.method == "GET" and not _open(offered[0].lot):
        return redirect(url_for(".compare", lot=lot))
    if request.method == "POST" and "add_member" in request.form:
        if len(form.members) < MOST_MEMBERS:
            form.members.append_entry()
    elif form.validate_on_submit():
        done = _submit(form, offered)
        if done is not None:
            return done
    return render_template(
        "portals/supplier/apply.html",
        form=form,
        lot=offered[0].lot,
        offered=offered,
        more_lots=more_lots,
        most_members=MOST_MEMBERS,
    )


def _open(lot: LotRow) -> bool:
    return lot.takes_bids(now()) and read(opening_keys.openable, lot.project, now())


def _submit(form: ApplicationForm, offered: list[Offered]) -> Response | None:
    """Send the application; None after an error, which then stands in the form."""
    try:
        wanted = apply.ApplicationForm(
            choices=tuple(apply.Choice(one.lot.id, one.chosen) for one in offered if one.chosen),
            members=_members(form),
            consents=frozenset(form.consents.data or ()),
            contact=form.contact.data or "",
            payer_account=form.payer_account.data or "",
        )
        cases = write(
            "apply",
            apply.submit,
            actor(),
            now(),
            wanted,
            form.key.data or "",
            printable=house().printable,
        )
    except InvalidInput as error:
        add_errors(form, {name: _(text) for name, text in error.errors.items()})
        return None
    except RuleRefuses as error:
        add_errors(form, {"": "；".join(one.message for one in _refusing(error))})
        return None
    except Duplicate as error:
        notify("warn", _("这个标段已有一份在办的申请。"), _("需要改选其他产品的，请先撤回它。"))
        return redirect(url_for("supplier.case", case=str(error.fields["id"])))
    except GuaranteeError as error:
        add_errors(form, {"": _(error.text, **error.fields)})
        return None
    notify("ok", _("申请已提交。"), _("机构会在承诺的时间内答复，进度在本页和消息中显示。"))
    target = (
        url_for("supplier.case", case=cases[0]) if len(cases) == 1 else url_for("supplier.cases")
    )
    return redirect(target)


def _refusing(error: RuleRefuses) -> Sequence[Finding]:
    findings: Sequence[Finding] = error.fields["findings"]  # type: ignore[assignment]  # fields of errors are objects
    return findings


def _members(form: ApplicationForm) -> tuple[Applicant, ...]:
    """Members whose lines are filled; the form was validated."""
    lines = [line.form for line in form.members if line.form.filled]
    return tuple(
        Applicant(one.name.data.strip(), parse_credit_code(one.credit_code.data)) for one in lines
    )


def _compared(
    session: Session, lot: str
) -> tuple[LotRow, Sequence[Finding], list[ProductRow], list[ProductRow], str]:
    row = lots.open_lot(session, lot)
    fit, others, seed = lots.products(session, row, 0, now())
    return row, lots.findings(session, row, now()), fit, others, seed


def _offered(session: Session, lot: str, chosen: "dict[str, str]") -> tuple[list[Offered], int]:
    """The lot asked for first, then other open lots of the project; and how many more it has."""
    first = lots.open_lot(session, lot)
    asked = {name.removeprefix("product-") for name, value in chosen.items() if value}
    others, more = lots.siblings(session, first, now(), asked)
    rows = [first, *others]
    offers = lots.products_of(session, rows, 0, now())
    made = []
    for row in rows:
        fit = offers[row.id].fitting
        picked = chosen.get(f"product-{row.id}", "")
        made.append(Offered(row, fit, picked if any(one.id == picked for one in fit) else ""))
    return made, more


def _filtered(products: list[ProductRow]) -> list[ProductRow]:
    """By the reader's filters; sorting replaces the neutral order only when asked for."""
    kind, form, mode = (request.args.get(name, "") for name in ("type", "form", "mode"))
    shown = [
        one
        for one in products
        if (not kind or one.institution_type == kind)
        and (not form or one.form == form)
        and (not mode or one.automatic == (mode == "automatic"))
    ]
    sort = SORTS.get(request.args.get("sort", ""))
    return sorted(shown, key=sort) if sort else shown
