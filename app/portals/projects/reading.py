"""The list of projects and the page of one, with what is missing and what may be done."""

from flask import render_template, request
from werkzeug.wrappers import Response

from app.adapters import project_template
from app.adapters.project_columns import COLUMNS, Column
from app.auth.guard import actor, needs
from app.context import now, read
from app.language import SOURCE, language
from app.paging import Page, read_cursor
from app.portals.projects.blueprint import blueprint
from app.text import _
from guarantees.queries import keeping, project_detail, projects
from guarantees.records.project import STATES
from guarantees.tables.permissions import allowed

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/")
@needs("project.read")
def index() -> str:
    """Projects of this organisation, the latest change first."""
    text, state = request.args.get("q", ""), request.args.get("state", "")
    if state not in STATES:
        state = ""
    found = read(projects.listed, actor(), now(), text, state, read_cursor(2))
    return render_template(
        "portals/projects/index.html",
        page=Page(found.items, found.first, found.last),
        text=text,
        state=state,
        may_enter=allowed(actor(), "project.enter"),
    )


@blueprint.get("/<project>")
@needs("project.read")
def show(project: str) -> str:
    found = read(project_detail.view, actor(), now(), project)
    return render_template(
        "portals/projects/show.html",
        project=found,
        may_enter=found.may_change and allowed(actor(), "project.enter"),
        may_register=found.may_change and allowed(actor(), "project.register"),
        may_grant=found.own_procurer and allowed(actor(), "mandate.grant"),
        may_make_keys=allowed(actor(), "opening_key.make"),
        may_open_rooms=found.attends and allowed(actor(), "opening.read"),
        may_end=allowed(actor(), "lot.end") or allowed(actor(), "lot.confirm_end"),
        kept=read(keeping.kept, project),
    )


@blueprint.get("/template.csv")
@needs("project.enter")
def template_csv() -> Response:
    return _download(project_template.as_csv(_head), "text/csv; charset=utf-8", "csv")


@blueprint.get("/template.xlsx")
@needs("project.enter")
def template_xlsx() -> Response:
    return _download(project_template.as_xlsx(_head, _), XLSX, "xlsx")


def _head(column: Column) -> str:
    """Heads are read back in Chinese and by their English keys, in no other words."""
    return column.head if language() == SOURCE else column.key


def _download(data: bytes, kind: str, ending: str) -> Response:
    response = Response(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="projects-template.{ending}"'
    return response


def columns() -> tuple[Column, ...]:
    """For the page that explains the template."""
    return COLUMNS
