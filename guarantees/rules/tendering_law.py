"""招标投标法实施条例 (TBR): construction by tender."""

from datetime import date, timedelta

from guarantees.errors import N_
from guarantees.rules.engine import Clause, Finding, Regime, Rule, Source
from guarantees.rules.facts import Facts
from guarantees.sums.deposit import check_bid_deposit

SOURCE = Source("中华人民共和国招标投标法实施条例", "国务院令第613号，2019年修订", "国务院")
EFFECTIVE = date(2012, 2, 1)


class BidDepositCeiling(Rule):
    """At most two per cent of the estimated price (art. 26, 1)."""

    clause = Clause(
        id="TBR-26/ceiling",
        title=N_("投标保证金不超过估算价的百分之二"),
        source=SOURCE,
        article="第二十六条第一款",
        quote="投标保证金不得超过招标项目估算价的2%",
        concern="notice",
        effective_from=EFFECTIVE,
        regime=Regime.TENDERING,
    )

    def examine(self, facts: Facts) -> Finding:
        lot = facts.lot
        if lot.deposit is not None and lot.deposit.fen == 0:
            return self.passes(N_("本项目不收投标保证金，不需要购买投标保函。"))
        # Notices often print a budget only; it is then the estimate there is, and the text says so.
        base = lot.budget if lot.estimate is None else lot.estimate
        if lot.deposit is None or base is None or base.fen <= 0:
            known = base if base is not None and base.fen > 0 else None
            return self.lacks({"lot.deposit": lot.deposit, "lot.estimate": known})
        check = check_bid_deposit(lot.deposit, base)
        figures = {
            "deposit": lot.deposit.yuan,
            "share": check.share,
            "ceiling": check.ceiling.yuan,
            "base": N_("预算（公告未写估算价）") if lot.estimate is None else N_("估算价"),
        }
        if check.within:
            return self.passes(
                N_(
                    "投标保证金 %(deposit)s 元，占%(base)s的 %(share)s，未超过上限 %(ceiling)s 元。"
                ),
                **figures,
            )
        return self.refuses(
            N_("投标保证金 %(deposit)s 元，占%(base)s的 %(share)s，超过了上限 %(ceiling)s 元。"),
            N_("请在投标截止十日前向招标人书面提出异议，要求更正招标文件。"),
            **figures,
        )


class BidGuaranteeValidity(Rule):
    """The deposit is valid as long as the bid (art. 26, 1), which counts from the deadline (25)."""

    clause = Clause(
        id="TBR-26/validity",
        title=N_("保函至少有效到投标有效期届满"),
        source=SOURCE,
        article="第二十六条第一款",
        quote="投标保证金有效期应当与投标有效期一致",
        concern="guarantee",
        effective_from=EFFECTIVE,
        regime=Regime.TENDERING,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        deadline = facts.project.submission_deadline
        days = facts.project.bid_validity_days
        expires = facts.guarantee.expires_on
        if deadline is None or days is None or expires is None:
            return self.lacks(
                {
                    "project.submission_deadline": deadline,
                    "project.bid_validity_days": days,
                    "guarantee.expires_on": expires,
                }
            )
        needed = deadline + timedelta(days=days)
        dates = {"expires": expires.isoformat(), "needed": needed.isoformat()}
        if expires < needed:
            return self.refuses(
                N_("保函 %(expires)s 到期，早于投标有效期届满日 %(needed)s，投标可能被判无效。"),
                N_("请把保函到期日改为 %(needed)s 或更晚。"),
                **dates,
            )
        return self.passes(
            N_("保函有效至 %(expires)s，覆盖到投标有效期届满日 %(needed)s。"), **dates
        )


class BasicAccount(Rule):
    """Where the notice demands it, money comes from the bidder's basic account (art. 26, 2)."""

    clause = Clause(
        id="TBR-26/basic-account",
        title=N_("公告要求时，款项从基本账户转出"),
        source=SOURCE,
        article="第二十六条第二款",
        quote="以现金或者支票形式提交的投标保证金应当从其基本账户转出",
        concern="payment",
        effective_from=EFFECTIVE,
        regime=Regime.TENDERING,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        demanded = facts.project.basic_account_demanded
        basic, payer = facts.applicant.basic_account, facts.payment.payer_account
        if demanded is False:
            return self.passes(N_("公告没有要求从基本账户付款，可以用任一对公账户缴纳保费。"))
        if demanded is None or not basic or not payer:
            return self.lacks(
                {
                    "project.basic_account_demanded": demanded,
                    "applicant.basic_account": basic or None,
                    "payment.payer_account": payer or None,
                }
            )
        if payer == basic:
            return self.passes(N_("保费从贵公司基本账户付出，符合公告要求。"))
        return self.refuses(
            N_("公告要求从基本账户付款，付款账户（尾号 %(tail)s）不是贵公司登记的基本账户。"),
            N_("请改用基本账户（尾号 %(basic)s）缴纳保费；基本账户有变更的，先更新登记信息。"),
            tail=payer[-4:],
            basic=basic[-4:],
        )
