"""Opening rooms: waiting, opening all letters of a lot in one step, reading them (SX-2.4)."""

import zipfile
from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField

from app.auth.guard import actor, needs
from app.auth.second_factor import code_needed, prove, proved
from app.context import house, now, read
from app.forms import Form, add_errors, required
from app.jobs import opened_files, openings, rehearsals
from app.portals.wording import FORM_NOTES, FORMS, KINDS
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import (
    GuaranteeError,
    InvalidInput,
    NotFound,
    PassphraseRefused,
    RehearsalFailed,
)
from guarantees.queries import openings as queries
from guarantees.queries.openings import ResultRow, Room
from guarantees.tables import permissions
from guarantees.values.terms import Terms
from signing import wire
from signing.errors import SigningError
from signing.timekeeper.protocol import ClockStatus

blueprint = Blueprint("opening", __name__, url_prefix="/openings")


class OpenForm(Form):
    """What only the person has: passphrase of the key, code of the authenticator."""

    passphrase = PasswordField(_l("解密口令"), [required(_l("请输入解密口令。"))])
    otp = StringField(_l("动态验证码"), [code_needed])


class RehearsalForm(Form):
    """No code of the authenticator: nothing is opened but a trial."""

    passphrase = PasswordField(
        _l("解密口令"), [required(_l("请输入解密口令。"))], id="rehearsal-passphrase"
    )


@blueprint.get("/")
@needs("opening.read")
def rooms() -> str:
    """Lots whose opening this organisation attends. Says nothing about bids."""
    return render_template(
        "portals/opening/rooms.html", rooms=read(queries.openings_of, actor(), now())
    )


@blueprint.get("/<lot>")
@needs("opening.read")
def room(lot: str) -> str:
    return _page(read(queries.room, actor(), now(), lot), OpenForm())


@blueprint.post("/<lot>/open")
@needs("lot.open")
def open_lot(lot: str) -> str | Response:
    """Open every letter of the lot. The passphrase lives in this process only."""
    form = OpenForm()
    if form.validate_on_submit():
        try:
            proved = prove(form.otp.data or "")
            openings.start(house(), proved, now(), lot, form.passphrase.data or "")
        except NotFound:
            raise
        except InvalidInput as error:
            add_errors(form, error.errors)
        except (GuaranteeError, SigningError) as error:
            add_errors(form, {_field(error): explain(error).detail})
        else:
            notify("act", _("正在解密查验。"), _("可以离开本页，结果会保留。"))
            return redirect(url_for(".room", lot=lot))
    form.otp.data = ""
    return _page(read(queries.room, actor(), now(), lot), form)


@blueprint.post("/<lot>/rehearse")
@needs("opening.rehearse")
def rehearse(lot: str) -> str | Response | tuple[str, int]:
    """Prove, for every lot of the project, that the key opens. The passphrase ends with it."""
    form = RehearsalForm()
    if form.validate_on_submit():
        try:
            rehearsals.prove(house(), actor(), now(), lot, form.passphrase.data or "")
        except (PassphraseRefused, RehearsalFailed) as error:
            add_errors(form, {"passphrase": explain(error).detail})
        else:
            notify("ok", _("演练通过。"), _("您的钥匙和口令打开了演练函，开标时照此操作。"))
            return redirect(url_for(".room", lot=lot), 303)
    return _page(read(queries.room, actor(), now(), lot), OpenForm(None), form), 422


@blueprint.get("/<lot>/letters/<case>")
@needs("opening.read")
def letter(lot: str, case: str) -> str:
    """One opened letter: what it says, and the steps of its verification."""
    held = read(queries.letter, actor(), now(), lot, case)
    intent = held.case.intent
    terms = Terms.from_canonical(intent.terms.encode()) if intent else None
    if held.result.verdict == "not_opened" or terms is None:
        raise NotFound(noun="letter", id=case)
    return render_template(
        "portals/opening/letter.html",
        room=held,
        result=held.result,
        terms=terms,
        check_code=intent.check_code if intent else "",
        report=held.report,
        kinds=KINDS,
        forms=FORMS,
        form_notes=FORM_NOTES,
    )


