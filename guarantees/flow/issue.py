"""Issuing in three calls around one signature: reserve, produce, settle (design.md section 3).

`reserve` and `settle` are one commit each; `produce` touches no database. Killed anywhere and
tried again, exactly one letter comes out: the write-once store decides which.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from guarantees.errors import N_, NoOpeningKey, NotFound, TooLate
from guarantees.flow import steps
from guarantees.flow.steps import automatic, envelopes, running
from guarantees.ports import Files, LetterFactory, LetterOrder, Vault
from guarantees.queries import opening_keys
from guarantees.records import casebook, facts, letter_design, log, trustbook
from guarantees.records.case import Case, DueBack, Guarantee, Intent, Letter
from guarantees.records.letter_design import LetterDesign
from guarantees.records.organisation import Organisation
from guarantees.records.project import Opening, ProjectVersion, expiry, lot_notice
from guarantees.sums.due_back import MOST
from guarantees.tables.letter_forms import newest
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import SYSTEM
from guarantees.values.codes import check_code, new_letter_number
from guarantees.values.ids import new_id
from guarantees.values.moments import beijing_date
from guarantees.values.parties import Party
from guarantees.values.terms import IssuerType, Terms

EXAMINATION_DAYS = 5
"""Business days to examine a demand (URDG 758 art. 20)."""
WAITS = "letter.waits"
"""Event and notice."""
GOVERNING_LAW = "中华人民共和国法律"


def reserve(
    session: Session, now: datetime, case_id: str, *, base_url: str, recovery: bytes
) -> LetterOrder | None:
    """Fix number, terms and opening of the letter before anything is made.

    Called again it answers the same order; None once the letter is settled. `TooLate` after the
    lot's opening has begun: a letter that nobody would open is not made. `NoOpeningKey` if every
    key has gone since the payment (revoked, expired, a mandate withdrawn): see `wait_for_key`.
    """
    case = casebook.get(session, case_id)
    if case.letter is not None:
        return None
    opening = _opening(session, case, now)
    if case.intent is None:
        case.intent = _intent(session, case, opening, now)
        steps.record(case, SYSTEM, now, "letter.reserved")
        casebook.save(session, case)
    return _order(session, case, case.intent, opening, now, base_url, recovery)


def produce(
    order: LetterOrder, *, letters: LetterFactory, files: Files, vault: Vault
) -> envelopes.Stored:
    """Have the letter rendered, signed, re-verified and sealed; store it once; no database."""
    name = f"sealed/{order.intent}"
    held = files.get(name)
    if held is None:
        made = letters.produce(order)
        held = files.put_once(name, envelopes.pack(order.intent, made, vault))
    return envelopes.unpack(order.intent, held, vault)


def settle(
    session: Session, now: datetime, case_id: str, intent_id: str, stored: envelopes.Stored
) -> str:
    """The letter counts: case, log leaf and notices in one commit. Answers the number."""
    case = casebook.get(session, case_id)
    intent = case.intent
    if intent is None or intent.id != intent_id:
        raise NotFound(noun="intent", id=intent_id)
    if case.letter is not None:
        return intent.number
    _opening(session, case, now)
    leaf = log_letter(session, intent, stored)
    terms = Terms.from_canonical(intent.terms.encode())
    case.state = move("application", case.state, "issued", "letter.issue")
    case.letter = Letter(
        state=move("letter", NEW, "sealed", "letter.issue"),
        eid=stored.eid,
        sha256=stored.sha256,
        size=stored.size,
        signed_at=stored.signed_at,
        certificate=stored.certificate,
        leaf=leaf,
    )
    case.guarantee = Guarantee(
        state=move("guarantee", NEW, "in_force", "letter.issue"),
        number=intent.number,
        amount=terms.amount,
        effective_from=terms.effective_from,
        expires_on=terms.expires_on,
    )
    steps.record(case, SYSTEM, now, "letter.issued")
    casebook.save(session, case)
    steps.tell(session, "letter.issued", case.supplier)
    return intent.number


def log_letter(session: Session, intent: Intent, stored: envelopes.Stored) -> bytes:
    """Two leaves under one salt: of the letter, for who holds the PDF and the receipt; and of the
    sealed envelope, which is the one that the opening lists."""
    log.pending(session, "issue", stored.sha256, intent.salt)
    envelope = hashlib.sha256(stored.envelope).digest()
    return log.pending(session, "seal", envelope, intent.salt)


def wait_for_key(session: Session, now: datetime, case_id: str) -> None:
    """The letter waits until somebody could open it; said once in the case, and to the institution.

    Procurer and agency hear of it without any case, as of every project that lacks a key
    (flow/remind): mail to them because of a bid would tell that there is one.
    """
    case = casebook.get(session, case_id)
    if case.letter is not None or case.events[-1].what == WAITS:
        return
    if running.hold(session, case.lot).state != "sealed":
        return
    steps.record(case, SYSTEM, now, WAITS)
    casebook.save(session, case)
    steps.tell(session, WAITS, case.institution)


def lapse(session: Session, now: datetime, case_id: str) -> None:
    """The opening began before the letter was made: nothing is issued, the premium is due back.

    Nothing is done for a case whose lot has ended: its exposure is free, and it is due back by
    what the product says of failed tenders.
    """
    case = casebook.get(session, case_id)
    if case.letter is not None or case.state == "lapsed":
        return
    if running.hold(session, case.lot).state == "ended":
        return
    case.state = move("application", case.state, "lapsed", "letter.issue")
    automatic.free(session, case)
    case.due_back.append(DueBack("lapsed", MOST, case.quote.premium, now))
    steps.record(case, SYSTEM, now, "letter.lapsed", N_("开标前未能出函，保费应由机构退还。"))
    casebook.save(session, case)
    steps.tell(session, "letter.lapsed", case.supplier)


def _opening(session: Session, case: Case, now: datetime) -> Opening:
    """The lot's opening, held; `TooLate` once it has begun, or T has come."""
    opening = running.hold(session, case.lot)
    if opening.state != "sealed" or now >= opening.opening_time:
        raise TooLate(noun="letter", id=case.id)
    return opening


