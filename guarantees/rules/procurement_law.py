"""政府采购法实施条例 (GPR): bid deposits in procurement under the procurement law."""

from datetime import date

from guarantees.errors import N_
from guarantees.rules.engine import Clause, Finding, Regime, Rule, Source
from guarantees.rules.facts import Facts
from guarantees.sums.deposit import check_bid_deposit

SOURCE = Source("中华人民共和国政府采购法实施条例", "国务院令第658号", "国务院")
EFFECTIVE = date(2015, 3, 1)

_ASK = N_("请向采购人或代理机构书面询问，或在质疑期内提出质疑，要求更正采购文件。")


class BidDepositCeiling(Rule):
    """At most two per cent of the budget, in negotiations and inquiries too (art. 33, 1 and 3)."""

    clause = Clause(
        id="GPR-33/ceiling",
        title=N_("投标保证金不超过预算的百分之二"),
        source=SOURCE,
        article="第三十三条第一款",
        quote="投标保证金不得超过采购项目预算金额的2%",
        concern="notice",
        effective_from=EFFECTIVE,
        regime=Regime.PROCUREMENT,
    )

    def examine(self, facts: Facts) -> Finding:
        deposit, budget = facts.lot.deposit, facts.lot.budget
        if deposit is not None and deposit.fen == 0:
            return self.passes(N_("本项目不收投标保证金，不需要购买投标保函。"))
        if deposit is None or budget is None or budget.fen <= 0:
            known = budget if budget is not None and budget.fen > 0 else None
            return self.lacks({"lot.deposit": deposit, "lot.budget": known})
        check = check_bid_deposit(deposit, budget)
        figures = {
            "deposit": deposit.yuan,
            "share": check.share,
            "ceiling": check.ceiling.yuan,
        }
        if check.within:
            return self.passes(
                N_("投标保证金 %(deposit)s 元，占预算的 %(share)s，未超过上限 %(ceiling)s 元。"),
                **figures,
            )
        return self.refuses(
            N_("投标保证金 %(deposit)s 元，占预算的 %(share)s，超过了上限 %(ceiling)s 元。"),
            _ASK,
            **figures,
        )


class BidDepositForms(Rule):
    """Never in cash, and guarantees among the forms (art. 33, 1)."""

    clause = Clause(
        id="GPR-33/forms",
        title=N_("投标保证金以非现金形式提交，可以用保函"),
        source=SOURCE,
        article="第三十三条第一款",
        quote="应当以支票、汇票、本票或者金融机构、担保机构出具的保函等非现金形式提交",
        concern="notice",
        effective_from=EFFECTIVE,
        regime=Regime.PROCUREMENT,
    )

    def examine(self, facts: Facts) -> Finding:
        project = facts.project
        takes = project.takes_guarantees
        if takes is False:
            return self.refuses(
                N_("采购文件没有把保函列为保证金的提交形式，限制了供应商的选择。"), _ASK
            )
        if project.deposit_forms is not None and "cash" in project.deposit_forms:
            return self.advises(
                N_("采购文件允许交现金，但法规要求以非现金形式提交。"),
                N_("请用保函或其他非现金形式提交，不要交现金。"),
            )
        if takes is None:
            return self.lacks({"project.deposit_forms": None})
        return self.passes(N_("采购文件允许用保函提交投标保证金。"))
