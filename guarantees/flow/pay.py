"""The premium: ordered by the supplier, settled by the bank's notice, booked in balance.

Money goes from the supplier's to the institution's account; the platform never holds it.
"""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, Duplicate, InvalidInput, NotFound, TooLate
from guarantees.flow import steps
from guarantees.flow.steps import running
from guarantees.ports import BankNotice, PremiumOrder
from guarantees.records import casebook, codec, outbox, slots
from guarantees.records.case import Case, Payment, Posting
from guarantees.records.project import ProjectVersion
from guarantees.records.sealed import PaymentNotice
from guarantees.tables.lifecycle import NEW, may, move
from guarantees.values.actor import SYSTEM, Actor
from guarantees.values.codes import parse_bank_account
from guarantees.values.ids import new_id

NOTICE = "payment_notice"
"""Purpose of tag and blob."""
NOTICE_SIZE = (4 * 1024,)


class NoticeDiffers(Duplicate):
    """The bank signed two different notices under one reference of its own."""

    code = "notice_differs"
    text = N_("银行的这个流水号已用于内容不同的到账通知，本通知没有受理。请银行核对后另发通知。")


def order(session: Session, actor: Actor, now: datetime, case_id: str, payer_account: str) -> str:
    """Ask the bank to collect the premium; answers the reference of the payment.

    A payment that is still under way is not ordered twice: its reference is the answer.
    """
    steps.require(actor, "payment.order", now)
    case = casebook.get(session, case_id)
    if case.supplier != actor.organisation_id:
        raise NotFound(noun="case", id=case_id)
    current = case.payment()
    if current is not None and current.state in ("ordered", "settled"):
        return current.reference
    move("application", case.state, "issuing", "payment.settle")  # payable in this state
    _check_payable(session, case, now)
    account = _payer(session, case, actor, payer_account)
    payment = Payment(
        reference=f"BF{secrets.token_hex(12).upper()}",
        state=move("payment", NEW, "ordered", "payment.order"),
        amount=case.quote.premium,
        payer_account=account,
        payee_account=steps.organisation(session, case.institution).account,
        ordered_at=now,
    )
    case.payments.append(payment)
    slots.append(session, "payment", (payment.reference,), case.id)
    steps.record(case, actor, now, "payment.ordered")
    casebook.save(session, case)
    outbox.put(session, outbox.Message("order_payment", {"case": case.id}))
    return payment.reference


def order_for_bank(session: Session, case_id: str) -> PremiumOrder | None:
    """What the job sends to the bank; None if the payment is no longer open, or not wanted."""
    case = casebook.get(session, case_id)
    payment = case.payment()
    if payment is None or payment.state != "ordered" or not _payable(session, case):
        return None
    return PremiumOrder(
        reference=payment.reference,
        amount=payment.amount,
        payer_account=payment.payer_account,
        payee_account=payment.payee_account,
    )


def receive(session: Session, notice: BankNotice, now: datetime) -> str:
    """Take the bank's notice; the same notice again changes nothing.

    Answers "settled", "failed", "mismatched", "again" (another debit, or another word, for a
    payment that has its result), "repeated" or "unknown". `NoticeDiffers` if the bank's reference
    stood on a notice that said something else: nothing is written then.
    """
    if _known(session, notice):
        return "repeated"
    case_id = slots.at(session, "payment", (notice.reference,), 0)
    if case_id is None:
        return "unknown"
    case = casebook.get(session, case_id)
    payment = next(one for one in case.payments if one.reference == notice.reference)
    if payment.state == "ordered":
        _apply(session, case, payment, notice, now)
        casebook.save(session, case)
        return payment.state
    problem = _another(payment, notice)
    if not problem:
        return "repeated"
    steps.record(case, SYSTEM, now, "payment.again", problem)
    steps.tell(session, "payment.failed", case.supplier)
    casebook.save(session, case)
    return "again"


