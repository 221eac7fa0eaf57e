"""What each kind and form of guarantee must state, may state and may not."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from guarantees.errors import GuaranteeError
from guarantees.values import terms_kinds, terms_parts
from guarantees.values.money import LARGEST_FEN, Money
from guarantees.values.terms_parts import Advance, Contract, Market, Reduction, Warranty
from guarantees.values.text import TextMissing, TextTooLong
from tests.guarantees.form_samples import CONTRACT, KINDS_AND_FORMS, POLICY, form_terms

MARKET = Market(name="电子卖场", operator="某公司", registration=None)
OPENING = datetime(2026, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "form"), KINDS_AND_FORMS)
def test_only_what_needs_it_is_written_in_the_second_schema(kind: str, form: str) -> None:
    plain = json.loads(form_terms(kind, form).canonical())
    first = kind == "bid" and form != "policy"
    assert plain["schema"] == f"baohan/terms/v{1 if first else 2}"
    assert ("contract" in plain) is not first
    assert json.loads(form_terms(kind, form, clauses=("另行约定。",)).canonical())["clauses"] == [
        "另行约定。"
    ]


@pytest.mark.parametrize(
    ("kind", "form", "changes", "error", "said"),
    [
        ("bid", "independent", {"opening_time": None}, terms_kinds.PartMissing, "开标时间"),
        ("bid", "independent", {"lot_name": None}, terms_kinds.PartMissing, "标段名称"),
        ("bid", "independent", {"contract": CONTRACT}, terms_kinds.PartForeign, "基础合同"),
        ("performance", "accessory", {"contract": None}, terms_kinds.PartMissing, "基础合同"),
        ("performance", "accessory", {"opening_time": OPENING}, terms_kinds.PartForeign, "开标"),
        ("performance", "accessory", {"lot_name": None}, terms_kinds.LotIncomplete, "标段"),
        ("performance", "policy", {"bid_validity_days": 9}, terms_kinds.BidDaysForeign, "9"),
        ("quality", "independent", {"warranty": None}, terms_kinds.PartMissing, "质量期"),
        ("quality", "independent", {"market": MARKET}, terms_kinds.PartForeign, "交易市场"),
        ("advance_payment", "policy", {"advance": None}, terms_kinds.PartMissing, "预付款"),
        (
            "advance_payment",
            "independent",
            {"amount": Money(128_400_001)},
            terms_kinds.AdvanceExceeded,
            "1,284,000.00",
        ),
        ("market_entry", "policy", {"market": None}, terms_kinds.PartMissing, "交易市场"),
        ("market_entry", "policy", {"project_name": "某项目"}, terms_kinds.PartForeign, "项目名称"),
        ("market_entry", "policy", {"project_number": "1"}, terms_kinds.PartForeign, "项目编号"),
        ("bid", "policy", {"policy": None}, terms_kinds.PolicyMismatch, "保单"),
        ("bid", "policy", {"issuer_type": "bank"}, terms_kinds.PolicyMismatch, "保险公司"),
        ("bid", "independent", {"policy": POLICY}, terms_kinds.PolicyMismatch, "保单"),
        ("bid", "independent", {"clauses": ("甲",) * 7}, terms_kinds.TooManyLines, "附加条款"),
        ("bid", "independent", {"clauses": ("甲" * 301,)}, TextTooLong, "附加条款"),
        ("bid", "independent", {"expiry_event": ""}, TextMissing, "到期事件"),
    ],
)
def test_what_does_not_go_together(
    kind: str, form: str, changes: dict[str, Any], error: type[GuaranteeError], said: str
) -> None:
    with pytest.raises(error, match=said):
        form_terms(kind, form, **changes)


def step(fen: int, on: date | None = None, event: str | None = "签发付款证书") -> Reduction:
    return Reduction(on=on, event=event, remaining=Money(fen))


@pytest.mark.parametrize(
    "steps",
    [
        (step(7_000_000),),
        (step(5_000_000), step(5_000_000)),
        (step(5_000_000, date(2026, 5, 1)), step(4_000_000, date(2026, 5, 1))),
        (step(5_000_000, date(2026, 3, 11)),),
        (step(5_000_000, date(2026, 7, 16)),),
    ],
)
def test_a_schedule_falls_and_goes_forward(steps: tuple[Reduction, ...]) -> None:
    with pytest.raises(terms_kinds.ReductionsDisorder):
        form_terms("performance", "independent", reductions=steps)


def test_a_schedule_may_mix_days_and_events_and_end_at_nothing() -> None:
    steps = (step(5_000_000, date(2026, 4, 1)), step(1), step(0, date(2026, 7, 15), None))
    terms = form_terms("performance", "independent", reductions=steps)
    assert type(terms).from_canonical(terms.canonical()).reductions == steps
    with pytest.raises(terms_kinds.TooManyLines):
        form_terms("performance", "independent", reductions=tuple(step(100 - n) for n in range(13)))


@pytest.mark.parametrize(
    ("part", "changes", "error"),
    [
        (CONTRACT, {"name": ""}, TextMissing),
        (CONTRACT, {"number": " "}, TextMissing),
        (CONTRACT, {"price": Money(0)}, terms_parts.PartAmount),
        (Warranty(months=1, begins="自验收之日起"), {"months": 0}, terms_parts.PartMonths),
        (Warranty(months=1, begins="自验收之日起"), {"months": True}, terms_parts.PartMonths),
        (
            Advance(amount=Money(1), worked_off="逐期"),
            {"amount": Money(-1)},
            terms_parts.PartAmount,
        ),
        (MARKET, {"operator": ""}, TextMissing),
        (POLICY, {"surrender": ""}, TextMissing),
        (POLICY, {"premium": Money(LARGEST_FEN + 1)}, terms_parts.PartAmount),
        (step(1), {"event": None}, terms_parts.ReductionWithoutCause),
        (step(1), {"remaining": Money(-1)}, terms_parts.PartAmount),
    ],
)
def test_a_part_checks_itself(
    part: Any, changes: dict[str, Any], error: type[GuaranteeError]
) -> None:
    with pytest.raises(error) as caught:
        replace(part, **changes)
    assert str(caught.value)


def test_a_contract_may_have_no_number_yet() -> None:
    contract = Contract(name="采购合同", number=None, signed_on=None, price=None)
    terms = form_terms("performance", "accessory", contract=contract)
    assert type(terms).from_canonical(terms.canonical()) == terms
