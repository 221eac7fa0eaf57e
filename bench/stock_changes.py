"""What changes before an opening leave in the stock: a withdrawal, ends of lots, a legal hold."""

import os
from dataclasses import dataclass
from datetime import timedelta

from app.house import House
from bench.stock import Stock
from bench.stock_projects import Projects
from guarantees.flow.steps import envelopes
from guarantees.ports import Produced
from guarantees.records.case import Case, Event, Withdrawal
from guarantees.records.lot_end import LegalHold, LotEnd
from guarantees.values.ids import new_id
from signing.seal.envelope import BODY_STEP, HEAD_BYTES

INNER_BYTES = HEAD_BYTES + BODY_STEP + 16
"""Of a sealed letter of the smallest size."""


@dataclass(frozen=True)
class Changes:
    asked: LotEnd
    confirmed: LotEnd
    hold: LegalHold


def changes(stock: Stock, projects: Projects) -> Changes:
    """In the largest open project: one lot whose end is asked for, one that is ending, a hold."""
    planned = projects.open[0]
    asked = _end(stock, planned.lots[0].id, "asked")
    confirmed = _end(stock, planned.lots[1].id, "confirmed")
    confirmed.confirmed_by = stock.accounts["alan"].person
    confirmed.confirmed_at = stock.ago(hours=1)
    confirmed.effective_at = stock.now + timedelta(hours=71)
    hold = LegalHold(
        id=new_id(),
        project_id=planned.project.id,
        state="set",
        reason="法院调查令",
        set_by=stock.accounts["aud"].person,
        set_at=stock.ago(days=2),
    )
    stock.add(asked, confirmed, hold)
    return Changes(asked, confirmed, hold)


def _end(stock: Stock, lot: str, state: str) -> LotEnd:
    return LotEnd(
        id=new_id(),
        lot_id=lot,
        number=1,
        request=new_id(),
        kind="failed",
        reason="实质响应的供应商不足三家",
        state=state,
        asked_by=stock.accounts["olga"].person,
        asked_at=stock.ago(hours=2),
    )


def withdraw(stock: Stock, case: Case) -> None:
    """The sealed letter is taken back."""
    if case.letter is None or case.guarantee is None:
        raise ValueError("only a letter can be withdrawn")
    case.state = case.letter.state = case.guarantee.state = "withdrawn"
    at, random = stock.ago(hours=3), stock.rng.randbytes
    person = stock.accounts["anna"].person
    case.withdrawal = Withdrawal(at, person, "", random(32), random(32), at)
    case.events.append(Event(at, "letter.withdrawn", "演示单位 演示人员", person))


def file_copy(house: House, case: Case) -> None:
    """A sealed letter in the store, as an institution takes it home; nobody opens it."""
    intent, letter = case.intent, case.letter
    if intent is None or letter is None:
        raise ValueError("only a letter has a copy")
    made = Produced(
        inner=os.urandom(INNER_BYTES),
        eid=letter.eid,
        sha256=letter.sha256,
        size=letter.size,
        signed_at=letter.signed_at,
        certificate=letter.certificate,
    )
    house.files.put_once(
        f"sealed/{intent.id}", envelopes.pack(intent.id, made, house.sessions.vault)
    )