def _known(session: Session, notice: BankNotice) -> bool:
    """Whether the notice was taken before; else it is kept from now on."""
    vault = session.info["vault"]
    tag = vault.tag(NOTICE, notice.bank_reference)
    held = session.get(PaymentNotice, tag)
    if held is None:
        blob = vault.seal(NOTICE, codec.to_bytes(notice), tag, NOTICE_SIZE)
        session.add(PaymentNotice(id=tag, blob=blob))
        session.flush()
        return False
    first: BankNotice = codec.from_bytes(BankNotice, vault.open(NOTICE, held.blob, tag))
    if first != replace(notice, at=first.at):  # each repetition may carry its own moment
        raise NoticeDiffers(noun="payment notice")
    return True


def _another(payment: Payment, notice: BankNotice) -> str:
    """What a second notice under another bank reference means; empty: nothing new."""
    if notice.outcome == "paid":
        text = "银行对同一笔缴费又扣款 %s 元，这笔款项未动用，应由机构原路退回。"
        return text % notice.amount
    if payment.state == "settled":
        return "银行此后又通知这笔缴费没有成功，请机构与银行核对。"
    return ""


def _apply(
    session: Session, case: Case, payment: Payment, notice: BankNotice, now: datetime
) -> None:
    payment.bank_reference, payment.received = notice.bank_reference, notice.amount
    problem = _problem(session, case, payment, notice)
    if problem:
        outcome = "failed" if notice.outcome == "failed" else "mismatched"
        payment.state = move("payment", payment.state, outcome, "payment.settle")
        payment.problem = problem
        steps.record(case, SYSTEM, now, f"payment.{outcome}", problem)
        steps.tell(session, "payment.failed", case.supplier)
        return
    payment.state = move("payment", payment.state, "settled", "payment.settle")
    payment.settled_at = now
    case.state = move("application", case.state, "issuing", "payment.settle")
    case.postings += premium_entry(case, payment, now)
    steps.record(case, SYSTEM, now, "payment.settled")
    outbox.put(session, outbox.Message("issue", {"case": case.id}))
    steps.tell(session, "payment.settled", case.supplier)


def premium_entry(case: Case, payment: Payment, now: datetime) -> list[Posting]:
    """A balanced entry: what the supplier paid is what the institution earned."""
    entry = new_id()
    lines = (
        (f"supplier:{case.supplier}:premiums", payment.amount.fen),
        (f"institution:{case.institution}:premiums", -payment.amount.fen),
    )
    return [
        Posting(entry, account, fen, cause="premium", clause="SX-3.4", booked_at=now)
        for account, fen in lines
    ]


def _payable(session: Session, case: Case) -> bool:
    awaited = may("application", case.state, "payment.settle")
    return awaited and not running.ended(session, case.lot)


def _problem(session: Session, case: Case, payment: Payment, notice: BankNotice) -> str:
    if notice.outcome != "paid":
        return notice.reason or N_("银行未能扣款。")
    if not _payable(session, case):
        return N_("扣款到账前申请已经结束，不再出函，款项未动用，应由机构原路退回。")
    if notice.amount != payment.amount:
        return N_("到账金额与应付保费不同，款项未动用，请联系银行退回后重新支付。")
    if notice.payer_account != payment.payer_account:
        return N_("付款账户与登记的账户不同，款项未动用，请从登记的账户重新支付。")
    return ""


def _check_payable(session: Session, case: Case, now: datetime) -> None:
    """The notice in force decides: a correction may have moved the deadline since the quote."""
    running.taking_bids(session, case.lot, now)
    running.openable(session, case.project, now)
    if now >= case.quote.valid_until:
        raise TooLate(noun="quote", id=case.id)


def _payer(session: Session, case: Case, actor: Actor, given: str) -> str:
    """The account to pay from; the basic account where the notice demands it."""
    account = parse_bank_account(given)
    supplier = steps.organisation(session, actor.organisation_id)
    project = steps.lot(session, case.lot).project
    version: ProjectVersion = steps.current_version(session, project)
    if version.basic_account_demanded and account != supplier.account:
        raise InvalidInput(
            {"payer_account": N_("采购文件要求从基本账户支付，请使用贵单位登记的基本账户。")}
        )
    return account
