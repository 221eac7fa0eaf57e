"""Opening rooms: waiting, opening all letters of a lot in one step, reading them (SX-2.4)."""

import json
import zipfile
from functools import partial
from io import BytesIO

from flask import Blueprint, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response

from app import receipts
from app.auth.guard import actor, needs
from app.auth.passphrase import counted_try
from app.auth.second_factor import prove
from app.auth.throttle import PassphraseResting
from app.context import house, now, read
from app.forms import add_errors
from app.jobs import opened_files, openings, rehearsals
from app.portals.opening import page
from app.portals.opening.page import OpenForm, RehearsalForm
from app.portals.wording import FORM_NOTES, FORMS, KINDS
from app.problems import explain
from app.shell import notify
from app.text import _
from guarantees.errors import (
    GuaranteeError,
    InvalidInput,
    NotFound,
    PassphraseRefused,
    RehearsalFailed,
)
from guarantees.queries import openings as queries
from guarantees.values.terms import Terms
from signing.errors import SigningError

blueprint = Blueprint("opening", __name__, url_prefix="/openings")


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
    return page.render(lot)


@blueprint.post("/<lot>/open")
@needs("lot.open")
def open_lot(lot: str) -> str | Response:
    """Open every letter of the lot. The passphrase lives in this process only."""
    form = OpenForm()
    if form.validate_on_submit():
        try:
            able = prove(form.otp.data or "")
            with counted_try(able, lot):
                openings.start(house(), able, now(), lot, form.passphrase.data or "")
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
    return page.render(lot, form=form)


@blueprint.post("/<lot>/rehearse")
@needs("opening.rehearse")
def rehearse(lot: str) -> str | Response | tuple[str, int]:
    """Prove, for every lot of the project, that the key opens. The passphrase ends with it."""
    form = RehearsalForm()
    if form.validate_on_submit():
        try:
            with counted_try(actor(), lot, note=None):
                rehearsals.prove(house(), actor(), now(), lot, form.passphrase.data or "")
        except (PassphraseRefused, PassphraseResting, RehearsalFailed) as error:
            add_errors(form, {"passphrase": explain(error).detail})
        else:
            notify("ok", _("演练通过。"), _("您的钥匙和口令打开了演练函，开标时照此操作。"))
            return redirect(url_for(".room", lot=lot), 303)
    return page.render(lot, rehearsal=form), 422


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


@blueprint.get("/<lot>/log.json")
@needs("opening.read")
def receipt(lot: str) -> Response:
    """Opening certificate and signed list, each with its leaf and proof in the log."""
    held = read(queries.certificate, actor(), now(), lot)
    told = read(partial(receipts.of_opening, house()), held)
    data = BytesIO(json.dumps(told, ensure_ascii=False, indent=2).encode())
    name = f"{held.lot.project_number or held.lot.id}-{held.lot.number}-log.json"
    return send_file(data, "application/json", True, name)


def _field(error: GuaranteeError | SigningError) -> str:
    """The field that an error of the opening belongs to."""
    about = (PassphraseRefused, PassphraseResting)
    return "passphrase" if isinstance(error, about) else ""
