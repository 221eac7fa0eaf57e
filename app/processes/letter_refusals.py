"""Why a letter was not made; light, so that the web process needs no renderer to know it."""

from guarantees.errors import N_, Unavailable

REASONS = {
    "bad_order": N_("指令内容不完整"),
    "no_signing_key": N_("该机构在签名服务中没有可用的签名密钥"),
    "key_unavailable": N_("机构的签名密钥没有签署"),
    "wrong_opening": N_("开标证书与标段不符，或者不是守时服务签发的"),
    "opening_begun": N_("已到开标时间，不再密封"),
    "not_sealable": N_("收件人的加密公钥有误"),
    "timestamp": N_("时间戳服务没有应答"),
    "not_signable": N_("签名没有完成"),
    "not_verified": N_("签名后复核没有通过"),
    "not_rendered": N_("文件没有生成"),
    "journal": N_("密钥使用记录无法写入"),
    "unreachable": N_("签名服务没有应答"),
    "internal": N_("签名服务出错"),
}
"""Reason code to Chinese source text."""

PERMANENT = frozenset({"bad_order", "wrong_opening", "opening_begun", "not_sealable"})
"""Asking again with the same order gives the same answer."""


class LetterNotMade(Unavailable):
    """No letter, and nothing was kept of it; `reason` is a key of REASONS."""

    code = "letter_not_made"
    text = N_("保函没有开立：%(reason_text)s。内容没有丢失，问题解决后可以重试。")

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason=reason, detail=detail, reason_text=REASONS[reason])
        self.reason = reason
        self.detail = detail
        """For the log of operators: no terms, no names."""
