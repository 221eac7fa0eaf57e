from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from guarantees.rules import decree_802, shanxi
from guarantees.rules.book import BID
from guarantees.rules.engine import (
    EmptyRulebook,
    Finding,
    OverlappingEditions,
    Regime,
    Result,
    Rulebook,
    regime_of,
)
from guarantees.rules.facts import Facts, ProjectFacts

NOW = date(2026, 3, 12)
Make = Callable[..., Facts]


def _found(facts: Facts, rule: str, on: date = NOW) -> Finding:
    (finding,) = (one for one in BID.judge(facts, on).findings if one.rule_id == rule)
    return finding


def _ids(facts: Facts, on: date = NOW) -> set[str]:
    return {finding.rule_id for finding in BID.judge(facts, on).findings}


def test_an_empty_rulebook_fails() -> None:
    with pytest.raises(EmptyRulebook):
        Rulebook(())


def test_a_rulebook_without_a_rule_for_the_day_or_the_place_fails(make_facts: Make) -> None:
    with pytest.raises(EmptyRulebook):
        BID.judge(make_facts(), date(1999, 1, 1))
    shanxi_only = Rulebook((shanxi.NotRefusedForAnyReason(),))
    with pytest.raises(EmptyRulebook):
        shanxi_only.judge(make_facts(project__region="广东省广州市"), NOW)


@pytest.mark.parametrize(
    ("on", "document", "article"),
    [
        (date(2025, 5, 31), "国务院令第728号", "第十二条第二款"),
        (date(2025, 6, 1), "国务院令第802号", "第十三条第二款"),
    ],
)
def test_the_edition_in_force_on_the_day_decides(
    make_facts: Make, on: date, document: str, article: str
) -> None:
    finding = _found(make_facts(), "D802-13/acceptance", on)
    assert finding.source.document == document
    assert finding.citation == f"《保障中小企业款项支付条例》（{document}）{article}"


def test_before_both_editions_neither_is_judged(make_facts: Make) -> None:
    assert "D802-13/acceptance" not in _ids(make_facts(), date(2020, 8, 31))
    assert "D802-13/acceptance" in _ids(make_facts(), date(2020, 9, 1))


def test_editions_that_overlap_are_refused() -> None:
    class Overlapping(decree_802.GuaranteeOfSmeAccepted):
        clause = replace(decree_802.GuaranteeOfSmeAccepted.clause, effective_from=date(2025, 5, 31))

    with pytest.raises(OverlappingEditions, match="D802-13/acceptance"):
        Rulebook((Overlapping(), decree_802.GuaranteeOfSmeAcceptedFormerly()))


def test_of_conflicting_clauses_the_stricter_holds_and_both_name_it(make_facts: Make) -> None:
    facts = make_facts(project__guarantee_accepted=False)
    milder, stricter = _found(facts, "SX-2.2"), _found(facts, "SX-4.2a")
    assert (milder.result, stricter.result) == (Result.ADVISE, Result.REFUSE)
    assert milder.conflicts == stricter.conflicts == (shanxi.REFUSAL_CONFLICT,)
    assert BID.judge(facts, NOW).result is Result.REFUSE
    assert "原则上不得拒收" in shanxi.REFUSAL_CONFLICT.note


def test_a_conflict_is_named_only_where_both_clauses_were_judged(make_facts: Make) -> None:
    one_only = Rulebook((shanxi.NotRefusedInPrinciple(),), (shanxi.REFUSAL_CONFLICT,))
    (finding,) = one_only.judge(make_facts(), NOW).findings
    assert finding.conflicts == ()