def _intent(session: Session, case: Case, opening: Opening, now: datetime) -> Intent:
    design = letter_design.in_use(session, case.institution)
    terms = _terms(session, case, opening, now, design.clauses if design else [])
    canonical = terms.canonical()
    return Intent(
        id=new_id(),
        number=terms.number,
        check_code=check_code(),
        terms=canonical.decode(),
        digest=session.info["vault"].tag("terms", canonical),
        template=newest(terms.kind, terms.form).name,
        opening=opening.id,
        salt=secrets.token_bytes(32),
        reserved_at=now,
        archive=True,
        design=design.id if design else "",
    )


def _terms(
    session: Session, case: Case, opening: Opening, now: datetime, clauses: Sequence[str]
) -> Terms:
    lot = steps.lot(session, case.lot)
    version = steps.current_version(session, lot.project)
    institution = steps.organisation(session, case.institution)
    today = beijing_date(now)
    return Terms(
        number=new_letter_number(today.year),
        version=1,
        kind="bid",
        form="independent" if case.form == "independent" else "accessory",
        applicants=case.parties,
        beneficiary=_beneficiary(session, version),
        agency=_agency(session, version),
        issuer=Party(
            institution.name, institution.credit_code, "issuer", contact=institution.contact
        ),
        issuer_type=_issuer_type(institution),
        project_number=lot.project.number,
        project_name=version.name,
        lot_number=lot.number,
        lot_name=lot_notice(version, lot.number).name or version.name,
        amount=case.amount,
        issued_on=today,
        effective_from=today,
        expires_on=expiry(version),
        bid_validity_days=version.bid_validity_days or 0,
        opening_time=opening.opening_time,
        documents=facts.DOCUMENTS[case.form],
        place_of_presentation=str(institution.details.get("address", institution.contact)),
        examination_days=EXAMINATION_DAYS,
        governing_law=GOVERNING_LAW,
        signatory=str(institution.details.get("signatory", institution.name)),
        clauses=tuple(clauses),
    )


def _beneficiary(session: Session, version: ProjectVersion) -> Party:
    if version.procurer_id is None:
        raise NotFound(noun="procurer", id=version.project_id)
    held = steps.organisation(session, version.procurer_id)
    return Party(held.name, held.credit_code, "beneficiary")


def _agency(session: Session, version: ProjectVersion) -> Party | None:
    if version.agency_id is not None:
        held = steps.organisation(session, version.agency_id)
        return Party(held.name, held.credit_code, "agency")
    return Party(version.agency_name, None, "agency") if version.agency_name else None


def _issuer_type(institution: Organisation) -> IssuerType:
    kind = facts.issuer_type(institution)
    if kind is None:
        raise NotFound(noun="institution", id=institution.id)
    return kind


def _order(
    session: Session,
    case: Case,
    intent: Intent,
    opening: Opening,
    now: datetime,
    base_url: str,
    recovery: bytes,
) -> LetterOrder:
    recipients = opening_keys.recipients(session, case.project, now)
    if not recipients:
        raise NoOpeningKey(noun="project", id=case.project)
    guard = trustbook.guard(session)
    design = session.get_one(LetterDesign, intent.design) if intent.design else None
    query = urlencode({"number": intent.number, "code": intent.check_code})
    return LetterOrder(
        intent=intent.id,
        terms=intent.terms,
        template=intent.template,
        check_code=intent.check_code,
        verify_url=f"{base_url}/verify?{query}",
        certificate=opening.certificate,
        lot=case.lot,
        recipients=recipients,
        recovery=recovery,
        profile=guard.profile,
        trustees=guard.trustees,
        logo=design.logo if design else b"",
        seal=design.seal if design else b"",
    )
