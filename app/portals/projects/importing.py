"""Importing projects from a file: what is wrong by row and column, or what became of each."""

from flask import render_template, request
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import StringField
from wtforms.validators import Length

from app.adapters import project_files
from app.adapters.project_limits import MAX_BYTES, MAX_PROJECTS
from app.adapters.project_rows import ParsedFile
from app.auth.guard import actor, needs
from app.context import house, now, write
from app.forms import Form, add_errors
from app.portals.projects.blueprint import blueprint
from app.portals.projects.reading import columns
from app.problems import explain
from app.text import _, _l
from guarantees.errors import GuaranteeError
from guarantees.flow import import_projects
from guarantees.flow.import_projects import Imported
from guarantees.flow.steps.projects import SYSTEM_LIMIT
from guarantees.values.notice_rows import ImportRefused, RowProblem

SHOWN_RESULTS = 200
"""Projects listed after an import; all of them are in the list of projects."""

DEFAULT_SYSTEM = "import"


class ImportForm(Form):
    file = FileField(_l("文件"))
    system = StringField(_l("来源系统"), [Length(max=SYSTEM_LIMIT)], default=DEFAULT_SYSTEM)


@blueprint.route("/import", methods=["GET", "POST"])
@needs("project.enter")
def import_file() -> str | tuple[str, int]:
    """The form; after an upload what is wrong with the file (422), or what became of each row."""
    form = ImportForm()
    if not form.validate_on_submit():
        return _page(form)
    name, data = _uploaded(form.file.data)
    if data is None:
        add_errors(form, {"file": _("请选择一个 JSON、CSV 或 XLSX 文件。")})
        return _page(form), 422
    parsed = None
    try:
        parsed = project_files.read(data)
        if not parsed.problems:
            return _done(_imported(form, parsed), name)
        problems = parsed.problems
    except ImportRefused as refused:
        problems = refused.problems
    except GuaranteeError as error:
        add_errors(form, {"file": explain(error).detail})
        return _page(form, name), 422
    return _page(form, name, parsed, problems), 422


def _uploaded(file: FileStorage | None) -> tuple[str, bytes | None]:
    if file is None or not file.filename:
        return "", None
    return file.filename, file.read()


def _imported(form: ImportForm, parsed: ParsedFile) -> tuple[Imported, ...]:
    system = form.system.data if actor().organisation_role == "operator" else DEFAULT_SYSTEM
    return write(
        "import_projects",
        import_projects.import_notices,
        actor(),
        now(),
        system or DEFAULT_SYSTEM,
        parsed.rows,
        house().timekeeper,
    )


def _done(results: tuple[Imported, ...], name: str) -> str:
    order = ("created", "completed", "corrected", "unchanged")
    counts = {one: sum(result.outcome == one for result in results) for one in order}
    return render_template(
        "portals/projects/imported.html",
        results=results[:SHOWN_RESULTS],
        more=max(0, len(results) - SHOWN_RESULTS),
        counts={one: count for one, count in counts.items() if count},
        file=name,
    )


def _page(
    form: ImportForm,
    name: str = "",
    parsed: ParsedFile | None = None,
    problems: tuple[RowProblem, ...] = (),
) -> str:
    return render_template(
        "portals/projects/import.html",
        form=form,
        file=name,
        problems=problems,
        records=parsed is not None and parsed.unit == "record",
        more=parsed is not None and parsed.more_problems,
        columns=columns(),
        names_system=actor().organisation_role == "operator",
        max_megabytes=MAX_BYTES // 2**20,
        max_projects=MAX_PROJECTS,
        posted=request.method == "POST",
    )
