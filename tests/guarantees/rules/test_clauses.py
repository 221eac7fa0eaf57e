"""Every rule, on both outcomes and on what it can't know; and that none lacks such a test."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from guarantees.rules.book import BID
from guarantees.rules.engine import Result, Rule
from guarantees.rules.facts import NAMES, Facts
from guarantees.values.money import Money

NOW = date(2026, 3, 12)
THEN = date(2024, 3, 12)
"""While Decree 728 was in force."""

WORKS = {"project__category": "works"}
HENGYANG = {"project__region": "湖南省衡阳市"}
NO_GUARANTEE = {"project__guarantee_accepted": False}
SILENT = {"project__guarantee_accepted": None, "project__deposit_forms": None}


def _only(*forms: str) -> dict[str, Any]:
    """The notice lists these forms and says no more."""
    return {**SILENT, "project__deposit_forms": frozenset(forms)}


PASS, ADVISE, REFUSE, UNKNOWN = (
    Result.PASS,
    Result.ADVISE,
    Result.REFUSE,
    Result.UNDETERMINED,
)

Outcome = tuple[Result, dict[str, Any], str]
"""Expected result, changes to an application without a fault, and part of the message (where
undetermined: the only missing fact)."""

OUTCOMES: dict[str, tuple[Outcome, ...]] = {
    "GPR-33/ceiling": (
        (PASS, {}, "占预算的 1.81%，未超过上限 77,200.00 元"),
        (PASS, {"lot__deposit": Money.parse("77,200.00")}, "未超过"),
        (REFUSE, {"lot__deposit": Money.parse("77,200.01")}, "超过了上限"),
        (
            REFUSE,
            {**WORKS, "project__method": "竞争性谈判", "lot__deposit": Money.parse("8万元")},
            "2.07%",
        ),
        (PASS, {"lot__deposit": Money(0), "lot__budget": None}, "不收"),
        (UNKNOWN, {"lot__budget": None}, "lot.budget"),
        (UNKNOWN, {"lot__budget": Money(0)}, "lot.budget"),
        (UNKNOWN, {"lot__deposit": None}, "lot.deposit"),
        (UNKNOWN, {"project__category": None}, "project.category"),
    ),
    "GPR-33/forms": (
        (PASS, {}, "允许用保函"),
        (REFUSE, NO_GUARANTEE, "没有把保函列为"),
        (REFUSE, _only("transfer"), "限制"),
        (REFUSE, _only("cash"), "限制"),
        (ADVISE, _only("cash", "guarantee"), "允许交现金"),
        (UNKNOWN, SILENT, "project.deposit_forms"),
    ),
    "TBR-26/ceiling": (
        (PASS, WORKS, "占估算价的 1.84%，未超过上限 76,000.00 元"),
        (REFUSE, {**WORKS, "lot__deposit": Money.parse("76,000.01")}, "超过了上限"),
        (PASS, {**WORKS, "lot__estimate": None}, "预算（公告未写估算价）"),
        (PASS, {**WORKS, "lot__deposit": Money(0)}, "不收"),
        (UNKNOWN, {**WORKS, "lot__estimate": None, "lot__budget": None}, "lot.estimate"),
        (UNKNOWN, {**WORKS, "lot__deposit": None}, "lot.deposit"),
        (UNKNOWN, {**WORKS, "project__method": None}, "project.method"),
    ),
    "TBR-26/validity": (
        (PASS, WORKS, "2026-06-15"),
        (PASS, {"guarantee__expires_on": date(2026, 9, 1)}, "2026-09-01"),
        (REFUSE, {"guarantee__expires_on": date(2026, 6, 14)}, "2026-06-14"),
        (UNKNOWN, {"project__bid_validity_days": None}, "project.bid_validity_days"),
    ),
    "TBR-26/basic-account": (
        (PASS, {}, "基本账户付出"),
        (
            PASS,
            {"project__basic_account_demanded": False, "payment__payer_account": None},
            "没有要求",
        ),
        (REFUSE, {"payment__payer_account": "6228480099990000"}, "尾号 0000"),
        (UNKNOWN, {"payment__payer_account": None}, "payment.payer_account"),
        (UNKNOWN, {"applicant__basic_account": ""}, "applicant.basic_account"),
    ),
    "D802-13/acceptance": (
        (PASS, {}, "接受保函"),
        (REFUSE, NO_GUARANTEE, "采购人应当接受"),
        (REFUSE, {**NO_GUARANTEE, "issuer__kind": "insurer"}, "应当接受"),
        (PASS, {**NO_GUARANTEE, "project__procurer_kind": "other"}, "采购人不是"),
        (PASS, {**NO_GUARANTEE, "applicant__sme": False}, "不是中小企业"),
        (PASS, {**NO_GUARANTEE, "issuer__kind": "guarantee_company"}, "担保公司"),
        (UNKNOWN, {**NO_GUARANTEE, "project__procurer_kind": None}, "project.procurer_kind"),
        (UNKNOWN, {**NO_GUARANTEE, "applicant__sme": None}, "applicant.sme"),
        (UNKNOWN, {**NO_GUARANTEE, "issuer__kind": None}, "issuer.kind"),
        (UNKNOWN, SILENT, "project.guarantee_accepted"),
    ),
    "D802-13/cash": (
        (PASS, {}, "可以用保函"),
        (REFUSE, _only("cash"), "只收现金"),
        (REFUSE, _only("transfer"), "只收现金"),
        (PASS, _only("transfer", "draft"), "现金以外"),
        (PASS, {**NO_GUARANTEE, "project__procurer_kind": "other"}, "不适用"),
        (UNKNOWN, SILENT, "project.deposit_forms"),
    ),
    "SPC-IG-1": (
        (PASS, {}, "见索即付"),
        (PASS, {"issuer__kind": "insurer"}, "独立保函"),
        (PASS, {"issuer__kind": "guarantee_company", "guarantee__form": "accessory"}, "从属"),
        (REFUSE, {"issuer__kind": "guarantee_company"}, "担保公司不能"),
        (UNKNOWN, {"issuer__kind": None}, "issuer.kind"),
    ),
    "SPC-IG-3": (
        (PASS, {}, "2 项索赔单据和最高金额 70,000.00 元"),
        (PASS, {"guarantee__form": "accessory", "guarantee__documents": ()}, "从属"),
        (REFUSE, {"guarantee__documents": ()}, "没有写明"),
        (REFUSE, {"guarantee__amount": Money(0)}, "没有写明"),
        (UNKNOWN, {"guarantee__documents": None}, "guarantee.documents"),
    ),
    "SX-2.2": (
        (PASS, {}, "接受电子保函"),
        (ADVISE, NO_GUARANTEE, "原则上"),
        (UNKNOWN, SILENT, "project.guarantee_accepted"),
    ),
    "SX-4.2a": (
        (PASS, {}, "写明"),
        (REFUSE, NO_GUARANTEE, "任何理由"),
        (UNKNOWN, SILENT, "project.guarantee_accepted"),
        (UNKNOWN, {"project__region": None}, "project.region"),
    ),
    "SX-2.3/designation": (
        (PASS, {}, "没有指定"),
        (
            REFUSE,
            {"project__designated_issuers": ("北岳银行", "晋河农商行")},
            "北岳银行、晋河农商行",
        ),
        (UNKNOWN, {"project__designated_issuers": None}, "project.designated_issuers"),
    ),
    "SX-2.3/choice": (
        (PASS, {}, "自行比较"),
        (REFUSE, {"applicant__chose_issuer": False}, "不是供应商自己"),
        (UNKNOWN, {"applicant__chose_issuer": None}, "applicant.chose_issuer"),
    ),
    "SX-3.2/issuer": (
        (PASS, {}, "已通过验收"),
        (PASS, {"issuer__kind": "guarantee_company"}, "已通过验收"),
        (REFUSE, {"issuer__accepted": False, "issuer__online": None}, "尚未通过验收"),
        (REFUSE, {"issuer__online": False}, "线上"),
        (UNKNOWN, {"issuer__accepted": None}, "issuer.accepted"),
    ),
    "SX-3.2/applicant": (
        (PASS, {}, "注册供应商"),
        (REFUSE, {"applicant__registered": False}, "还没有经平台确认"),
        (UNKNOWN, {"applicant__registered": None}, "applicant.registered"),
    ),
    "SX-3.3": (
        (PASS, {}, "70,000.00"),
        (REFUSE, {"guarantee__amount": Money.parse("69,999.99")}, "少于"),
        (ADVISE, {"guarantee__amount": Money.parse("70,000.01")}, "多于"),
        (UNKNOWN, {"lot__deposit": None}, "lot.deposit"),
    ),
    "SX-4.3/consent": (
        (PASS, {}, "逐项授权"),
        (REFUSE, {"applicant__data_consent": False}, "还没有授权"),
        (UNKNOWN, {"applicant__data_consent": None}, "applicant.data_consent"),
    ),
    "SX-4.3/honesty": (
        (PASS, {}, "已确认"),
        (ADVISE, {"applicant__warned_of_fakes": False}, "失信名单"),
        (UNKNOWN, {"applicant__warned_of_fakes": None}, "applicant.warned_of_fakes"),
    ),
    "HY-5": (
        (PASS, {**HENGYANG, "lot__deposit": Money(0)}, "不需要购买"),
        (ADVISE, HENGYANG, "免收投标保证金，而本项目仍要求 70,000.00 元"),
        (ADVISE, {"project__region": "衡阳市石鼓区"}, "70,000.00"),
        (UNKNOWN, {**HENGYANG, "lot__deposit": None}, "lot.deposit"),
    ),
}


CASES = [
    pytest.param(rule.clause.id, day, outcome, id=f"{rule.clause.id}-{day.year}-{outcome[0]}")
    for rule in BID.rules
    for day in (NOW, THEN)
    for outcome in OUTCOMES.get(rule.clause.id, ())
    if rule.clause.in_force(day)
]


@pytest.mark.parametrize(("rule", "on", "outcome"), CASES)
def test_outcome(rule: str, on: date, outcome: Outcome, make_facts: Callable[..., Facts]) -> None:
    result, changes, says = outcome
    (finding,) = (
        one for one in BID.judge(make_facts(**changes), on).findings if one.rule_id == rule
    )
    assert finding.result is result, finding.message
    if result is UNKNOWN:
        assert finding.missing == (says,)
        assert NAMES[says] in finding.message
        assert NAMES[says] in finding.advice
    else:
        assert says in finding.message
        assert finding.missing == ()
        assert bool(finding.advice) == (result is not PASS)


def test_an_application_without_a_fault_passes_everything(make_facts: Callable[..., Facts]) -> None:
    judgement = BID.judge(make_facts(), NOW)
    assert judgement.result is PASS
    assert len(judgement.findings) == len(BID.in_force(NOW)) - 2  # neither works nor Hengyang


def test_knowing_nothing_no_rule_passes(nothing: Facts) -> None:
    judgement = BID.judge(nothing, NOW)
    assert {finding.result for finding in judgement.findings} == {UNKNOWN}
    assert len(judgement.findings) == len(BID.in_force(NOW))
    assert set(judgement.missing) <= NAMES.keys()


@pytest.mark.parametrize("rule", BID.rules, ids=lambda rule: type(rule).__name__)
def test_every_rule_says_where_it_is_from(rule: Rule) -> None:
    clause = rule.clause
    assert clause.source.title in clause.citation
    assert clause.article in clause.citation
    assert clause.source.document
    assert clause.source.publisher
    assert 4 <= len(clause.quote) <= 60, "a short quote"
    assert clause.title
    assert type(rule).__doc__
    assert type(rule).examine.__doc__ is None, "the class says it"


@pytest.mark.parametrize("rule", BID.rules, ids=lambda rule: type(rule).__name__)
def test_every_rule_is_tested_on_every_outcome(rule: Rule) -> None:
    tested = {result for result, _, _ in OUTCOMES[rule.clause.id]}
    assert PASS in tested
    assert UNKNOWN in tested
    assert tested & {ADVISE, REFUSE}
    assert any(rule.clause.in_force(day) for day in (NOW, THEN)), "its edition is judged"
