"""Applications of the demonstration, brought to every state by the flows that people use."""

import secrets
from dataclasses import dataclass

from app.demo.offers import actor_of, organisation
from app.demo.stage import Stage
from guarantees.flow import apply, complete, pay, underwrite
from guarantees.flow.apply import CONSENT_ITEMS, ApplicationForm, Choice
from guarantees.records import casebook
from guarantees.records.case import Applicant, Case
from guarantees.values.actor import Actor

REASONS = {
    "back": "请补充近两年同类项目业绩说明。",
    "decline": "申请金额超出本机构对该类项目的承保范围。",
    "approve": "材料齐全，限额充足。",
}


@dataclass(frozen=True)
class Play:
    """Who applies where, for what, and how far it goes."""

    supplier: str
    """Key of the organisation."""
    institution: str
    product: str
    """Name of the product."""
    lot: str
    upto: str
    """A state of the application, "paid" (ordered, the letter is to come) or "unpaid" (the bank
    refuses the account)."""
    account: str = ""
    """To pay from; empty: the supplier's own."""
    members: tuple[Applicant, ...] = ()
    """Of a consortium (联合体), besides the supplier."""


def perform(stage: Stage, play: Play, products: dict[str, str]) -> str:
    """Id of the case, in the state that `play` asks for (paid cases get their letter by jobs)."""
    supplier = actor_of(stage, play.supplier, "clerk")
    case = _submit(stage, supplier, play, products)
    if play.upto == "submitted":
        return case
    if play.upto == "withdrawn":
        stage.write("withdraw", complete.withdraw, supplier, stage.house.now(), case)
        return case
    if get(stage, case).state == "submitted":
        _underwrite(stage, play, case)
    if play.upto in ("paid", "unpaid"):
        _order(stage, supplier, play, case)
    return case


def get(stage: Stage, case: str) -> Case:
    return stage.read(casebook.get, case)


def _submit(stage: Stage, supplier: Actor, play: Play, products: dict[str, str]) -> str:
    form = ApplicationForm(
        choices=(Choice(play.lot, products[play.product]),),
        members=play.members,
        consents=frozenset(CONSENT_ITEMS),
        contact=f"{supplier.name} 0351-0000000",
        payer_account=_account(play),
    )
    [case] = stage.write(
        "apply", apply.submit, supplier, stage.house.now(), form, secrets.token_hex(8)
    )
    return case


def _underwrite(stage: Stage, play: Play, case: str) -> None:
    """Maker and checker, as far as the play goes."""
    maker = actor_of(stage, play.institution, "maker")
    now = stage.house.now()
    if play.upto == "returned":
        stage.write("underwrite", underwrite.give_back, maker, now, case, REASONS["back"])
        return
    word = "decline" if play.upto == "declined" else "approve"
    stage.write("underwrite", underwrite.recommend, maker, now, case, word, REASONS[word])
    if play.upto == "in_review":
        return
    checker = actor_of(stage, play.institution, "checker")
    now = stage.house.now()
    stage.write("underwrite", underwrite.decide, checker, now, case, word, REASONS[word])


def _order(stage: Stage, supplier: Actor, play: Play, case: str) -> None:
    stage.write("order_payment", pay.order, supplier, stage.house.now(), case, _account(play))


def _account(play: Play) -> str:
    return play.account or organisation(play.supplier).account
