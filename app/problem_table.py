"""What each error means to the reader and to HTTP: data only; app/problems.py applies it.

An error is looked up by the dotted name of its class, then of the classes it derives from. Names,
so that the web process does not import the renderer to know its errors; a meta-test finds each.
A business error brings its own sentence (`text`), except where the answer is 404 or 500.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from guarantees.errors import N_


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    """HTTP status (RFC 9110 section 15)."""
    title: str
    """Chinese source text: what happened, one line."""
    advice: str = ""
    """Chinese source text: why, and what to do."""
    tone: str = "bad"
    """draft, warn, bad, wait, ask or end (templates/components)."""
    code: str = ""
    """Stable word for programs; a business error's own code goes before it."""
    way_out: str = "home"
    """What the page offers: home, back, retry or sign_in."""


_WRONG_INPUT = Problem(
    422,
    N_("有内容需要改正"),
    N_("请返回上一页改正后重新提交。"),
    tone="warn",
    code="invalid_input",
    way_out="back",
)
_NOT_FOUND = Problem(
    404,
    N_("没有找到这个页面"),
    N_("地址可能有误，或不属于您的单位。"),
    tone="end",
    code="not_found",
)
_NOT_NOW = Problem(409, N_("现在不能办理"), tone="warn", code="conflict", way_out="back")
_AWAY = Problem(
    503,
    N_("服务暂时不可用"),
    N_("已提交的内容没有丢失，请稍后重试。"),
    tone="wait",
    code="unavailable",
    way_out="retry",
)

_UNEXPECTED = Problem(
    500,
    N_("页面出错了"),
    N_("不是您的操作引起的，已提交的内容没有丢失。请稍后重试；多次出现请联系平台运营并报出编号。"),
    tone="bad",
    code="unexpected",
    way_out="retry",
)

_UNREADABLE = Problem(
    422,
    N_("文件无法读取"),
    N_("文件不是可以处理的 PDF，或超出了处理的限度。请提交开函机构给您的 PDF 原件。"),
    tone="ask",
    code="file_unreadable",
    way_out="back",
)
_SEALED_WRONG = Problem(
    409,
    N_("密封件不能打开"),
    N_("密封件没有通过解密核对。请换另一把钥匙再打开一次，或凭密封回执请开函机构出示原件。"),
    tone="bad",
    code="seal_broken",
    way_out="back",
)
_PASSPHRASE = Problem(
    403,
    N_("口令不正确"),
    N_("口令不能打开解密钥匙，请核对大小写后重新输入。"),
    tone="warn",
    code="passphrase_refused",
    way_out="back",
)

