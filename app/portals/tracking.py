"""The way of an application as the steps of a tracker, for supplier and institution alike."""

from dataclasses import dataclass

from app.display import beijing_short
from app.text import _
from guarantees.queries.lots import LotRow
from guarantees.records.case import Case

ENDED = {"declined", "withdrawn", "lapsed", "ended"}


@dataclass(frozen=True)
class Step:
    tone: str
    name: str
    note: str
    current: bool = False


def steps(case: Case, lot: LotRow) -> list[Step]:
    """Submitted, decided, paid, issued, opened, ended: done, now, still to come or dropped."""
    done = {event.what: event.at for event in case.events}
    named = (
        (_("提交申请"), ("application.submitted",)),
        (_("机构承保"), ("application.approved",)),
        (_("缴纳保费"), ("payment.settled",)),
        (_("签发并密封"), ("letter.issued",)),
        (_("开标解密"), ("letter.opened", "letter.broken")),
    )
    made: list[Step] = []
    reached = False
    for name, events in named:
        at = next((done[one] for one in events if one in done), None)
        if at is not None:
            made.append(Step("ok", name, beijing_short(at)))
        elif case.state in ENDED:
            made.append(_dropped(name, case, reached))
            reached = True
        else:
            made.append(_ahead(name, case, lot, current=not reached))
            reached = True
    return [*made, _end(case, reached)]


def _dropped(name: str, case: Case, reached: bool) -> Step:
    if reached:
        return Step("end", name, _("不再进行"))
    notes = {
        "declined": ("bad", _("不予承保，见理由")),
        "withdrawn": ("end", _("已撤回")),
        "ended": ("end", _("采购已终止")),
        "lapsed": ("bad", _("开标前未能出函") if case.paid else _("逾期未缴费")),
    }
    tone, note = notes[case.state]
    return Step(tone, name, note, current=True)


def _ahead(name: str, case: Case, lot: LotRow, *, current: bool) -> Step:
    if case.letter is not None and lot.opening_time is not None:
        note = _("%(time)s 起可以解密", time=beijing_short(lot.opening_time))
        return Step("seal", name, note, current=current)
    if not current:
        return Step("draft", name, _("尚未开始"))
    notes = {
        "returned": ("warn", _("等待您补正")),
        "awaiting_payment": ("wait", _("等待缴费")),
        "issuing": ("act", _("正在签发")),
    }
    tone, note = notes.get(case.state, ("act", _("机构审核中")))
    return Step(tone, name, note, current=True)


def _end(case: Case, reached: bool) -> Step:
    guarantee = case.guarantee
    if guarantee is not None and guarantee.state == "released" and case.state == "issued":
        return Step("end", _("到期或解除"), _("已解除"))
    if guarantee is None or guarantee.state != "in_force":
        tone = "end" if case.state in ENDED else "draft"
        return Step(tone, _("到期或解除"), _("不再进行") if tone == "end" else _("尚未开始"))
    note = _("%(day)s 24:00", day=guarantee.expires_on.strftime("%m-%d"))
    return Step("wait" if not reached else "draft", _("到期或解除"), note, current=not reached)