@blueprint.get("/<lot>/letters/<case>.pdf")
@needs("opening.read")
def letter_pdf(lot: str, case: str) -> Response:
    """Exactly the bytes that the institution signed."""
    number = read(queries.papers, actor(), now(), lot).numbers.get(case)
    if number is None:
        raise NotFound(noun="letter", id=case)
    data = BytesIO(opened_files.read_letter(house(), case))
    return send_file(data, "application/pdf", True, f"{number}.pdf")


@blueprint.get("/<lot>/letters.zip")
@needs("opening.read")
def letters_zip(lot: str) -> Response:
    """All letters of the lot that were opened."""
    papers = read(queries.papers, actor(), now(), lot)
    if not papers.numbers:
        raise NotFound(noun="letters", id=lot)
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for case, number in papers.numbers.items():
            archive.writestr(f"{number}.pdf", opened_files.read_letter(house(), case))
    data.seek(0)
    name = f"{papers.lot.project_number or papers.lot.id}-{papers.lot.number}.zip"
    return send_file(data, "application/zip", True, name)


@blueprint.get("/<lot>/list.pdf")
@needs("opening.read")
def signed_list(lot: str) -> Response:
    """The signed list of every letter with its verdict (sealing.md step 10)."""
    papers = read(queries.papers, actor(), now(), lot)
    held = opened_files.read_list(house(), papers.opening)
    if held is None:
        raise NotFound(noun="list", id=lot)
    name = f"{papers.lot.project_number or papers.lot.id}-{papers.lot.number}-list.pdf"
    return send_file(BytesIO(held), "application/pdf", True, name)


def _field(error: GuaranteeError | SigningError) -> str:
    """The field that an error of the opening belongs to."""
    return "passphrase" if isinstance(error, PassphraseRefused) else ""


def _page(opened: Room, form: OpenForm, rehearsal: RehearsalForm | None = None) -> str:
    running = openings.running(opened.lot.id)
    return render_template(
        "portals/opening/room.html",
        room=opened,
        form=form,
        proved=proved(),
        running=running,
        due=now() >= opened.opening_time,
        clock=_clock(),
        results=_filtered(opened.results),
        counts=_counts(opened.results),
        may_open=permissions.allowed(actor(), "lot.open"),
        rehearsal=rehearsal or RehearsalForm(None),
        may_rehearse=_may_rehearse(opened),
        v=request.args.get("v", ""),
        q=request.args.get("q", ""),
    )


def _may_rehearse(opened: Room) -> bool:
    """Somebody of this organisation could, who has a passphrase for one of its keys."""
    own = actor().organisation_name
    held = any(one.fingerprint and one.organisation == own for one in opened.keys)
    return held and opened.state == "sealed" and permissions.allowed(actor(), "opening.rehearse")


def _clock() -> ClockStatus | None:
    """The timekeeper's clock, or None when it is away; the room looks the same for any lot."""
    try:
        return house().timekeeper.status()
    except (wire.Unavailable, wire.RemoteError):
        return None


def _filtered(results: tuple[ResultRow, ...]) -> list[ResultRow]:
    verdict, text = request.args.get("v", ""), request.args.get("q", "").strip()
    return [
        one
        for one in results
        if (verdict != "ok" or all_passed(one))
        and (verdict != "attention" or not all_passed(one))
        and (not text or text in one.supplier or text in one.institution)
    ]


def all_passed(one: ResultRow) -> bool:
    return {one.signature, one.letter, one.status} == {"PASSED"}


def _counts(results: tuple[ResultRow, ...]) -> dict[str, int]:
    passed = sum(all_passed(one) for one in results)
    broken = sum(one.verdict == "not_opened" for one in results)
    failed = sum("FAILED" in (one.signature, one.letter, one.status) for one in results)
    return {
        "passed": passed,
        "broken": broken,
        "failed": failed,
        "open": len(results) - passed - broken - failed,
    }
