"""Chinese words for codes that several portals show: kinds, forms, events, decisions."""

from collections.abc import Mapping

from app.text import _
from guarantees.errors import N_

KINDS: Mapping[str, str] = {
    "bid": N_("投标保函"),
    "performance": N_("履约保函"),
    "quality": N_("质量保函"),
    "advance_payment": N_("预付款保函"),
    "market_entry": N_("电子增信"),
}
FORMS: Mapping[str, str] = {
    "independent": N_("独立保函"),
    "accessory": N_("从属保函"),
    "policy": N_("保证保险单"),
}
FORM_NOTES: Mapping[str, str] = {
    "independent": N_("见索即付，与合同争议无关"),
    "accessory": N_("依主债务，可提出抗辩"),
    "policy": N_("依保险合同赔偿"),
}
INSTITUTIONS: Mapping[str, str] = {
    "bank": N_("银行"),
    "insurer": N_("保险公司"),
    "guarantee_company": N_("担保公司"),
}
CATEGORIES: Mapping[str, str] = {
    "goods": N_("货物"),
    "services": N_("服务"),
    "works": N_("工程"),
}
DECISIONS: Mapping[str, str] = {
    "approve": N_("同意"),
    "decline": N_("不予承保"),
    "back": N_("退回补正"),
}
EVENTS: Mapping[str, str] = {
    "application.submitted": N_("提交申请"),
    "application.to_people": N_("转人工审核"),
    "application.completed": N_("补正后重新提交"),
    "application.returned": N_("机构要求补正"),
    "application.recommended": N_("经办提出意见"),
    "application.approved": N_("同意承保"),
    "application.sent_back": N_("复核退回经办"),
    "application.declined": N_("不予承保"),
    "application.withdrawn": N_("供应商撤回"),
    "application.lapsed": N_("逾期未缴费"),
    "payment.ordered": N_("发起支付"),
    "payment.settled": N_("保费到账"),
    "payment.failed": N_("支付未成功"),
    "payment.mismatched": N_("到账款项未动用"),
    "payment.again": N_("银行又一次通知"),
    "letter.reserved": N_("锁定条款和编号"),
    "letter.issued": N_("签发、加盖时间戳、复验通过并密封"),
    "letter.waits": N_("等待采购人或代理机构建立解密钥匙"),
    "letter.lapsed": N_("开标前未能出函"),
    "letter.opened": N_("开标时解密"),
    "letter.broken": N_("开标时不能打开"),
    "letter.withdrawn": N_("供应商撤回保函"),
    "letter.withheld": N_("守时服务确认永不解锁"),
    "guarantee.released": N_("采购终止，保函解除"),
}


def sum_words(formula: str) -> str:
    """The sum of a premium as the quote keeps it (sums.pricing), for people.

    `premium/v1: 46,000.00 × 0.38% = 174.80 < 180.00 → 180.00` says that the minimum counts.
    """
    figures, _less, minimum = formula.rpartition(": ")[2].partition(" < ")
    if not minimum:
        return figures
    lowest = minimum.partition(" → ")[0]
    return _("%(figures)s，不足最低保费 %(lowest)s", figures=figures, lowest=lowest)


def word(table: Mapping[str, str], code: str | None) -> str:
    """The word for `code` in the reader's language; a dash where there is none."""
    return _(table[code]) if code else "—"
