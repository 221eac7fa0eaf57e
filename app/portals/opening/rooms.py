"""Opening rooms: waiting, opening all letters of a lot in one step, reading them (SX-2.4)."""

import json
import zipfile
from collections.abc import Iterable
from functools import partial
from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField

from app import receipts
from app.auth.guard import actor, needs
from app.auth.passphrase import counted_try
from app.auth.second_factor import code_needed, prove, proved
from app.auth.throttle import PassphraseResting
from app.context import house, now, read
from app.forms import Form, add_errors, required
from app.jobs import opened_files, openings
from app.portals.trustee.words import PRESENCE
from app.portals.wording import FORM_NOTES, FORMS, KINDS
from app.problems import explain
from app.shell import notify
from app.text import _, _l
from guarantees.errors import N_, GuaranteeError, InvalidInput, NotFound, PassphraseRefused
from guarantees.queries import openings as queries
from guarantees.queries import trustees
from guarantees.queries.openings import ResultRow, Room
from guarantees.tables import permissions, trust
from guarantees.values.terms import Terms
from signing import wire
from signing.errors import SigningError
from signing.timekeeper.protocol import ClockStatus

EVENTS = {
    "opening.begun": N_("开始开标"),
    "opening.waits": N_("等待受托人"),
    "release.approved": N_("受托人同意解锁"),
    "opening.finished": N_("全部完成"),
}
"""What stands in the history of an opening."""

blueprint = Blueprint("opening", __name__, url_prefix="/openings")


class OpenForm(Form):
    """What only the person has: passphrase of the key, code of the authenticator."""

    passphrase = PasswordField(_l("解密口令"), [required(_l("请输入解密口令。"))])
    otp = StringField(_l("动态验证码"), [code_needed])


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
    return _page(read(queries.room, actor(), now(), lot), form)


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


def _page(opened: Room, form: OpenForm) -> str:
    running = openings.running(opened.lot.id)
    return render_template(
        "portals/opening/room.html",
        room=opened,
        form=form,
        proved=proved(),
        running=running,
        due=now() >= opened.opening_time,
        clock=_clock(),
        trustees=read(trustees.of_opening, now(), opened.opening),
        awaited=_trustees(openings.awaited(opened.lot.id)),
        named=lambda note: _trustees(note.split()),
        presence=PRESENCE,
        events=EVENTS,
        results=_filtered(opened.results),
        counts=_counts(opened.results),
        may_open=permissions.allowed(actor(), "lot.open"),
        v=request.args.get("v", ""),
        q=request.args.get("q", ""),
    )


def _trustees(roles: Iterable[str]) -> str:
    """By what they are called, in the table's order."""
    wanted = set(roles)
    return _("、").join(_(text) for role, text in trust.TRUSTEES.items() if role in wanted)


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
