"""Words for what projects show: sentences of the business, values of a change, events."""

from collections.abc import Mapping
from datetime import date, datetime

from app.display import beijing, date_zh, yuan
from app.text import _
from guarantees.errors import N_
from guarantees.flow.grant_mandate import ACTIONS
from guarantees.sums.corrections import Change
from guarantees.values.money import Money
from guarantees.values.notice import ACCEPTED, CATEGORIES, FIELD_NAMES, gap_name
from guarantees.values.sentence import Sentence

EVENTS: Mapping[str, str] = {
    "project.entered": N_("录入项目"),
    "project.imported": N_("从文件导入"),
    "project.completed": N_("补充草稿"),
    "project.corrected": N_("更正公告"),
    "project.registered": N_("登记项目"),
    "opening.registered": N_("守时服务签发开标证书"),
    "opening.postponed": N_("守时服务推迟开标"),
    "rehearsal.passed": N_("开标演练通过"),
    "mandate.granted": N_("授权代理机构"),
    "mandate.withdrawn": N_("撤回授权"),
    "ending.asked": N_("提出终止采购"),
    "ending.dropped": N_("撤回终止的提议"),
    "ending.confirmed": N_("确认终止采购"),
    "ending.kept": N_("撤销终止，采购继续"),
    "ending.ended": N_("终止生效，开标密钥已销毁"),
    "project.ended": N_("项目全部标段已终止"),
}

END_KINDS: Mapping[str, str] = {
    "failed": N_("采购失败（流标、废标）"),
    "cancelled": N_("采购终止"),
}

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "created": ("act", N_("新建草稿")),
    "unchanged": ("end", N_("没有变化")),
    "completed": ("ok", N_("已更新草稿")),
    "corrected": ("warn", N_("已更正")),
}
"""What became of an imported notice: tone and word."""

_TRANSLATED = frozenset({"field", "allowed", "head", "near", "kind", "what", "reason"})
"""Places of a sentence that hold words of ours; the others hold what people wrote."""

_WORDS: Mapping[str, Mapping[str, str]] = {
    "category": CATEGORIES,
    "guarantee_accepted": ACCEPTED,
}


def say(sentence: Sentence) -> str:
    """A sentence of the business in the reader's language."""
    places = {
        name: _(str(value)) if name in _TRANSLATED and value else value
        for name, value in sentence.fields.items()
    }
    return _(sentence.text) % places


def gap_words(gap: str) -> str:
    """A missing fact, `投标有效期` or `标段 01：标段预算`."""
    name, lot = gap_name(gap)
    if not lot:
        return _(name)
    return _("标段 %(lot)s：%(name)s", lot=lot, name=_(name))


def change_name(change: Change) -> str:
    """What a change is about."""
    name = _("标段") if change.field == "lot" else _(FIELD_NAMES[change.field])
    if not change.lot:
        return name
    return _("标段 %(lot)s：%(name)s", lot=change.lot, name=name)


def shown(field: str, value: object) -> str:
    """A fact of a notice as text; a dash where the notice is silent."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Money):
        return yuan(value)
    if isinstance(value, datetime):
        return beijing(value)
    if isinstance(value, date):
        return date_zh(value)
    if field in _WORDS:
        return _(_WORDS[field][str(value)])
    return _("%(days)d 天", days=value) if field == "bid_validity_days" else str(value)


def names() -> dict[str, object]:
    """What the templates of projects are given besides their own values."""
    return {
        "say": say,
        "gap_words": gap_words,
        "change_name": change_name,
        "shown": shown,
        "events": EVENTS,
        "outcomes": OUTCOMES,
        "mandate_actions": ACTIONS,
        "categories": CATEGORIES,
        "end_kinds": END_KINDS,
    }
