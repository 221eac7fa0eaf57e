"""The way to a paid application, through flows and jobs."""

from guarantees.flow import apply, pay
from guarantees.ports import BankNotice
from guarantees.records import casebook
from guarantees.records.case import Case
from tests.world import World

ACCOUNT = "6222000012345678"


def get(world: World, case: str) -> Case:
    return world.read(casebook.get, case)


def applied(world: World, who: str = "supplier") -> str:
    [case] = world.run("apply", apply.submit, world.as_(who), world.now, world.form(), "k")
    return case


def ordered(world: World, who: str = "supplier") -> str:
    case = applied(world, who)
    world.run("order_payment", pay.order, world.as_(who), world.now, case, ACCOUNT)
    return case


def paid(world: World, who: str = "supplier") -> str:
    """Answers the case; its letter waits in the outbox."""
    case = ordered(world, who)
    payment = get(world, case).payment()
    assert payment is not None
    notice = BankNotice(
        bank_reference=f"SB{payment.reference}",
        reference=payment.reference,
        outcome="paid",
        amount=payment.amount,
        payer_account=payment.payer_account,
        reason="",
        at=world.now,
    )
    assert world.run("payment_notice", pay.receive, notice, world.now) == "settled"
    return case