_BUSINESS: dict[str, Problem] = {
    "guarantees.errors.GuaranteeError": _NOT_NOW,
    "guarantees.errors.NotFound": _NOT_FOUND,
    "guarantees.errors.Conflict": Problem(
        409, N_("内容已被他人更新"), tone="warn", code="conflict", way_out="back"
    ),
    "guarantees.errors.Forbidden": Problem(403, N_("没有权限"), tone="warn", code="forbidden"),
    "guarantees.errors.SecondFactorNeeded": Problem(
        403, N_("需要动态验证码"), tone="warn", code="second_factor_needed", way_out="back"
    ),
    "guarantees.errors.SamePerson": Problem(
        403, N_("须由另一人办理"), tone="warn", code="same_person"
    ),
    "guarantees.errors.MoveRefused": _NOT_NOW,
    "guarantees.errors.Duplicate": Problem(409, N_("已经办理过"), tone="warn", code="duplicate"),
    "guarantees.errors.TooEarly": Problem(409, N_("时间未到"), tone="wait", code="too_early"),
    "guarantees.errors.TooLate": Problem(409, N_("已过截止时间"), tone="end", code="too_late"),
    "guarantees.errors.SubmissionClosed": Problem(
        409, N_("投标已截止"), tone="end", code="submission_closed", way_out="back"
    ),
    "guarantees.errors.ProcurementEnded": Problem(
        409, N_("采购已终止"), tone="end", code="procurement_ended", way_out="back"
    ),
    "guarantees.errors.OpeningUnderway": _NOT_NOW,
    "guarantees.errors.NoOpeningKey": _NOT_NOW,
    "guarantees.errors.EndTakenEffect": Problem(
        409, N_("终止不能再撤销"), tone="end", code="end_taken_effect", way_out="back"
    ),
    "guarantees.errors.RuleRefuses": Problem(
        422, N_("依照法规不能办理"), tone="bad", code="rule_refuses", way_out="back"
    ),
    "guarantees.errors.InvalidInput": _WRONG_INPUT,
    "guarantees.errors.Unavailable": _AWAY,
    "guarantees.errors.SignInRefused": Problem(
        401, N_("没有登录"), tone="warn", code="sign_in_refused", way_out="sign_in"
    ),
    "guarantees.errors.SignInLocked": Problem(
        429, N_("账号已暂时锁定"), tone="wait", code="sign_in_locked", way_out="sign_in"
    ),
    "guarantees.errors.PassphraseRefused": _PASSPHRASE,
    "guarantees.errors.LastKey": Problem(
        409, N_("不能停用唯一的钥匙"), tone="warn", code="last_key", way_out="back"
    ),
    "guarantees.errors.RehearsalFailed": Problem(
        409, N_("演练没有通过"), tone="bad", code="rehearsal_failed", way_out="back"
    ),
    "guarantees.errors.OtherKeyNeeded": Problem(
        409, N_("需要另一把钥匙"), tone="warn", code="other_key_needed", way_out="back"
    ),
    "guarantees.values.money.BadAmount": _WRONG_INPUT,
    "guarantees.values.codes.BadCode": _WRONG_INPUT,
    "guarantees.values.text.BadText": _WRONG_INPUT,
    "guarantees.values.terms.BadTerms": _WRONG_INPUT,
    "guarantees.values.terms_parts.BadPart": _WRONG_INPUT,
    "guarantees.values.terms_kinds.TermsDoNotFit": _WRONG_INPUT,
    "guarantees.values.terms_json.TermsUnreadable": _WRONG_INPUT,
    "guarantees.values.parties.BadParty": _WRONG_INPUT,
    "guarantees.values.ids.BadId": _NOT_FOUND,
    "guarantees.values.workdays.YearNotPublished": Problem(
        409, N_("日期暂时不能确定"), tone="ask", code="year_not_published", way_out="back"
    ),
    "guarantees.values.workdays.BadPeriod": _WRONG_INPUT,
    "guarantees.sums.pricing.BadTariff": _WRONG_INPUT,
    "guarantees.sums.pricing.AmountNotCovered": _WRONG_INPUT,
    "guarantees.sums.pricing.TermMissing": _WRONG_INPUT,
    "guarantees.letter_glyphs.MissingGlyph": _WRONG_INPUT,
    "guarantees.letter_glyphs.FontMissing": _UNEXPECTED,
    "guarantees.letter_engine.RenderFailed": _UNEXPECTED,
    "guarantees.letter_engine.SubsetLibraryMissing": _UNEXPECTED,
    "guarantees.tables.letter_forms.LetterFormMissing": _UNEXPECTED,
    "guarantees.letter_reports.BadOpeningResult": _UNEXPECTED,
    "guarantees.rules.engine.EmptyRulebook": _UNEXPECTED,
    "guarantees.rules.engine.OverlappingEditions": _UNEXPECTED,
}

_DOCUMENTS: dict[str, Problem] = {
    # What breaks inside signing, timekeeper or wire is unexpected; here is what a reader can meet.
    "signing.errors.SigningError": _UNEXPECTED,
    "signing.errors.Malformed": _UNREADABLE,
    "signing.errors.LimitExceeded": _UNREADABLE,
    "signing.errors.Unreadable": _UNREADABLE,
    "signing.errors.TimestampError": _AWAY,
    "signing.errors.WorkerError": _AWAY,
    "signing.wire.frames.Unavailable": _AWAY,
    "signing.seal.broken.SealBroken": _SEALED_WRONG,
    "signing.seal.private_keys.WeakPassphrase": Problem(
        422,
        N_("口令太简单"),
        N_("请换一个更长的口令，不要用常见的词、日期或重复的字符。"),
        tone="warn",
        code="weak_passphrase",
        way_out="back",
    ),
    "signing.seal.private_keys.KeyLocked": _PASSPHRASE,
    "signing.timekeeper.refusals.TimekeeperRefused": Problem(
        409,
        N_("时间锁未予办理"),
        N_("时间锁没有同意，任何内容都没有改变。请核对开标时间后重试。"),
        tone="wait",
        code="timekeeper_refused",
        way_out="back",
    ),
}

