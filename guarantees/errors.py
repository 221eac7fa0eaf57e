"""The one base error of the business package.

An error carries a code and fields, never finished text: the edge turns `text % fields` into the
reader's language (the code decides the HTTP status, in one place there).
"""

from collections.abc import Mapping
from typing import ClassVar


def N_(text: str) -> str:  # noqa: N802 - the name gettext's extractor looks for
    """Mark `text` as Chinese source text to be translated where it is shown."""
    return text


class GuaranteeError(Exception):
    """Something the business refuses; subclasses name what, the fields say where and why."""

    code: ClassVar[str] = "guarantee_error"
    """Stable snake_case word that programs and the HTTP mapping go by."""

    text: ClassVar[str] = N_("操作未能完成。")
    """Chinese sentence with `%(field)s` places: what is wrong, where, and what to do."""

    def __init__(self, **fields: object) -> None:
        super().__init__()
        self.fields: dict[str, object] = fields

    @property
    def parameters(self) -> Mapping[str, object]:
        """What fills the places of `text`."""
        return self.fields

    def __str__(self) -> str:
        return self.text % self.parameters

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{type(self).__name__}({inside})"


class NotFound(GuaranteeError):
    """No such object, or one of another organisation: the two are never told apart."""

    code = "not_found"
    text = N_("没有找到。地址可能有误，或不属于您的单位。")


class Conflict(GuaranteeError):
    """Somebody else changed the object since it was read."""

    code = "conflict"
    text = N_("内容刚被他人更新，请刷新页面后重新办理。已填内容没有写入。")


class Forbidden(GuaranteeError):
    """The actor's role does not include the action."""

    code = "forbidden"
    text = N_("您没有办理此事的权限，请联系本单位管理员授予。")


class SecondFactorNeeded(GuaranteeError):
    """The action asks for a fresh code of the person's authenticator."""

    code = "second_factor_needed"
    text = N_("办理此事需要动态验证码，请重新输入。")


class SamePerson(GuaranteeError):
    """Maker and checker are two people."""

    code = "same_person"
    text = N_("经办和复核必须是两个人，请由本单位另一位有复核权限的同事办理。")


class MoveRefused(GuaranteeError):
    """tables/lifecycle has no such move from this state."""

    code = "move_refused"
    text = N_("当前状态不能办理此事，请刷新页面查看最新状态。")


class InvalidInput(GuaranteeError):
    """Values that cannot be accepted; `fields["errors"]` maps field names to sentences."""

    code = "invalid_input"
    text = N_("有内容需要改正，已填内容都保留。")

    def __init__(self, errors: Mapping[str, str], **fields: object) -> None:
        super().__init__(errors=dict(errors), **fields)
        self.errors = dict(errors)


class RuleRefuses(GuaranteeError):
    """A rule of law stops this; `fields["findings"]` are the findings that refuse."""

    code = "rule_refuses"
    text = N_("依照法规不能办理，请查看规则检查的结论和处理办法。")


class Duplicate(GuaranteeError):
    """The same thing exists already."""

    code = "duplicate"
    text = N_("已经办理过，不能重复办理。")


class TooEarly(GuaranteeError):
    """Not before a time that has not come."""

    code = "too_early"
    text = N_("时间未到，请在 %(not_before)s 之后再试。")

    def __init__(self, not_before: str, **fields: object) -> None:
        super().__init__(not_before=not_before, **fields)


class TooLate(GuaranteeError):
    """A deadline has passed."""

    code = "too_late"
    text = N_("已过截止时间，不能再办理。")


class SubmissionClosed(TooLate):
    """The lot's submission deadline has passed: no bid guarantee is taken on any more."""

    code = "submission_closed"
    text = N_(
        "投标截止时间 %(deadline)s 已过，这个标段不再办理投标保函。请以采购公告写明的时间为准。"
    )

    def __init__(self, deadline: str, **fields: object) -> None:
        super().__init__(deadline=deadline, **fields)


class ProcurementEnded(TooLate):
    """The end of the lot's procurement was confirmed."""

    code = "procurement_ended"
    text = N_("采购人已经确认终止这个标段的采购，不再办理。")


class OpeningUnderway(GuaranteeError):
    """An opening has begun and is not finished: its letters are neither sealed nor judged."""

    code = "opening_underway"
    text = N_("标段 %(lot)s 正在开标，请先完成开标，再办理终止。")


class EndTakenEffect(TooLate):
    """Too late to take the end of a lot back: its opening key is gone, or about to go."""

    code = "end_taken_effect"
    text = N_("已过可以撤销的时间：开标密钥已经或即将销毁，终止不能再撤销。")


class NoOpeningKey(GuaranteeError):
    """Nobody could open the lot's letters: no party that may open it has a key that serves."""

    code = "no_opening_key"
    text = N_(
        "采购人和代理机构都没有可用的解密钥匙，现在开立的保函届时无人能打开，因此暂不办理申请和缴费。"
        "请联系采购人或代理机构建立解密钥匙，建立后即可办理。"
    )


class Unavailable(GuaranteeError):
    """A service that this needs is away; nothing was changed."""

    code = "unavailable"
    text = N_("所需的服务暂时不可用，内容没有丢失，请稍后重试。")


class SignInRefused(GuaranteeError):
    """Wrong login, password or code; which one is not said."""

    code = "sign_in_refused"
    text = N_("用户名、密码或动态验证码不正确。")


class SignInLocked(GuaranteeError):
    """Too many failures; opens again by itself."""

    code = "sign_in_locked"
    text = N_("连续多次不正确，账号已暂时锁定，请在 %(until)s 之后再试。")

    def __init__(self, until: str, **fields: object) -> None:
        super().__init__(until=until, **fields)


class PassphraseRefused(GuaranteeError):
    """The passphrase does not open the key."""

    code = "passphrase_refused"
    text = N_("口令不能打开解密钥匙，请核对大小写后重新输入。")


class RehearsalFailed(GuaranteeError):
    """A key that the passphrase opened does not open a letter sealed to it."""

    code = "rehearsal_failed"
    text = N_("钥匙没有打开演练函，请联系平台运营。投标函件没有受影响。")


class LastKey(GuaranteeError):
    """Without it no letter could be sealed to the organisation."""

    code = "last_key"
    text = N_("这是本单位唯一使用中的钥匙。请先建立另一把，再停用它。")


class OtherKeyNeeded(PassphraseRefused):
    """The passphrase is right, but what is left was sealed to other keys than the one it opens."""

    code = "other_key_needed"
    text = N_(
        "这把钥匙打不开余下的函件：它们密封时还没有用到这把钥匙。请用指纹以 %(fingerprints)s 开头的"
        "钥匙和它的口令开标。函件没有受影响。"
    )


class TrusteeKeyNeeded(OtherKeyNeeded):
    """The same for a trustee's keys."""

    code = "trustee_key_needed"
    text = N_(
        "这把受托钥匙打不开这些函件：它们密封给了本单位的另一把钥匙。请用指纹以 %(fingerprints)s"
        " 开头的钥匙和它的口令（或命令）办理。函件没有受影响。"
    )
