"""A case as ordinary rows: written whole once, then its changes."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from guarantees.errors import Conflict, NotFound
from guarantees.records import codec, summary
from guarantees.records.base import Base
from guarantees.records.case import Case, Event, Guarantee, Intent, Letter, Payment, Posting
from guarantees.records.guarantee import (
    EventRow,
    GuaranteeRow,
    LetterRow,
    OpenCase,
    PaymentRow,
    PostingRow,
    TermsVersion,
)
from guarantees.values.ids import new_id
from guarantees.values.money import Money

OWN_ROWS = ("payments", "postings", "events", "letter", "guarantee")
"""Parts of a case that have tables of their own; the rest stands in `details`."""


def write_new(session: Session, case: Case) -> None:
    head, *parts = rows_of(case)
    session.add(head)
    session.flush()  # the others refer to it
    session.add_all(parts)
    session.flush()


def rows_of(case: Case) -> list[Base]:
    """All rows of a case that has none yet, its own first."""
    made: list[Base] = [_case_row(case)]
    made += [_payment_row(case.id, one) for one in case.payments]
    made += map(_posting_row(case), case.postings)
    made += map(_event_row(case), case.events)
    if case.letter is not None:
        made.append(_letter_row(case.id, case.letter))
    if case.guarantee is not None:
        made.append(_guarantee_row(case.id, case.guarantee))
        if case.intent is not None:
            made.append(_terms_row(case.id, case.intent))
    return made


def write_changed(session: Session, case: Case) -> None:
    """Save a plain case; `Conflict` if somebody else changed it since it was read."""
    values = {
        "state": case.state,
        "due_at": case.due_at,
        "details": _details(case),
        "version": case.row_version + 1,
    }
    changed = session.execute(
        update(OpenCase)
        .where(OpenCase.id == case.id, OpenCase.version == case.row_version)
        .values(values)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult at run time
        raise Conflict(noun="case", id=case.id)
    case.row_version += 1
    _write_parts(session, case)


def read(session: Session, case_id: str) -> Case:
    row = session.get(OpenCase, case_id, populate_existing=True)
    if row is None:
        raise NotFound(noun="case", id=case_id)
    case: Case = codec.load(Case, row.details["case"])
    case.sealed, case.row_version = False, row.version
    case.payments = [_payment(one) for one in _rows(session, PaymentRow, case_id, "ordered_at")]
    case.postings = [_posting(one) for one in _rows(session, PostingRow, case_id, "booked_at")]
    events = session.scalars(
        select(EventRow).where(EventRow.subject == f"case:{case_id}").order_by(EventRow.at)
    )
    case.events = [
        Event(at=e.at, what=e.what, who=e.who, person_id=e.person_id, note=e.note) for e in events
    ]
    case.letter = _letter(session.get(LetterRow, case_id, populate_existing=True))
    case.guarantee = _guarantee(session.get(GuaranteeRow, case_id, populate_existing=True))
    return case


def by_number(session: Session, number: str) -> Case | None:
    """The opened case of a letter number. Sealed ones are as unknown as any other number."""
    case_id = session.scalar(select(GuaranteeRow.case_id).where(GuaranteeRow.number == number))
    return None if case_id is None else read(session, case_id)


def _case_row(case: Case) -> OpenCase:
    return OpenCase(
        id=case.id,
        kind=case.kind,
        form=case.form,
        state=case.state,
        reference=case.reference,
        lot_id=case.lot,
        supplier_id=case.supplier,
        institution_id=case.institution,
        lead_name=case.lead.name,
        amount_fen=case.amount.fen,
        submitted_at=case.submitted_at,
        due_at=case.due_at,
        details=_details(case),
        version=case.row_version,
    )


def _details(case: Case) -> dict[str, Any]:
    document = codec.dump(case)
    for name in OWN_ROWS:
        document.pop(name)
    return {"case": document, "summary": summary.of(case)}


def _write_parts(session: Session, case: Case) -> None:
    """Merge what may change, append what is new in the append-only parts."""
    for payment in case.payments:
        session.merge(_payment_row(case.id, payment))
    if case.letter is not None:
        session.merge(_letter_row(case.id, case.letter))
    if case.guarantee is not None:
        session.merge(_guarantee_row(case.id, case.guarantee))
        _write_terms(session, case)
    _append(session, PostingRow, PostingRow.case_id == case.id, case.postings, _posting_row(case))
    subject = EventRow.subject == f"case:{case.id}"
    _append(session, EventRow, subject, case.events, _event_row(case))
    session.flush()


def _write_terms(session: Session, case: Case) -> None:
    if case.intent is not None and session.get(TermsVersion, (case.id, 1)) is None:
        session.add(_terms_row(case.id, case.intent))


def _terms_row(case_id: str, intent: Intent) -> TermsVersion:
    return TermsVersion(case_id=case_id, number=1, canonical=intent.terms, digest=intent.digest)


def _append(session: Session, table: type[Base], which: Any, items: list[Any], make: Any) -> None:
    held = session.scalar(select(func.count()).select_from(table).where(which)) or 0
    session.add_all([make(item) for item in items[held:]])


def _rows(session: Session, table: Any, case_id: str, order: str) -> Any:
    return session.scalars(
        select(table)
        .where(table.case_id == case_id)
        .order_by(getattr(table, order))
        .execution_options(populate_existing=True)
    )


def _payment_row(case_id: str, payment: Payment) -> PaymentRow:
    return PaymentRow(
        reference=payment.reference,
        case_id=case_id,
        state=payment.state,
        amount_fen=payment.amount.fen,
        received_fen=None if payment.received is None else payment.received.fen,
        payer_account=payment.payer_account,
        payee_account=payment.payee_account,
        ordered_at=payment.ordered_at,
        settled_at=payment.settled_at,
        bank_reference=payment.bank_reference,
        problem=payment.problem,
    )


def _payment(row: PaymentRow) -> Payment:
    return Payment(
        reference=row.reference,
        state=row.state,
        amount=Money(row.amount_fen),
        received=None if row.received_fen is None else Money(row.received_fen),
        payer_account=row.payer_account,
        payee_account=row.payee_account,
        ordered_at=row.ordered_at,
        settled_at=row.settled_at,
        bank_reference=row.bank_reference,
        problem=row.problem,
    )


def _posting_row(case: Case) -> Any:
    return lambda one: PostingRow(
        id=new_id(),
        entry=one.entry,
        case_id=case.id,
        account=one.account,
        fen=one.fen,
        cause=one.cause,
        clause=one.clause,
        booked_at=one.booked_at,
    )


def _posting(row: PostingRow) -> Posting:
    return Posting(
        entry=row.entry,
        account=row.account,
        fen=row.fen,
        cause=row.cause,
        clause=row.clause,
        booked_at=row.booked_at,
    )


def _event_row(case: Case) -> Any:
    return lambda one: EventRow(
        id=new_id(),
        subject=f"case:{case.id}",
        at=one.at,
        what=one.what,
        who=one.who,
        person_id=one.person_id,
        note=one.note,
    )


def _letter_row(case_id: str, letter: Letter) -> LetterRow:
    return LetterRow(
        case_id=case_id,
        state=letter.state,
        eid=letter.eid,
        sha256=letter.sha256,
        size=letter.size,
        signed_at=letter.signed_at,
        certificate=letter.certificate,
        leaf=letter.leaf,
        opened_at=letter.opened_at,
        file=letter.file,
    )


def _letter(row: LetterRow | None) -> Letter | None:
    if row is None:
        return None
    return Letter(
        state=row.state,
        eid=row.eid,
        sha256=row.sha256,
        size=row.size,
        signed_at=row.signed_at,
        certificate=row.certificate,
        leaf=row.leaf,
        opened_at=row.opened_at,
        file=row.file,
    )


def _guarantee_row(case_id: str, guarantee: Guarantee) -> GuaranteeRow:
    return GuaranteeRow(
        case_id=case_id,
        number=guarantee.number,
        state=guarantee.state,
        amount_fen=guarantee.amount.fen,
        effective_from=guarantee.effective_from,
        expires_on=guarantee.expires_on,
    )


def _guarantee(row: GuaranteeRow | None) -> Guarantee | None:
    if row is None:
        return None
    return Guarantee(
        state=row.state,
        number=row.number,
        amount=Money(row.amount_fen),
        effective_from=row.effective_from,
        expires_on=row.expires_on,
    )
