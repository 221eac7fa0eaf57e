"""What each error means to the reader and to HTTP: data only; app/problems.py applies it.

An error is looked up by its class, then by the classes it derives from. A business error brings its
own sentence (`text`); `advice` here is for errors that bring none, or says what to do besides.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_wtf.csrf import CSRFError
from werkzeug import exceptions as http

from guarantees import errors
from guarantees.errors import N_
from guarantees.values import codes, ids, money, parties, terms, terms_json, text, workdays


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

PROBLEMS: dict[type[BaseException], Problem] = {
    # business errors (guarantees.errors and the values' own)
    errors.NotFound: _NOT_FOUND,
    errors.Conflict: Problem(
        409, N_("内容已被他人更新"), tone="warn", code="conflict", way_out="back"
    ),
    errors.Forbidden: Problem(403, N_("没有权限"), tone="warn", code="forbidden"),
    errors.SecondFactorNeeded: Problem(
        403, N_("需要动态验证码"), tone="warn", code="second_factor_needed", way_out="back"
    ),
    errors.SamePerson: Problem(403, N_("须由另一人办理"), tone="warn", code="same_person"),
    errors.MoveRefused: _NOT_NOW,
    errors.Duplicate: Problem(409, N_("已经办理过"), tone="warn", code="duplicate"),
    errors.TooEarly: Problem(409, N_("时间未到"), tone="wait", code="too_early"),
    errors.TooLate: Problem(409, N_("已过截止时间"), tone="end", code="too_late"),
    errors.RuleRefuses: Problem(
        422, N_("依照法规不能办理"), tone="bad", code="rule_refuses", way_out="back"
    ),
    errors.InvalidInput: _WRONG_INPUT,
    errors.Unavailable: _AWAY,
    errors.SignInRefused: Problem(
        401, N_("没有登录"), tone="warn", code="sign_in_refused", way_out="sign_in"
    ),
    errors.SignInLocked: Problem(
        429, N_("账号已暂时锁定"), tone="wait", code="sign_in_locked", way_out="sign_in"
    ),
    errors.PassphraseRefused: Problem(
        403, N_("口令不正确"), tone="warn", code="passphrase_refused", way_out="back"
    ),
    money.BadAmount: _WRONG_INPUT,
    codes.BadCode: _WRONG_INPUT,
    text.BadText: _WRONG_INPUT,
    terms.BadTerms: _WRONG_INPUT,
    terms_json.TermsUnreadable: _WRONG_INPUT,
    parties.BadParty: _WRONG_INPUT,
    ids.BadId: _NOT_FOUND,
    workdays.YearNotPublished: Problem(
        409, N_("日期暂时不能确定"), tone="ask", code="year_not_published", way_out="back"
    ),
    workdays.BadPeriod: _WRONG_INPUT,
    # the web itself
    CSRFError: Problem(
        400,
        N_("页面已过期"),
        N_("为防止他人冒用，页面放置过久或重新登录后须刷新再提交。请返回上一页，刷新后重新提交。"),
        tone="wait",
        code="page_expired",
        way_out="back",
    ),
    http.Unauthorized: Problem(
        401,
        N_("登录已过期"),
        N_("您还没有登录，或一段时间没有操作，已自动退出。"),
        tone="wait",
        code="sign_in_needed",
        way_out="sign_in",
    ),
    http.Forbidden: Problem(
        403,
        N_("没有权限"),
        N_("您没有办理此事的权限，请联系本单位管理员授予。"),
        tone="warn",
        code="forbidden",
    ),
    http.NotFound: _NOT_FOUND,
    http.Gone: _NOT_FOUND,
    http.MethodNotAllowed: Problem(
        405,
        N_("不能这样打开这个地址"),
        N_("这个地址只接受页面上按钮的提交。请从工作台或首页进入。"),
        tone="end",
        code="method_not_allowed",
    ),
    http.RequestEntityTooLarge: Problem(
        413,
        N_("提交的内容太大"),
        N_("文件不得超过 %(limit)s MB，没有接收任何内容。请缩小后重新提交。"),
        tone="warn",
        code="too_large",
        way_out="back",
    ),
    http.UnsupportedMediaType: Problem(
        415,
        N_("不支持这种文件或内容类型"),
        N_("请按页面说明的文件类型提交。"),
        tone="warn",
        code="unsupported_media_type",
        way_out="back",
    ),
    http.TooManyRequests: Problem(
        429,
        N_("操作太频繁"),
        N_("为保护各方数据，短时间内的次数有限制。请稍后再试。"),
        tone="wait",
        code="too_many_requests",
        way_out="retry",
    ),
    http.ServiceUnavailable: _AWAY,
    http.HTTPException: Problem(
        400,
        N_("请求无法处理"),
        N_("地址或提交的内容不完整。请从工作台或首页重新进入。"),
        tone="warn",
        code="bad_request",
    ),
    # everything nobody foresaw
    http.InternalServerError: _UNEXPECTED,
    http.NotImplemented: _UNEXPECTED,
    http.BadGateway: _AWAY,
    http.GatewayTimeout: _AWAY,
    Exception: _UNEXPECTED,
}
"""By class; subclasses inherit. A meta-test checks that every error class of the project is met by
an entry of its own family and not by the last one."""

UNEXPECTED = PROBLEMS[Exception]


def find(kind: type[BaseException], table: Mapping[type[BaseException], Problem]) -> Problem:
    """The entry of `kind` or of its nearest ancestor; UNEXPECTED for what is no Exception."""
    return next((table[one] for one in kind.__mro__ if one in table), UNEXPECTED)
