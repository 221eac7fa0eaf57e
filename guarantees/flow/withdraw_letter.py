"""A supplier takes an issued, sealed letter back before the submission deadline (sealing.md 11).

`withdraw` is one commit: from then on the letter is no bid any more, whatever happens after it.
The timekeeper is told afterwards, by the outbox, as often as it takes, so that a kill between the
two loses nothing: the opening passes a withdrawn letter over even where the timekeeper has not yet
heard of it. The other way round, a kill would leave a letter that counts and never opens.
"""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.flow import steps
from guarantees.flow.steps import automatic, envelopes, running
from guarantees.ports import Files, Vault
from guarantees.records import casebook, log, outbox, withdrawal
from guarantees.records.case import Case, DueBack, Withdrawal
from guarantees.records.product import Product
from guarantees.sums.due_back import due_back
from guarantees.tables.lifecycle import move
from guarantees.values.actor import SYSTEM, Actor
from signing.seal import SealBroken, SealContext, parse


def withdraw(session: Session, actor: Actor, now: datetime, case_id: str, reason: str = "") -> None:
    """Take the letter back; a second call changes nothing. `SubmissionClosed` from the deadline on.

    The lot is free for another application at once.
    """
    steps.require(actor, "letter.withdraw", now)
    case = _own(session, actor, case_id)
    if case.withdrawal is not None:
        return
    running.before_deadline(session, case.lot, now)
    _end(session, actor, now, case, reason.strip())
    casebook.save(session, case)
    outbox.put(session, outbox.Message("withhold", {"case": case.id}))
    steps.tell(session, "letter.withdrawn", case.institution)


def _end(session: Session, actor: Actor, now: datetime, case: Case, reason: str) -> None:
    if case.letter is None or case.guarantee is None:
        raise NotFound(noun="letter", id=case.id)
    case.state = move("application", case.state, "withdrawn", "letter.withdraw")
    case.letter.state = move("letter", case.letter.state, "withdrawn", "letter.withdraw")
    case.guarantee.state = move("guarantee", case.guarantee.state, "withdrawn", "letter.withdraw")
    made = Withdrawal(now, actor.person_id, reason, secrets.token_bytes(32), b"")
    made.leaf = log.pending(session, "withdrawal", withdrawal.digest(case, made), made.salt)
    case.withdrawal = made
    case.due_back.append(_due_back(session, case, now))
    automatic.free(session, case)
    steps.record(case, actor, now, "letter.withdrawn", reason)


def _due_back(session: Session, case: Case, now: datetime) -> DueBack:
    """By the version of the product that was applied for."""
    product = session.get(Product, case.product)
    percent = product.back_withdrawn if product else None
    return DueBack("withdrawn", percent, due_back(case.quote.premium, percent), now)


def to_withhold(session: Session, case_id: str, *, files: Files, vault: Vault) -> bytes | None:
    """Digest of the wrap that the timekeeper is to refuse for ever; None: nothing is left to do.

    A stored letter that does not open has no wrap that could be released either.
    """
    case = casebook.get(session, case_id)
    if case.withdrawal is None or case.withdrawal.withheld_at is not None:
        return None
    if case.intent is None or case.letter is None:
        return None
    held = files.get(f"sealed/{case.intent.id}")
    if held is None:
        return None
    try:
        envelope = parse(envelopes.inner(envelopes.unpack(case.intent.id, held, vault), vault))
    except SealBroken:
        return None
    context = SealContext(case.letter.eid, case.intent.number, case.lot, case.intent.opening)
    return envelope.release_request(context).digest


def withheld(session: Session, now: datetime, case_id: str) -> None:
    """The timekeeper has confirmed it; once."""
    case = casebook.get(session, case_id)
    if case.withdrawal is None or case.withdrawal.withheld_at is not None:
        return
    case.withdrawal.withheld_at = now
    steps.record(case, SYSTEM, now, "letter.withheld")
    casebook.save(session, case)


def _own(session: Session, actor: Actor, case_id: str) -> Case:
    case = casebook.get(session, case_id)
    if case.supplier != actor.organisation_id:
        raise NotFound(noun="case", id=case_id)
    return case
