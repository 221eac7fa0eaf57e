"""Cases of the stock: sealed ones in every state, and opened ones with their verdicts."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.house import House
from app.jobs import opened_files
from bench import stock_changes
from bench.stock import Stock
from bench.stock_case import LETTER_BYTES, Making, case_in
from bench.stock_projects import Planned, Projects
from guarantees.records import casebook, plain, slots
from guarantees.records.case import (
    Case,
    Event,
)
from guarantees.records.guarantee import OpeningResult
from guarantees.records.organisation import Organisation
from guarantees.records.project import Lot
from guarantees.records.sealed import SealedCase, SealedIndex
from guarantees.values.ids import new_id
from signing.report import STEP_NAMES

STATES = (
    *("issued",) * 50,
    *("submitted",) * 15,
    *("in_review",) * 12,
    *("awaiting_payment",) * 12,
    *("returned",) * 5,
    *("declined",) * 3,
    *("withdrawn",) * 2,
    "issuing",
)
"""Of a hundred sealed cases."""


WITHDRAWN = 1
"""Place of the sealed case whose letter its supplier took back; it was issued before."""
FILED = 12
"""Sealed cases whose letters lie in the store, if they have one."""


@dataclass
class Cases:
    sealed: list[Case] = field(default_factory=list)
    opened: list[Case] = field(default_factory=list)


def cases(session: Session, stock: Stock, projects: Projects, house: House) -> Cases:
    """All of them, written; the letters of the first openings lie in the house's files."""
    making = Making(session, stock)
    made = Cases()
    institutions = stock.organisations["institution"]
    for planned, lot, supplier, state in _applied(stock, projects):
        case = case_in(making, planned, lot, supplier, institutions[0], state)
        if state == "issued" and len(made.sealed) < FILED:
            stock_changes.file_copy(house, case)
        if len(made.sealed) == WITHDRAWN:
            stock_changes.withdraw(stock, case)
        _seal(making, case, opened=False)
        made.sealed.append(case)
    filed = projects.filed(stock.main("procurer").id)
    for place, (planned, lot, supplier) in enumerate(_bid(stock, projects)):
        # The main institution has two fifths of the market.
        institution = institutions[0 if place % 5 < 2 else place % len(institutions)]
        case = case_in(making, planned, lot, supplier, institution, "issued")
        _seal(making, case, opened=True)
        _open(making, planned, case)
        made.opened.append(case)
        if lot.id in filed:
            opened_files.keep_letter(house, case.id, stock.rng.randbytes(LETTER_BYTES))
            opened_files.keep_list(house, _opening_of(case), stock.rng.randbytes(LETTER_BYTES))
        if place % 1000 == 999:
            stock.write(session)
    for opening in itertools.chain(*(one.openings for one in projects.opened)):
        opening.total = making.taken["lot", (opening.lot_id,)]
    stock.add(*itertools.chain(*(one.openings for one in (*projects.open, *projects.opened))))
    session.execute(insert(SealedIndex), making.tags)
    stock.write(session)
    return made


def _applied(stock: Stock, projects: Projects) -> Iterator[tuple[Planned, Lot, Organisation, str]]:
    """The sealed cases: the main supplier's own in as many lots, the others' wherever they like."""
    lots = projects.open_lots()
    for place in range(stock.size.sealed):
        own = place < stock.size.own
        planned, lot = lots[place % len(lots)]
        others = stock.organisations["supplier"][1:]
        supplier = stock.main("supplier") if own else others[place % len(others)]
        yield planned, lot, supplier, STATES[place * 37 % len(STATES)]


def _bid(stock: Stock, projects: Projects) -> Iterator[tuple[Planned, Lot, Organisation]]:
    """The opened cases, lot by lot; the main supplier bids for every lot."""
    left = stock.size.opened
    suppliers = stock.organisations["supplier"]
    offset = 0
    for planned in projects.opened:
        for lot in planned.lots:
            first = planned is projects.opened[0]
            count = stock.size.letters if first else max(1, stock.size.letters // 3)
            for place in range(min(count, left)):
                chosen = 1 + (offset + place) % (len(suppliers) - 1) if place else 0
                yield planned, lot, suppliers[chosen]
            left -= min(count, left)
            offset += count


def _seal(making: Making, case: Case, *, opened: bool) -> None:
    """Blob and tags, which stay after the opening; nobody reads the blob then."""
    blob = os.urandom(casebook.SIZES[0]) if opened else casebook.seal(making.session, case)
    making.stock.add(SealedCase(id=case.id, blob=blob, version=5, opened=opened))
    guard = ("guard", (case.lot, case.supplier))
    paid = [("payment", (one.reference,)) for one in case.payments]
    for purpose, scope in itertools.chain(casebook.scopes(case), [guard], paid):
        place = making.taken[purpose, scope]
        making.taken[purpose, scope] += 1
        tag = slots.tag(making.session, purpose, scope, place)
        making.tags.append({"tag": tag, "case_id": case.id})


def _open(making: Making, planned: Planned, case: Case) -> None:
    """The case in ordinary rows, with the verdict on its letter; one in fifty did not open."""
    broken = len(making.stock.rows) % 50 == 49
    opened_at = planned.opening_time + timedelta(minutes=1)
    assert case.letter is not None
    assert case.intent is not None
    case.letter.state = "broken" if broken else "opened"
    case.letter.opened_at, case.letter.file = opened_at, opened_files.letter_name(case.id)
    case.events.append(Event(opened_at, f"letter.{case.letter.state}", "演示单位 演示人员"))
    case.sealed, case.row_version = False, 1
    making.stock.add(
        *plain.rows_of(case),
        OpeningResult(
            id=new_id(),
            opening_id=_opening_of(case),
            case_id=case.id,
            verdict="not_opened" if broken else "verified",
            reason="密封件没有通过解密核对。" if broken else "",
            report=None if broken else _report(case),
            leaf=case.letter.leaf,
            at=opened_at,
        ),
    )


def _opening_of(case: Case) -> str:
    return case.intent.opening if case.intent else ""


def _report(case: Case) -> dict[str, Any]:
    """As app.reporting keeps it, every step passed."""
    assert case.letter is not None
    return {
        "signature": "PASSED",
        "letter": "PASSED",
        "status": "PASSED",
        "status_word": "in_force",
        "integrity": "intact",
        "signer": case.lead.name,
        "signed_at": case.letter.signed_at.isoformat(),
        "sha256": case.letter.sha256.hex(),
        "steps": [
            {
                "number": number,
                "part": "signature" if number < 8 else "letter" if number < 12 else "status",
                "name": name,
                "result": "PASSED",
                "reason": "与签名时的内容逐字节一致，覆盖整个文件，没有其后的改动。",
                "advice": "",
            }
            for number, name in STEP_NAMES.items()
        ],
    }
