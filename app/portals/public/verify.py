"""Verification for everybody: by upload, or by number and check code (design.md section 4)."""

from datetime import timedelta

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import Length

from app import reporting
from app.auth import throttle
from app.auth.guard import needs
from app.context import house, now, read
from app.forms import Form, add_errors, checked_by, required
from app.portals.wording import FORM_NOTES, FORMS, KINDS
from app.text import _, _l
from guarantees.queries import register
from guarantees.queries.register import Entry
from guarantees.records.case import Case
from guarantees.values.codes import parse_check_code, parse_letter_number
from guarantees.values.terms import Terms

blueprint = Blueprint("public", __name__)

LOOKUPS = throttle.AddressLimit(30, timedelta(minutes=10))
"""Wrong numbers or codes from one address: trying numbers out is slowed down."""

CHECKS = throttle.AddressLimit(120, timedelta(minutes=10))
"""Uploads from one address; each costs seconds of a worker at worst."""


class LookupForm(Form):
    """Number and check code as the letter prints them; a QR code brings both."""

    class Meta(Form.Meta):
        csrf = False  # a GET that changes nothing, also reached from paper

    number = StringField(
        _l("保函编号"), [required(_l("请填写保函编号。")), checked_by(parse_letter_number)]
    )
    code = StringField(
        _l("查验码"),
        [required(_l("请填写查验码，在保函首页。")), Length(max=20), checked_by(parse_check_code)],
    )


class UploadForm(Form):
    """The file itself is read from the request: it is never kept."""

    password = StringField(_l("打开密码"), [Length(max=100)])


@blueprint.get("/verify")
@needs("letter.verify")
def verify() -> str:
    """The form; with number and check code, what the register says of them."""
    form = LookupForm(request.args)
    asked = bool(request.args.get("number") or request.args.get("code"))
    if asked and form.validate():
        return _by_number(form)
    return _page(form if asked else LookupForm(None), UploadForm())


@blueprint.post("/verify")
@needs("letter.verify")
def upload() -> str:
    """Judge an uploaded PDF in the worker, then against the register. Nothing is kept."""
    form = UploadForm()
    file = request.files.get("file")
    data = file.read() if file else b""
    if not form.validate_on_submit():
        return _page(LookupForm(None), form)
    if file is None or not file.filename:
        add_errors(form, {"": _("请选择要查验的 PDF 文件。")})
        return _page(LookupForm(None), form)
    if not data:
        add_errors(form, {"": _("文件是空的（0 字节），请重新选择要查验的 PDF 文件。")})
        return _page(LookupForm(None), form)
    CHECKS.charge(throttle.address(), now())
    password = form.password.data or None
    report = reporting.judged(house(), data, now(), password)
    return render_template(
        "public/report.html",
        report=reporting.for_page(report),
        name=file.filename[-120:],
        size=len(data),
        entry=_entry(reporting.number_in(report)),
    )


def _entry(number: str) -> Entry | None:
    return read(register.lookup, number, now()) if number else None


def _by_number(form: LookupForm) -> str:
    LOOKUPS.charge(throttle.address(), now())
    number, code = form.number.data or "", form.code.data or ""
    case = read(register.by_check_code, number, code, now())
    if case is None:
        add_errors(form, {"": _("没有查到这份保函。请核对编号和查验码；投标保函在开标前查不到。")})
        return _page(form, UploadForm())
    LOOKUPS.refund(throttle.address())
    return render_template(
        "public/entry.html",
        entry=read(_entry_of, case),
        terms=_terms(case),
        kinds=KINDS,
        forms=FORMS,
        form_notes=FORM_NOTES,
    )


def _entry_of(session: Session, case: Case) -> Entry | None:
    return register.entry(session, case, now())


def _terms(case: Case) -> Terms | None:
    return Terms.from_canonical(case.intent.terms.encode()) if case.intent else None


def _page(lookup: LookupForm, form: UploadForm) -> str:
    return render_template("public/verify.html", lookup=lookup, form=form)