@pytest.mark.parametrize(
    ("category", "method", "tied", "regime"),
    [
        ("works", "公开招标", None, Regime.TENDERING),
        ("works", "邀请招标", None, Regime.TENDERING),
        ("works", "竞争性磋商", None, Regime.PROCUREMENT),
        ("works", None, None, None),
        ("goods", "公开招标", None, Regime.PROCUREMENT),
        ("goods", None, None, Regime.PROCUREMENT),
        ("goods", "公开招标", True, Regime.TENDERING),
        ("services", "竞争性磋商", True, Regime.PROCUREMENT),
        (None, "公开招标", None, None),
        (None, "公开招标", True, Regime.TENDERING),
        (None, "竞争性谈判", None, Regime.PROCUREMENT),
        (None, None, None, None),
    ],
)
def test_the_regime_follows_type_and_method(
    category: str | None, method: str | None, tied: bool | None, regime: Regime | None
) -> None:
    project = ProjectFacts(category=category, method=method, construction_related=tied)  # type: ignore[arg-type]
    assert regime_of(project) is regime


def test_each_regime_has_its_own_ceiling(make_facts: Make) -> None:
    goods, works = _ids(make_facts()), _ids(make_facts(project__category="works"))
    assert "GPR-33/ceiling" in goods - works
    assert "TBR-26/ceiling" in works - goods


def test_an_unknown_regime_leaves_both_ceilings_open(make_facts: Make) -> None:
    facts = make_facts(project__category=None)
    for rule in ("GPR-33/ceiling", "TBR-26/ceiling"):
        finding = _found(facts, rule)
        assert finding.result is Result.UNDETERMINED
        assert finding.missing == ("project.category",)


def test_a_clause_reaches_no_further_than_its_region(make_facts: Make) -> None:
    elsewhere = _ids(make_facts(project__region="广东省广州市"))
    assert not elsewhere & {"SX-2.2", "SX-4.2a", "HY-5"}
    assert "HY-5" in _ids(make_facts(project__region="湖南省衡阳市"))


def test_what_the_platform_holds_to_everywhere_is_marked_as_its_own_rule(make_facts: Make) -> None:
    here = _found(make_facts(), "SX-3.2/issuer")
    elsewhere = _found(make_facts(project__region="广东省广州市"), "SX-3.2/issuer")
    unknown = _found(make_facts(project__region=None), "SX-3.2/issuer")
    assert (here.basis, elsewhere.basis, unknown.basis) == ("law", "platform", "platform")
    assert here.result is elsewhere.result is unknown.result is Result.PASS


def test_whose_matter_a_refusal_is(make_facts: Make) -> None:
    notice = BID.judge(make_facts(project__guarantee_accepted=False), NOW)
    assert notice.refuses("notice")
    assert not notice.refuses("issuer", "applicant", "payment", "guarantee")
    issuer = BID.judge(make_facts(issuer__accepted=False), NOW)
    assert issuer.refuses("issuer")
    assert not issuer.refuses("notice")
    assert [one.rule_id for one in issuer.with_result(Result.REFUSE)] == ["SX-3.2/issuer"]


def test_the_strictest_finding_is_the_result(make_facts: Make) -> None:
    unwarned = make_facts(applicant__warned_of_fakes=False)
    unknown = make_facts(applicant__warned_of_fakes=False, applicant__sme=None, lot__budget=None)
    refused = make_facts(lot__budget=None, issuer__accepted=False)
    results = [BID.judge(facts, NOW).result for facts in (unwarned, unknown, refused)]
    assert results == [Result.ADVISE, Result.UNDETERMINED, Result.REFUSE]


def test_judging_again_gives_the_same(make_facts: Make) -> None:
    facts = make_facts(lot__deposit=None, project__region=None)
    first, second = BID.judge(facts, NOW), BID.judge(facts, NOW)
    assert first == second
    assert [one.to_dict() for one in first.findings] == [one.to_dict() for one in second.findings]


def test_a_finding_as_json(make_facts: Make) -> None:
    finding = _found(make_facts(lot__budget=None), "GPR-33/ceiling").to_dict()
    assert finding["result"] == "undetermined"
    assert finding["missing"] == ["lot.budget"]
    assert finding["quote"] == "投标保证金不得超过采购项目预算金额的2%"
    assert finding["message"] == "缺少预算金额，暂时无法判断是否符合。"
