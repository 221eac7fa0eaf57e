"""最高人民法院 on independent guarantees (SPC-IG): who may issue one, and what it must name."""

from datetime import date

from guarantees.errors import N_
from guarantees.rules.engine import Clause, Finding, Rule, Source
from guarantees.rules.facts import Facts

SOURCE = Source(
    "最高人民法院关于审理独立保函纠纷案件若干问题的规定", "法释〔2016〕24号", "最高人民法院"
)
EFFECTIVE = date(2016, 12, 1)

ISSUERS = frozenset({"bank", "insurer"})
"""Banks and non-bank financial institutions; a guarantee company's letter is accessory."""


def may_issue(issuer_type: str, form: str) -> bool:
    """Whether an institution of this type may offer letters of this form at all."""
    return form == "accessory" or issuer_type in ISSUERS


class IssuerOfIndependent(Rule):
    """Only a bank or non-bank financial institution issues an independent guarantee (art. 1)."""

    clause = Clause(
        id="SPC-IG-1",
        title=N_("独立保函由银行或非银行金融机构开立"),
        source=SOURCE,
        article="第一条第一款",
        quote="独立保函，是指银行或非银行金融机构作为开立人",
        concern="guarantee",
        effective_from=EFFECTIVE,
    )

    def examine(self, facts: Facts) -> Finding:
        form, kind = facts.guarantee.form, facts.issuer.kind
        if form == "accessory":
            return self.passes(N_("这是从属保函：机构可以主张主合同中的抗辩。"))
        if form is None or kind is None:
            return self.lacks({"guarantee.form": form, "issuer.kind": kind})
        if may_issue(kind, form):
            return self.passes(N_("这是金融机构开立的独立保函：见索即付，不受合同争议影响。"))
        return self.refuses(
            N_("担保公司不能开立独立保函，只能开立从属保函。"),
            N_("请选择从属保函；采购文件要求独立保函的，请改选银行或保险公司的产品。"),
        )


class NamesDocumentsAndAmount(Rule):
    """Without named documents and a maximum amount it isn't independent (art. 3)."""

    clause = Clause(
        id="SPC-IG-3",
        title=N_("独立保函载明付款单据和最高金额"),
        source=SOURCE,
        article="第三条第一款",
        quote="保函未载明据以付款的单据和最高金额的除外",
        concern="guarantee",
        effective_from=EFFECTIVE,
    )

    def examine(self, facts: Facts) -> Finding:
        letter = facts.guarantee
        if letter.form == "accessory":
            return self.passes(N_("这是从属保函，不要求载明付款单据。"))
        if letter.documents == () or (letter.amount is not None and letter.amount.fen <= 0):
            return self.refuses(
                N_("独立保函没有写明索赔单据或最高金额，可能不被认定为独立保函。"),
                N_("请机构在保函中列明索赔要交的单据和最高金额。"),
            )
        if letter.form is None or letter.documents is None or letter.amount is None:
            return self.lacks(
                {
                    "guarantee.form": letter.form,
                    "guarantee.documents": letter.documents,
                    "guarantee.amount": letter.amount,
                }
            )
        return self.passes(
            N_("保函写明了 %(count)s 项索赔单据和最高金额 %(amount)s 元。"),
            count=str(len(letter.documents)),
            amount=letter.amount.yuan,
        )
