"""保障中小企业款项支付条例 (D802) and the edition it replaced (国务院令第728号).

Article 13 (formerly 12) binds only where three things come together: the procurer is an authority,
public institution or large enterprise; the supplier is an SME; the issuer is a financial
institution.
"""

from dataclasses import replace
from datetime import date

from guarantees.errors import N_
from guarantees.rules.engine import Clause, Finding, Rule, Source
from guarantees.rules.facts import Facts

SOURCE = Source("保障中小企业款项支付条例", "国务院令第802号", "国务院")
FORMER = Source("保障中小企业款项支付条例", "国务院令第728号", "国务院")
_IN_FORCE = date(2025, 6, 1)
_FORMER_FROM, _FORMER_UNTIL = date(2020, 9, 1), date(2025, 5, 31)

BOUND = frozenset({"authority", "institution", "large_enterprise"})
FINANCIAL_INSTITUTIONS = frozenset({"bank", "insurer"})
"""A guarantee company isn't one; its letters are accepted under SX-3.2."""

_COMPLAIN = N_("请书面要求采购人接受保函；仍被拒绝的，可向其上级机关或财政部门反映。")


class GuaranteeOfSmeAccepted(Rule):
    """An SME's guarantee from a financial institution must be accepted (art. 13, 2)."""

    clause = Clause(
        id="D802-13/acceptance",
        title=N_("应当接受中小企业以金融机构保函提供的保证"),
        source=SOURCE,
        article="第十三条第二款",
        quote="中小企业以金融机构出具的保函等提供保证的，机关、事业单位和大型企业应当接受",
        concern="notice",
        effective_from=_IN_FORCE,
    )

    def examine(self, facts: Facts) -> Finding:
        takes = facts.project.takes_guarantees
        if takes:
            return self.passes(N_("采购文件接受保函。"))
        if reason := _outside(facts):
            return self.passes(reason)
        missing = {
            "project.procurer_kind": facts.project.procurer_kind,
            "applicant.sme": facts.applicant.sme,
            "issuer.kind": facts.issuer.kind,
            "project.guarantee_accepted": takes,
        }
        if None in missing.values():
            return self.lacks(missing)
        return self.refuses(
            N_("采购文件不接受保函，但贵公司是中小企业、保函由金融机构出具，采购人应当接受。"),
            _COMPLAIN,
        )


class GuaranteeOfSmeAcceptedFormerly(GuaranteeOfSmeAccepted):
    """The same duty as it stood from 2020-09-01 to 2025-05-31 (art. 12, 2)."""

    clause = replace(
        GuaranteeOfSmeAccepted.clause,
        source=FORMER,
        article="第十二条第二款",
        quote="中小企业以金融机构保函提供保证的，机关、事业单位和大型企业应当接受",
        effective_from=_FORMER_FROM,
        effective_until=_FORMER_UNTIL,
    )


class DepositNotCashOnly(Rule):
    """A deposit may not be limited to cash (art. 13, 2); a transfer is cash paid in."""

    clause = Clause(
        id="D802-13/cash",
        title=N_("不得将保证金限定为现金"),
        source=SOURCE,
        article="第十三条第二款",
        quote="机关、事业单位和大型企业不得将保证金限定为现金",
        concern="notice",
        effective_from=_IN_FORCE,
    )

    def examine(self, facts: Facts) -> Finding:
        project = facts.project
        if project.takes_guarantees:
            return self.passes(N_("采购文件没有把保证金限定为现金，可以用保函。"))
        if project.procurer_kind == "other":
            return self.passes(N_("采购人不是机关、事业单位或大型企业，本条不适用。"))
        if project.procurer_kind is None or project.deposit_forms is None:
            return self.lacks(
                {
                    "project.procurer_kind": project.procurer_kind,
                    "project.deposit_forms": project.deposit_forms,
                }
            )
        if project.deposit_forms <= {"cash", "transfer"}:
            return self.refuses(N_("采购文件只收现金或转账，等于把保证金限定为现金。"), _COMPLAIN)
        return self.passes(N_("采购文件允许现金以外的形式。"))


class DepositNotCashOnlyFormerly(DepositNotCashOnly):
    """The same ban as it stood from 2020-09-01 to 2025-05-31 (art. 12, 2)."""

    clause = replace(
        DepositNotCashOnly.clause,
        source=FORMER,
        article="第十二条第二款",
        effective_from=_FORMER_FROM,
        effective_until=_FORMER_UNTIL,
    )


def _outside(facts: Facts) -> str:
    """Why the article doesn't bind, by the first condition known to fail; empty if none is."""
    if facts.project.procurer_kind == "other":
        return N_("采购人不是机关、事业单位或大型企业，本条不适用。")
    if facts.applicant.sme is False:
        return N_("贵公司不是中小企业，本条不适用。")
    if facts.issuer.kind is not None and facts.issuer.kind not in FINANCIAL_INSTITUTIONS:
        return N_("保函由担保公司出具，不属于本条所说的金融机构保函，本条不适用。")
    return ""
