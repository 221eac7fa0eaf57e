"""衡阳市财政局 task table (HY): advice, never a refusal."""

from datetime import date

from guarantees.errors import N_
from guarantees.rules.engine import Clause, Finding, Rule, Source
from guarantees.rules.facts import Facts

SOURCE = Source(
    "2023年政府采购优化营商环境实施方案重点任务分解表",
    "2023年",
    "衡阳市财政局",
    "湖南省衡阳市",
    "衡阳",
)


class BidDepositWaived(Rule):
    """No bid deposit at all, so nothing need be bought (HY-5)."""

    clause = Clause(
        id="HY-5",
        title=N_("衡阳市免收投标保证金"),
        source=SOURCE,
        article="任务措施第5项",
        quote="免收投标保证金",
        concern="notice",
        effective_from=date(2023, 1, 1),
    )

    def examine(self, facts: Facts) -> Finding:
        deposit = facts.lot.deposit
        if deposit is None:
            return self.lacks({"lot.deposit": deposit})
        if deposit.fen == 0:
            return self.passes(N_("本项目不收投标保证金，不需要购买投标保函。"))
        return self.advises(
            N_("衡阳市提出免收投标保证金，而本项目仍要求 %(deposit)s 元。"),
            N_("请先向代理机构确认是否必须提交；确认前不必购买保函。"),
            deposit=deposit.yuan,
        )
