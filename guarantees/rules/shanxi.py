"""山西省财政厅 notice on e-guarantees (SX, 2025-09-14).

What it asks of suppliers and institutions the platform holds to everywhere, as its own rule; what
it asks of procurers holds in Shanxi.
"""

from datetime import date

from guarantees.errors import N_
from guarantees.rules.engine import Clause, Conflict, Finding, Rule, Source
from guarantees.rules.facts import Facts

SOURCE = Source(
    "关于推广使用政府采购电子保函的通知", "2025年9月14日", "山西省财政厅", "山西省", "山西"
)
EFFECTIVE = date(2025, 9, 14)

REFUSAL_CONFLICT = Conflict(
    milder="SX-2.2",
    stricter="SX-4.2a",
    note=N_(
        "同一通知第二部分写“原则上不得拒收”，第四部分写“不得以任何理由拒收”，按更严的后者执行。"
    ),
)

_REPORT = N_("请要求采购人或代理机构书面说明，并可向财政部门反映；平台会记录拒收及其理由。")


class NotRefusedInPrinciple(Rule):
    """In principle nobody refuses e-guarantees (2.2); the milder of two wordings."""

    clause = Clause(
        id="SX-2.2",
        title=N_("原则上不得拒收电子保函"),
        source=SOURCE,
        article="第二部分（二）",
        quote="各采购人、招标代理机构原则上不得拒收电子保函",
        concern="notice",
        effective_from=EFFECTIVE,
    )

    def examine(self, facts: Facts) -> Finding:
        takes = facts.project.takes_guarantees
        if takes is None:
            return self.lacks({"project.guarantee_accepted": takes})
        if takes:
            return self.passes(N_("采购文件接受电子保函。"))
        return self.advises(N_("采购文件不接受电子保函，原则上不应如此。"), _REPORT)


class NotRefusedForAnyReason(Rule):
    """Documents name the guarantee as a replacement; no reason justifies a refusal (4.2)."""

    clause = Clause(
        id="SX-4.2a",
        title=N_("采购文件应写明可用保函，不得以任何理由拒收"),
        source=SOURCE,
        article="第四部分（二）",
        quote="不得以任何理由拒收以电子保函形式提交的投标或履约担保凭证",
        concern="notice",
        effective_from=EFFECTIVE,
    )

    def examine(self, facts: Facts) -> Finding:
        takes = facts.project.takes_guarantees
        if takes is None:
            return self.lacks({"project.guarantee_accepted": takes})
        if takes:
            return self.passes(N_("采购文件写明可以用电子保函代替保证金。"))
        return self.refuses(N_("采购文件不接受电子保函，而任何理由都不能成为拒收的依据。"), _REPORT)


