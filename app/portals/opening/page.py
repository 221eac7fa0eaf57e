"""The page of an opening room with its forms, whichever of them was sent."""

from collections.abc import Iterable, Mapping, Sequence

from flask import render_template, request
from flask_wtf.file import FileField, MultipleFileField
from wtforms import PasswordField, StringField, TextAreaField

from app.auth.guard import actor
from app.auth.second_factor import code_needed, proved
from app.context import house, now, read
from app.forms import Form, required
from app.jobs import openings
from app.portals.trustee.words import PRESENCE
from app.text import _, _l
from guarantees.errors import N_
from guarantees.queries import opening_keys, recoveries, trustees
from guarantees.queries import openings as queries
from guarantees.queries.opening_keys import KeyRow
from guarantees.queries.openings import ResultRow, Room
from guarantees.records.guarantee import EventRow
from guarantees.tables import permissions, trust
from signing import wire
from signing.timekeeper.protocol import ClockStatus


class OpenForm(Form):
    """What only the person has: passphrase of the key, code of the authenticator."""

    passphrase = PasswordField(_l("解密口令"), [required(_l("请输入解密口令。"))])
    otp = StringField(_l("动态验证码"), [code_needed])


class TokenForm(Form):
    """The opening begins; the sealed shares can be fetched."""

    otp = StringField(_l("动态验证码"), [code_needed], id="token-otp")


class HandInForm(Form):
    """Shares that the token took out."""

    files = MultipleFileField(_l("解密后的份额"))
    otp = StringField(_l("动态验证码"), [code_needed], id="hand-in-otp")


class AskForm(Form):
    """For the recovery key: why no key opens."""

    reason = TextAreaField(_l("钥匙为什么打不开"), [required(_l("请写明钥匙为什么打不开。"))])
    otp = StringField(_l("动态验证码"), [code_needed], id="ask-otp")


class AgreeForm(Form):
    otp = StringField(_l("动态验证码"), [code_needed], id="agree-otp")


class AnswerForm(Form):
    """What `./baohan recover` wrote."""

    answer = FileField(_l("恢复钥匙的答复"))
    otp = StringField(_l("动态验证码"), [code_needed], id="answer-otp")


class RehearsalForm(Form):
    """No code of the authenticator: nothing is opened but a trial."""

    passphrase = PasswordField(
        _l("解密口令"), [required(_l("请输入解密口令。"))], id="rehearsal-passphrase"
    )


class TrialForm(Form):
    """A trial's share that the token took out."""

    share = MultipleFileField(_l("解密后的演练份额"))


FORMS = {
    "form": OpenForm,
    "token": TokenForm,
    "handing_in": HandInForm,
    "rehearsal": RehearsalForm,
    "trial": TrialForm,
    "asking": AskForm,
    "agreeing": AgreeForm,
    "answering": AnswerForm,
}
"""By the name that the template knows them by."""

EVENTS: Mapping[str, str] = {
    "opening.begun": N_("开始开标"),
    "opening.waits": N_("等待受托人"),
    "release.approved": N_("受托人同意解锁"),
    "opening.finished": N_("全部完成"),
    "recovery.asked": N_("申请动用恢复钥匙"),
    "recovery.seconded": N_("第二人同意动用恢复钥匙"),
    "recovery.withdrawn": N_("撤回恢复申请"),
    "recovery.confirmed": N_("平台确认恢复申请，记入日志"),
    "recovery.refused": N_("平台未同意恢复申请"),
    "ending.asked": N_("提出终止采购"),
    "ending.dropped": N_("撤回终止的提议"),
    "ending.confirmed": N_("确认终止采购"),
    "ending.kept": N_("撤销终止，采购继续"),
    "ending.ended": N_("终止生效，开标密钥已销毁"),
}
"""History of a lot."""


def render(lot: str, rejected: Sequence[tuple[str, str]] = (), taken: int = 0, **sent: Form) -> str:
    """sent: forms that come back with errors; the others are empty. rejected: name and reason of
    files that were handed in and not taken; taken: how many were."""
    opened: Room = read(queries.room, actor(), now(), lot)
    forms = {name: sent.get(name) or kind(None) for name, kind in FORMS.items()}
    own = _own_keys()
    return render_template(
        "portals/opening/room.html",
        room=opened,
        proved=proved(),
        running=openings.running(opened.lot.id),
        due=now() >= opened.opening_time,
        clock=_clock(),
        trustees=read(trustees.of_opening, now(), opened.opening),
        awaited=_trustees(openings.awaited(opened.lot.id)),
        said=_said,
        presence=PRESENCE,
        results=_filtered(opened.results),
        counts=_counts(opened.results),
        may_open=permissions.allowed(actor(), "lot.open"),
        may_rehearse=_may_rehearse(opened),
        tokens=[one for one in own if one.token],
        passphrases=any(not one.token for one in own),
        recovery=read(recoveries.of_lot, actor(), lot),
        may_ask=permissions.allowed(actor(), "recovery.ask"),
        rejected=rejected,
        taken=taken,
        v=request.args.get("v", ""),
        q=request.args.get("q", ""),
        **forms,
    )


def _trustees(roles: Iterable[str]) -> str:
    """By what they are called, in the table's order."""
    wanted = set(roles)
    return _("、").join(_(text) for role, text in trust.TRUSTEES.items() if role in wanted)


def _said(event: EventRow) -> str:
    """A line of the history; the note of waiting holds roles, others what people wrote."""
    word = _(EVENTS.get(event.what, event.what))
    if not event.note or event.what == "release.approved":
        return word
    note = _trustees(event.note.split()) if event.what == "opening.waits" else event.note
    return _("%(word)s：%(note)s", word=word, note=note)


def _own_keys() -> list[KeyRow]:
    """Of the reader's organisation, retired ones too: letters may need them."""
    if not permissions.allowed(actor(), "opening.shares"):
        return []
    return read(opening_keys.of_own, actor(), now())


def _may_rehearse(opened: Room) -> bool:
    """Somebody of this organisation could, who has a passphrase for one of its keys."""
    held = any(one.own and not one.token for one in opened.keys if one.fingerprint)
    return held and opened.state == "sealed" and permissions.allowed(actor(), "opening.rehearse")


def _clock() -> ClockStatus | None:
    """The timekeeper's clock, or None when it is away; the room looks the same for any lot."""
    try:
        return house().timekeeper.status()
    except (wire.Unavailable, wire.RemoteError):
        return None


def _filtered(results: tuple[ResultRow, ...]) -> list[ResultRow]:
    verdict, text = request.args.get("v", ""), request.args.get("q", "").strip()
    return [
        one
        for one in results
        if (verdict != "ok" or all_passed(one))
        and (verdict != "attention" or not all_passed(one))
        and (not text or text in one.supplier or text in one.institution)
    ]


def all_passed(one: ResultRow) -> bool:
    return {one.signature, one.letter, one.status} == {"PASSED"}


def _counts(results: tuple[ResultRow, ...]) -> dict[str, int]:
    passed = sum(all_passed(one) for one in results)
    broken = sum(one.verdict == "not_opened" for one in results)
    failed = sum("FAILED" in (one.signature, one.letter, one.status) for one in results)
    return {
        "passed": passed,
        "broken": broken,
        "failed": failed,
        "open": len(results) - passed - broken - failed,
    }
