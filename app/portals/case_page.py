"""What the pages of a case show to supplier and institution alike, and the receipt they get."""

import json
from functools import partial
from io import BytesIO

from flask import send_file
from werkzeug.wrappers import Response

from app import receipts
from app.context import house, now, read
from app.portals import tracking
from app.portals.wording import DECISIONS, EVENTS, FORM_NOTES, FORMS, KINDS, sum_words
from app.text import _
from guarantees.flow.apply import CONSENT_ITEMS
from guarantees.queries.cases import CaseView
from guarantees.queries.opening_keys import openable
from guarantees.records.case import Case, Event

PAYING = frozenset({"awaiting_payment", "issuing"})
"""States in which it matters whether a letter could be sealed to anybody."""


def shared(view: CaseView) -> dict[str, object]:
    """Variables of templates/portals/cases/parts.html and of the pages that import it."""
    case = view.case
    return {
        "view": view,
        "case": case,
        "steps": tracking.steps(case, view.lot),
        "keyless": case.state in PAYING and not read(openable, case.project, now()),
        "judge": [one.note for one in case.events if one.what == "application.to_people"],
        "told": [one for one in case.findings if one.result != "pass"],
        "passed": [one for one in case.findings if one.result == "pass"],
        "premium_sum": sum_words(case.quote.formula),
        "said": said,
        "consents": CONSENT_ITEMS,
        "kinds": KINDS,
        "forms": FORMS,
        "form_notes": FORM_NOTES,
        "decisions": DECISIONS,
    }


def receipt_file(case: Case) -> Response:
    """NotFound before there is a letter. Whoever calls has asked whether the reader may have it."""
    told = read(partial(receipts.document, house()), case)
    data = BytesIO(json.dumps(told, ensure_ascii=False, indent=2).encode())
    return send_file(data, "application/json", True, f"{told['number']}-receipt.json")


def said(event: Event) -> str:
    """A line of the history. A note `#7` is the number of an automatic policy."""
    what = _(EVENTS[event.what])
    if event.note.startswith("#"):
        return _("%(what)s（自动承保政策第 %(n)s 版）", what=what, n=event.note[1:])
    return f"{what}：{event.note}" if event.note else what