class NoDesignatedIssuer(Rule):
    """Nobody designates the institution (2.3)."""

    clause = Clause(
        id="SX-2.3/designation",
        title=N_("不得指定开函机构"),
        source=SOURCE,
        article="第二部分（三）",
        quote="任何单位和个人不得为投保企业或中标企业指定开函机构",
        concern="notice",
        effective_from=EFFECTIVE,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        named = facts.project.designated_issuers
        if named is None:
            return self.lacks({"project.designated_issuers": named})
        if not named:
            return self.passes(N_("采购文件没有指定开函机构。"))
        return self.refuses(
            N_("采购文件指定由“%(issuers)s”开具保函，供应商本可自行选择。"),
            N_("您仍可选择任何一家机构；请要求代理机构更正采购文件，必要时向财政部门反映。"),
            issuers="、".join(named),
        )


class ChosenBySupplier(Rule):
    """The supplier itself chooses the institution after comparing (2.3)."""

    clause = Clause(
        id="SX-2.3/choice",
        title=N_("由供应商自主选择开函机构"),
        source=SOURCE,
        article="第二部分（三）",
        quote="供应商有权自主选择开函金融机构",
        concern="applicant",
        effective_from=EFFECTIVE,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        chose = facts.applicant.chose_issuer
        if chose is None:
            return self.lacks({"applicant.chose_issuer": chose})
        if chose:
            return self.passes(N_("开函机构由供应商自行比较后选定。"))
        return self.refuses(
            N_("这份申请的开函机构不是供应商自己选定的。"),
            N_("请由贵公司的经办人登录后，在产品列表中自行选择机构。"),
        )


class IssuerAccepted(Rule):
    """Banks, insurers and guarantee companies that passed acceptance and work online (3.2)."""

    clause = Clause(
        id="SX-3.2/issuer",
        title=N_("开函机构已通过验收并全线上办理"),
        source=SOURCE,
        article="第三部分（二）",
        quote="开函机构为验收通过的、可开展全线上化服务的银行、保险公司、担保公司等金融机构",
        concern="issuer",
        effective_from=EFFECTIVE,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        issuer = facts.issuer
        if issuer.accepted is False:
            return self.refuses(
                N_("该机构尚未通过验收，或已暂停、退出，目前不能开具保函。"),
                N_("请选择其他机构的产品。"),
            )
        if issuer.online is False:
            return self.refuses(
                N_("该机构还不能全程线上办理。"), N_("请选择能全程线上办理的机构。")
            )
        if issuer.kind is None or issuer.accepted is None or issuer.online is None:
            return self.lacks(
                {
                    "issuer.kind": issuer.kind,
                    "issuer.accepted": issuer.accepted,
                    "issuer.online": issuer.online,
                }
            )
        return self.passes(N_("该机构已通过验收，全程线上办理。"))


class ApplicantRegistered(Rule):
    """Users are suppliers registered on the procurement network (3.2)."""

    clause = Clause(
        id="SX-3.2/applicant",
        title=N_("申请人是已注册的供应商"),
        source=SOURCE,
        article="第三部分（二）",
        quote="用函机构为山西省政府采购网入驻供应商",
        concern="applicant",
        effective_from=EFFECTIVE,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        registered = facts.applicant.registered
        if registered is None:
            return self.lacks({"applicant.registered": registered})
        if registered:
            return self.passes(N_("申请人是已确认的注册供应商。"))
        return self.refuses(
            N_("贵公司的注册还没有经平台确认，暂时不能申请保函。"),
            N_("请先完成注册并等待确认；急用时可拨打平台服务热线。"),
        )


class AmountOfDeposit(Rule):
    """The guarantee is for the amount of the deposit (3.3)."""

    clause = Clause(
        id="SX-3.3",
        title=N_("担保金额等于投标保证金金额"),
        source=SOURCE,
        article="第三部分（三）",
        quote="根据投标保证金金额或履约保证金金额向金融机构直接申请",
        concern="guarantee",
        effective_from=EFFECTIVE,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        amount, deposit = facts.guarantee.amount, facts.lot.deposit
        if amount is None or deposit is None:
            return self.lacks({"guarantee.amount": amount, "lot.deposit": deposit})
        figures = {"amount": amount.yuan, "deposit": deposit.yuan}
        if amount < deposit:
            return self.refuses(
                N_("担保金额 %(amount)s 元少于要求的保证金 %(deposit)s 元，投标可能被判无效。"),
                N_("请把担保金额改为 %(deposit)s 元。"),
                **figures,
            )
        if amount > deposit:
            return self.advises(
                N_("担保金额 %(amount)s 元多于要求的保证金 %(deposit)s 元，会多付保费。"),
                N_("一般按 %(deposit)s 元申请即可。"),
                **figures,
            )
        return self.passes(N_("担保金额与要求的保证金一致，为 %(amount)s 元。"), **figures)


class DataConsent(Rule):
    """The supplier authorises the transfer of its basic data (4.3)."""

    clause = Clause(
        id="SX-4.3/consent",
        title=N_("供应商授权传输基础信息"),
        source=SOURCE,
        article="第四部分（三）",
        quote="在平台申请并授权相关基础信息传输至开函机构",
        concern="applicant",
        effective_from=EFFECTIVE,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        consent = facts.applicant.data_consent
        if consent is None:
            return self.lacks({"applicant.data_consent": consent})
        if consent:
            return self.passes(N_("供应商已逐项授权把基础信息传给所选机构。"))
        return self.refuses(
            N_("还没有授权把基础信息传给所选机构，机构无法审核。"),
            N_("请逐项查看并勾选授权；不愿授权的，可以改用其他方式提交保证金。"),
        )


class WarnedOfFakes(Rule):
    """A fake guarantee leads to the dishonest list; the supplier is told (4.3)."""

    clause = Clause(
        id="SX-4.3/honesty",
        title=N_("供应商知悉虚假保函的后果"),
        source=SOURCE,
        article="第四部分（三）",
        quote="避免因虚假保函被列入失信名单",
        concern="applicant",
        effective_from=EFFECTIVE,
        everywhere=True,
    )

    def examine(self, facts: Facts) -> Finding:
        warned = facts.applicant.warned_of_fakes
        if warned is None:
            return self.lacks({"applicant.warned_of_fakes": warned})
        if warned:
            return self.passes(N_("供应商已确认知悉虚假保函的后果。"))
        return self.advises(
            N_("提交虚假保函或虚假材料，可能被主管部门列入失信名单。"),
            N_("请核对申请材料真实无误，并确认已阅读这条提示。"),
        )
