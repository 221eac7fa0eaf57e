"""What is said of each letter at an opening, and of all of them together."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import reporting
from app.adapters.register import OneEntry
from app.house import House
from guarantees.errors import N_
from guarantees.flow.open_lot import Sealed, Verdict
from guarantees.queries import log, register
from guarantees.queries.openings import ResultRow, Room
from guarantees.records import casebook, plain
from guarantees.values.actor import Actor
from signing import verify
from signing.report import Report, Result
from signing.timekeeper.protocol import REFUSALS, Refusal

LIST_SCHEMA = "baohan/opening-result/v1"
"""Of guarantees.letter_reports, which makes the PDF."""

PLATFORM = "保函平台"


def withheld(refusal: Refusal) -> Verdict:
    """The timekeeper gave no share for this letter."""
    return Verdict("not_opened", REFUSALS[refusal.code] % dict(refusal.detail))


def not_opened() -> Verdict:
    return Verdict("not_opened", N_("密封件没有通过解密核对。"))


def judge(house: House, one: Sealed, letter: bytes) -> Verdict:
    """Signature, letter and status of an opened PDF, against what the case says of it."""
    now = house.now()
    evidence = house.verifier.verify(letter, now)
    with house.sessions.reading() as session:
        entry = register.entry(session, casebook.get(session, one.case), now)
    report = verify.judge(evidence, register=OneEntry(entry, house.log))
    return _verdict(report)


def _verdict(report: Report) -> Verdict:
    """Verified only if signature and letter both PASSED; else the first step that did not."""
    passed = report.evidence.signature == report.letter == Result.PASSED
    if passed:
        return Verdict("verified", report=reporting.document(report))
    hindered = (step for step in report.steps if step.result != Result.PASSED)
    reason = next((f"{step.name}：{step.reason}" for step in hindered), "")
    return Verdict("fails", reason, reporting.document(report))


def result(session: Session, room: Room, actor: Actor, now: datetime) -> dict[str, Any]:
    """The document of the signed list (sealing.md step 10): every letter with its verdict."""
    lot = room.lot
    return {
        "schema": LIST_SCHEMA,
        "platform": PLATFORM,
        "project_name": lot.project_name,
        "project_number": lot.project_number,
        "lot_number": lot.number,
        "lot_name": lot.name,
        "procurer": lot.procurer,
        "agency": lot.agency or None,
        "opened_by": f"{actor.organisation_name} {actor.name}",
        "opening_time": room.opening_time.isoformat(),
        "closed_at": now.isoformat(),
        "log": _logged(session, room),
        "letters": [_listed(session, one) for one in room.results],
        "withdrawn": [leaf.hex() for leaf in room.withdrawn],
    }


def _listed(session: Session, row: ResultRow) -> dict[str, Any]:
    """What is not known of a letter that did not open is null: nobody has proved whose it is."""
    known = row.verdict != "not_opened"
    case = plain.read(session, row.case) if known else None
    members = [one.name for one in case.applicants[1:]] if case else []
    expires = case.guarantee.expires_on.isoformat() if case and case.guarantee else None
    return {
        "word": row.verdict,
        "supplier": row.supplier if known else None,
        "members": members,
        "issuer": row.institution if known else None,
        "number": row.number if known else None,
        "amount_fen": row.amount_fen if known else None,
        "expires_on": expires,
        "signature": row.signature or None,
        "letter": row.letter or None,
        "status": row.status or None,
        "reason": row.reason,
        "leaf": row.leaf.hex(),
        "index": row.index,
    }


def _logged(session: Session, room: Room) -> dict[str, Any] | None:
    """Which log, how far it is now, and how far it was at the submission deadline: a leaf at a
    later place came too late. None: no log has begun."""
    state = log.state(session)
    if state is None:
        return None
    deadline = room.lot.deadline
    return {
        "origin": state.origin,
        "size": state.size,
        "root": state.root.hex(),
        "at_deadline": log.cut(session, deadline) if deadline else None,
    }