_WEB: dict[str, Problem] = {
    "flask_wtf.csrf.CSRFError": Problem(
        400,
        N_("页面已过期"),
        N_("为防止他人冒用，页面放置过久或重新登录后须刷新再提交。请返回上一页，刷新后重新提交。"),
        tone="wait",
        code="page_expired",
        way_out="back",
    ),
    "app.factory.NulCharacter": Problem(
        400,
        N_("内容里有不能使用的字符"),
        N_("提交的内容里有看不见的控制字符（U+0000），没有保存。请返回上一页，删去它后重新提交。"),
        tone="warn",
        code="nul_character",
        way_out="back",
    ),
    "werkzeug.exceptions.Unauthorized": Problem(
        401,
        N_("登录已过期"),
        N_("您还没有登录，或一段时间没有操作，已自动退出。"),
        tone="wait",
        code="sign_in_needed",
        way_out="sign_in",
    ),
    "werkzeug.exceptions.Forbidden": Problem(
        403,
        N_("没有权限"),
        N_("您没有办理此事的权限，请联系本单位管理员授予。"),
        tone="warn",
        code="forbidden",
    ),
    "werkzeug.exceptions.NotFound": _NOT_FOUND,
    "werkzeug.exceptions.Gone": _NOT_FOUND,
    "werkzeug.exceptions.MethodNotAllowed": Problem(
        405,
        N_("不能这样打开这个地址"),
        N_("这个地址只接受页面上按钮的提交。请从工作台或首页进入。"),
        tone="end",
        code="method_not_allowed",
    ),
    "werkzeug.exceptions.RequestEntityTooLarge": Problem(
        413,
        N_("提交的内容太大"),
        N_(
            "文件不得超过 %(limit)s MB，没有接收任何内容。请缩小后重新提交；填写的文字合计不得超过"
            " %(text)s KB。"
        ),
        tone="warn",
        code="too_large",
        way_out="back",
    ),
    "werkzeug.exceptions.UnsupportedMediaType": Problem(
        415,
        N_("不支持这种文件或内容类型"),
        N_("请按页面说明的文件类型提交。"),
        tone="warn",
        code="unsupported_media_type",
        way_out="back",
    ),
    "werkzeug.exceptions.TooManyRequests": Problem(
        429,
        N_("操作太频繁"),
        N_("为保护各方数据，短时间内的次数有限制。请稍后再试。"),
        tone="wait",
        code="too_many_requests",
        way_out="retry",
    ),
    "werkzeug.exceptions.ServiceUnavailable": _AWAY,
    "werkzeug.exceptions.HTTPException": Problem(
        400,
        N_("请求无法处理"),
        N_("地址或提交的内容不完整。请从工作台或首页重新进入。"),
        tone="warn",
        code="bad_request",
    ),
    "werkzeug.exceptions.InternalServerError": _UNEXPECTED,
    "werkzeug.exceptions.NotImplemented": _UNEXPECTED,
    "werkzeug.exceptions.BadGateway": _AWAY,
    "werkzeug.exceptions.GatewayTimeout": _AWAY,
    "builtins.Exception": _UNEXPECTED,
}

PROBLEMS: dict[str, Problem] = _BUSINESS | _DOCUMENTS | _WEB
"""By dotted class name; subclasses inherit. A meta-test checks that every error class of guarantees
meets an entry nearer than GuaranteeError, and every one of signing some entry."""


def find(kind: type[BaseException], table: Mapping[str, Problem] = PROBLEMS) -> Problem:
    """The entry of `kind` or of its nearest ancestor; unexpected for what is no Exception."""
    names = (f"{one.__module__}.{one.__qualname__}" for one in kind.__mro__)
    return next((table[name] for name in names if name in table), _UNEXPECTED)
