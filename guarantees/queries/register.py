"""The register of opened letters, as verification asks it (design.md section 4)."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, GuaranteeError
from guarantees.queries import log
from guarantees.queries.log import Place
from guarantees.records import plain
from guarantees.records.case import Case
from guarantees.values.codes import parse_check_code, parse_letter_number
from guarantees.values.moments import beijing_date
from guarantees.values.terms import Terms

REASONS = {"withdrawn": N_("投标截止前由供应商撤回，从未开启，不能用于索赔。")}
"""What is said of a status besides the last day of validity."""


@dataclass(frozen=True)
class Entry:
    """What the register says of one number."""

    number: str
    sha256: bytes
    issuer_credit_code: str
    terms: bytes
    status: str
    """in_force, expired, released or withdrawn."""
    status_reason: str
    leaf: bytes
    """In the transparency log."""
    place: Place | None
    """What the log holds of it; None: nothing, which must not be."""


def lookup(session: Session, number: str, now: datetime) -> Entry | None:
    """The entry of an opened letter; a sealed one is as unknown as any other number."""
    try:
        wanted = parse_letter_number(number)
    except GuaranteeError:
        return None
    case = plain.by_number(session, wanted)
    return None if case is None else entry(session, case, now)


def by_check_code(session: Session, number: str, code: str, now: datetime) -> Case | None:
    """The case of number and check code (查验码); None for either being wrong."""
    case = plain.by_number(session, parse_letter_number(number))
    wanted = parse_check_code(code)
    if case is None or case.intent is None:
        return None
    return case if hmac.compare_digest(case.intent.check_code, wanted) else None


def entry(session: Session, case: Case, now: datetime) -> Entry | None:
    if case.intent is None or case.letter is None or case.guarantee is None:
        return None
    terms = Terms.from_canonical(case.intent.terms.encode())
    expired = beijing_date(now) > case.guarantee.expires_on
    state = case.guarantee.state
    return Entry(
        number=case.guarantee.number,
        sha256=case.letter.sha256,
        issuer_credit_code=terms.issuer.credit_code or "",
        terms=case.intent.terms.encode(),
        status="expired" if state == "in_force" and expired else state,
        status_reason=REASONS.get(state) or f"有效期至 {case.guarantee.expires_on.isoformat()}。",
        leaf=case.letter.leaf,
        place=log.place(session, case.letter.leaf),
    )
