"""The word and the tone of every state of every noun: one table for all pages.

A state is a noun's state: 申请：已出函, 函件：已密封. Before the opening no word tells whether
anything is there. Red stands for refused and broken alone.
"""

from collections.abc import Mapping

from flask import Flask

from app.text import _
from guarantees.errors import N_

Words = Mapping[str, tuple[str, str]]
"""State to (tone, Chinese source text)."""

NOUNS: Mapping[str, str] = {
    "application": N_("申请"),
    "payment": N_("缴费"),
    "guarantee": N_("保函"),
    "letter": N_("函件"),
    "opening": N_("开标"),
    "ending": N_("采购终止"),
    "hold": N_("法律保全"),
    "opening key": N_("解密钥匙"),
    "key change": N_("换钥"),
    "recovery": N_("恢复申请"),
    "project": N_("项目"),
    "product": N_("产品"),
    "policy": N_("自动承保政策"),
    "trustee_key": N_("受托钥匙"),
    "organisation": N_("单位"),
    "person": N_("人员"),
}

STATUS: Mapping[str, Words] = {
    "application": {
        "submitted": ("act", N_("已提交")),
        "in_review": ("act", N_("待复核")),
        "returned": ("warn", N_("待补正")),
        "awaiting_payment": ("wait", N_("待缴费")),
        "issuing": ("act", N_("出函中")),
        "issued": ("ok", N_("已出函")),
        "declined": ("bad", N_("不予承保")),
        "withdrawn": ("end", N_("已撤回")),
        "lapsed": ("end", N_("逾期未出函")),
        "ended": ("end", N_("采购已终止")),
    },
    "payment": {
        "ordered": ("wait", N_("待缴")),
        "settled": ("ok", N_("已到账")),
        "failed": ("bad", N_("未到账")),
        "mismatched": ("warn", N_("金额不符")),
    },
    "guarantee": {
        "pending": ("wait", N_("待生效")),
        "in_force": ("ok", N_("有效")),
        "released": ("end", N_("已解除")),
        "expired": ("end", N_("已到期")),
        "withdrawn": ("end", N_("已撤回")),
    },
    "letter": {
        "sealed": ("seal", N_("已密封")),
        "opened": ("ok", N_("已解密")),
        "broken": ("bad", N_("不能打开")),
        "withdrawn": ("end", N_("已撤回")),
        "unopened": ("end", N_("永不开启")),
    },
    "opening": {
        "sealed": ("seal", N_("密封中")),
        "due": ("wait", N_("可以开标")),
        "opening": ("act", N_("开标中")),
        "opened": ("ok", N_("已开标")),
        "ending": ("warn", N_("正在终止")),
        "ended": ("end", N_("已终止")),
    },
    "ending": {
        "asked": ("wait", N_("待另一人确认")),
        "confirmed": ("act", N_("已确认，待生效")),
        "ended": ("end", N_("已终止")),
        "kept": ("end", N_("已撤销，采购继续")),
        "dropped": ("end", N_("未确认即撤回")),
    },
    "hold": {
        "set": ("warn", N_("保全中")),
        "lifted": ("end", N_("已解除")),
    },
    "opening key": {
        "active": ("ok", N_("使用中")),
        "changing": ("act", N_("更换中")),
        "retired": ("end", N_("已换下")),
        "expired": ("warn", N_("证书不在有效期内")),
    },
    "key change": {
        "running": ("act", N_("进行中")),
        "complete": ("ok", N_("已完成")),
    },
    "recovery": {
        "asked": ("act", N_("待本单位另一人同意")),
        "seconded": ("act", N_("待平台确认")),
        "confirmed": ("ok", N_("已确认")),
        "refused": ("bad", N_("未同意")),
        "withdrawn": ("end", N_("已撤回")),
    },
    "project": {
        "draft": ("draft", N_("草稿，待补充")),
        "registered": ("ok", N_("已登记")),
        "ended": ("end", N_("已终止")),
    },
    "product": {
        "published": ("ok", N_("可申请")),
        "withdrawn": ("end", N_("已下架")),
    },
    "policy": {
        "proposed": ("act", N_("待复核")),
        "approved": ("ok", N_("已批准")),
        "refused": ("bad", N_("未批准")),
        "withdrawn": ("end", N_("已撤回")),
        "expired": ("end", N_("已到期")),
    },
    "trustee_key": {
        "active": ("ok", N_("在用")),
        "retired": ("end", N_("已停用")),
    },
    "organisation": {
        "pending": ("act", N_("待确认")),
        "active": ("ok", N_("正常")),
        "suspended": ("warn", N_("暂停新业务")),
        "left": ("end", N_("已退出")),
        "refused": ("bad", N_("未通过")),
    },
    "person": {
        "invited": ("wait", N_("已邀请")),
        "active": ("ok", N_("正常")),
        "locked": ("warn", N_("已锁定")),
        "disabled": ("end", N_("已停用")),
    },
}
"""States of tables/lifecycle, and those computed: from the time (expired, due, locked), or from the
end of a lot, for which nothing of a single case may be written (ended, unopened, ending)."""


def status_tone(noun: str, state: str) -> str:
    """The tone of `state`; KeyError for a state without words."""
    return STATUS[noun][state][0]


def status_noun(noun: str) -> str:
    """`申请`, in the reader's language."""
    return _(NOUNS[noun])


def status_word(noun: str, state: str, named: bool = False) -> str:
    """`已出函`, or with the noun `申请：已出函`, in the reader's language."""
    word = _(STATUS[noun][state][1])
    return _("%(noun)s：%(word)s", noun=status_noun(noun), word=word) if named else word


def init_status(app: Flask) -> None:
    """Let templates of `app` ask for words and tones (`ui.status` draws the chip)."""
    app.jinja_env.globals.update(
        status_noun=status_noun, status_tone=status_tone, status_word=status_word
    )
