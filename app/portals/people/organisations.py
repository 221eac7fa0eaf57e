"""The operator's pages: organisations, the ones that wait, and entering new ones."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.auth.guard import actor, needs
from app.context import now, read, write
from app.forms import add_errors
from app.paging import PAGE_SIZE, Page, read_cursor
from app.portals.navigation import ROLE_NAMES
from app.portals.people.forms import EnterOrganisationForm, RefuseForm
from app.portals.people.wording import EVENTS, LEVELS
from app.portals.wording import INSTITUTIONS
from app.problems import explain
from app.shell import notify
from app.status import STATUS
from app.text import _
from guarantees.errors import InvalidInput
from guarantees.flow import admit, enter_organisation
from guarantees.flow.enter_organisation import NewOrganisation
from guarantees.queries import people as queries
from guarantees.queries.people import OrganisationRow, Wanted
from guarantees.tables.permissions import PERSON_ROLES, allowed

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")


@blueprint.get("/")
@needs("operator.read")
def index() -> str:
    """All organisations by name; the ones that wait come with a filter."""
    wanted = Wanted(
        role=request.args.get("role", ""),
        state=request.args.get("state", ""),
        words=request.args.get("words", "").strip()[:100],
    )
    return render_template(
        "portals/people/organisations.html",
        page=_page(wanted),
        wanted=wanted,
        waiting=bool(read(queries.organisations, actor(), Wanted(state="pending"), limit=1)),
        role_names=ROLE_NAMES,
        states=STATUS["organisation"],
        may_admit=allowed(actor(), "organisation.admit"),
    )


@blueprint.get("/<organisation_id>")
@needs("operator.read")
def show(organisation_id: str) -> str:
    return _show(organisation_id, RefuseForm())


@blueprint.post("/<organisation_id>/confirm")
@needs("organisation.admit")
def confirm(organisation_id: str) -> Response:
    write("admit", admit.confirm, actor(), now(), organisation_id)
    notify("ok", _("已确认。"), _("申请人会收到邮件，可以登录办理。"))
    return redirect(url_for(".show", organisation_id=organisation_id), 303)


@blueprint.post("/<organisation_id>/refuse")
@needs("organisation.admit")
def refuse(organisation_id: str) -> str | Response | tuple[str, int]:
    form = RefuseForm()
    if form.validate_on_submit():
        try:
            write("admit", admit.refuse, actor(), now(), organisation_id, form.reason.data)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        else:
            notify("ok", _("已退回注册。"), _("申请人会在邮件中看到原因，改正后可以重新注册。"))
            return redirect(url_for(".show", organisation_id=organisation_id), 303)
    return _show(organisation_id, form), 422


@blueprint.route("/new", methods=["GET", "POST"])
@needs("organisation.admit")
def enter() -> str | Response | tuple[str, int]:
    """An institution, procurer, agency or regulator, with its first administrator."""
    form = EnterOrganisationForm()
    status = 200
    if form.validate_on_submit():
        new = NewOrganisation(**{name: form[name].data or "" for name in FIELDS})
        try:
            made = write("admit", enter_organisation.enter, actor(), now(), new)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
            status = explain(error).status
        else:
            notify("ok", _("单位已录入。"), _("邀请已发给首位管理员，7 天内有效。"))
            return redirect(url_for(".show", organisation_id=made), 303)
    return render_template("portals/people/enter_organisation.html", form=form), status


FIELDS = tuple(NewOrganisation.__dataclass_fields__)


def _page(wanted: Wanted) -> Page[OrganisationRow]:
    """One page and whether there is more on either side, by asking for one row too many."""
    cursor = read_cursor(2)
    key: Any = cursor.key if cursor and all(isinstance(one, str) for one in cursor.key) else None
    back = key is not None and cursor is not None and cursor.direction == "before"
    where = {"before" if back else "after": key}
    rows = list(read(queries.organisations, actor(), wanted, **where, limit=PAGE_SIZE + 1))
    more = len(rows) > PAGE_SIZE
    rows = (rows[1:] if back else rows[:-1]) if more else rows
    before = more if back else key is not None
    after = key is not None if back else more
    return Page(
        items=rows,
        first=(rows[0].name, rows[0].id) if rows and before else None,
        last=(rows[-1].name, rows[-1].id) if rows and after else None,
    )


def _show(organisation_id: str, form: RefuseForm) -> str:
    page = read(queries.organisation, actor(), now(), organisation_id)
    waits = page.organisation.state == "pending"
    return render_template(
        "portals/people/organisation.html",
        page=page,
        organisation=page.organisation,
        form=form,
        may_decide=waits and allowed(actor(), "organisation.admit"),
        role_names=ROLE_NAMES,
        person_roles=PERSON_ROLES,
        institution_types=INSTITUTIONS,
        levels=LEVELS,
        events=EVENTS,
    )
