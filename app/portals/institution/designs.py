"""How the institution's letters look: versions, a specimen of each, which one is used."""

from io import BytesIO

from flask import Blueprint, redirect, render_template, send_file, url_for
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from app.adapters import pictures
from app.auth.guard import actor, needs
from app.context import house, now, read, write
from app.forms import Form, add_errors
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import GuaranteeError, InvalidInput
from guarantees.flow import design_letters
from guarantees.queries import designs as queries
from guarantees.tables import permissions
from guarantees.values.terms_kinds import CLAUSE_LENGTH, CLAUSE_LIMIT
from guarantees.values.text import tidy

blueprint = Blueprint("designs", __name__, url_prefix="/institution/design")


class DesignForm(Form):
    """The next version."""

    logo = FileField(_l("标志"))
    no_logo = BooleanField(_l("不用标志"))
    seal = FileField(_l("印章图样"))
    no_seal = BooleanField(_l("用平台绘制的印章"))
    clauses = TextAreaField(_l("附加条款"), [Length(max=CLAUSE_LIMIT * (CLAUSE_LENGTH + 2))])


@blueprint.route("/", methods=["GET", "POST"])
@needs("institution.read")
def index() -> str | Response | tuple[str, int]:
    """All versions; the administrator makes the next one here and looks at it before it is used."""
    rows = read(queries.versions, actor(), now())
    form = DesignForm(clauses="\n".join(rows[0].clauses) if rows else "")
    if not form.is_submitted():
        return _page(rows, form)
    if form.validate_on_submit():
        try:
            wanted = _wanted(form)
            write("design", design_letters.propose, actor(), now(), wanted, house().printable)
        except InvalidInput as error:
            add_errors(form, {name: _(text) for name, text in error.errors.items()})
        except GuaranteeError as error:
            if error.code != "missing_glyph":
                raise
            add_errors(form, {"clauses": explain(error).detail})
        else:
            notify("ok", _("新的一版已保存。"), _("请打开样张核对，再启用。"))
            return redirect(url_for(".index"), 303)
    return _page(rows, form), 422


@blueprint.get("/<int(max=99999):number>/specimen.pdf")
@needs("institution.read")
def specimen(number: int) -> Response:
    """The specimen (样张) of a version: an invented bid with the institution's own name."""
    shown = read(queries.specimen, actor(), now(), number)
    pdf = house().letters.preview(shown.terms, shown.template, shown.logo, shown.seal)
    return send_file(BytesIO(pdf), "application/pdf", False, f"specimen-{number}.pdf")


@blueprint.post("/<int(max=99999):number>/use")
@needs("design.set")
def use(number: int) -> Response:
    write("design", design_letters.use, actor(), now(), number)
    notify("ok", _("第 %(n)d 版已启用。", n=number), _("此后开立的保函使用这一版。"))
    return redirect(url_for(".index"), 303)


def _wanted(form: DesignForm) -> design_letters.DesignForm:
    lines = (tidy(line) for line in (form.clauses.data or "").splitlines())
    return design_letters.DesignForm(
        logo=_picture(form, "logo", form.no_logo.data, pictures.LOGO),
        seal=_picture(form, "seal", form.no_seal.data, pictures.SEAL),
        clauses=tuple(filter(None, lines)),
    )


def _picture(form: DesignForm, name: str, without: bool, largest: tuple[int, int]) -> bytes | None:
    """The upload, cleaned; b"" for none, None where the last version's stays."""
    file = form[name].data
    if without:
        return b""
    if not isinstance(file, FileStorage) or not file.filename:
        return None
    try:
        return pictures.clean(file.read(pictures.LARGEST + 1), largest)
    except pictures.PictureRefused as error:
        raise InvalidInput({name: explain(error).detail}) from None


def _page(rows: list[queries.DesignRow], form: DesignForm) -> str:
    return render_template(
        "portals/institution/designs.html",
        versions=rows,
        form=form,
        may_set=permissions.allowed(actor(), "design.set"),
        most=CLAUSE_LIMIT,
        longest=CLAUSE_LENGTH,
    )
