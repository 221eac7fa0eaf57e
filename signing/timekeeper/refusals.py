"""Why the timekeeper refuses: codes for programs, sentences for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from signing.errors import SigningError
from signing.text import N_

REFUSALS: Mapping[str, str] = {
    "bad_request": N_("对时间锁的请求格式不正确：%(reason)s。"),
    "unknown_opening": N_("时间锁没有登记过这次开标。"),
    "already_registered": N_(
        "该标段已登记在 %(opening_time)s 开标，不能以其他时间重复登记；推迟开标请办理延期。"
    ),
    "time_before_deadline": N_("开标时间 %(opening_time)s 早于投标截止时间 %(deadline)s。"),
    "time_past": N_("开标时间 %(opening_time)s 已过，不能登记；现在是 %(now)s。"),
    "time_not_later": N_("开标时间只能推迟，不能早于已登记的 %(opening_time)s。"),
    "opening_passed": N_("开标时间 %(opening_time)s 已到，不能再推迟。"),
    "early": N_("开标时间 %(opening_time)s 未到，不予解锁；现在是 %(now)s。"),
    "clock_backwards": N_(
        "时间锁的时钟倒退了 %(seconds)s 秒，恢复正常之前不予办理；请检查服务器的时间同步。"
    ),
    "clock_unconfirmed": N_(
        "时间戳机构 %(source)s 超过 %(hours)s 小时未能核对时间（%(problem)s），不予解锁；"
        "请检查网络，或改用其他时间戳机构后重启时间锁。"
    ),
    "clock_disagrees": N_(
        "时间锁的时钟与时间戳机构 %(source)s 相差 %(offset_seconds)s 秒，"
        "超过允许的 %(tolerance_seconds)s 秒，不予解锁；请校正服务器时间。"
    ),
    "peer_refused": N_("系统用户 %(uid)s 无权调用时间锁。"),
    "withheld": N_("该投标已撤回，时间锁不再解锁这份保函。"),
    "broken_wrap": N_("这份保函的解锁数据无法解开。"),
    "erasing": N_(
        "该次采购已申请终止，开标密钥将于 %(due)s 销毁，其间不予解锁；如系误办，请撤销终止。"
    ),
    "same_person": N_("销毁开标密钥须由两人办理，申请人与确认人不能是同一人。"),
    "archived": N_("这次开标的保函已在开标之前移交备用钥匙存档，终止不能再撤销。"),
    "not_withheld": N_("这份投标没有撤回，采购也没有终止，不予存档。"),
    "no_recovery_key": N_("时间锁没有配置备用钥匙，不能存档；请指定备用钥匙后重启时间锁。"),
    "erased": N_("该次采购已终止，开标密钥已经销毁，其保函不再能解锁。"),
    "key_missing": N_("时间锁的密钥库缺少这次开标的密钥，请用托管份额恢复。"),
    "store_unavailable": N_("时间锁无法写入密钥库（%(reason)s），请检查磁盘空间后重试。"),
    "log_note_invalid": N_("公开日志的检查点格式或签名不正确（%(why)s），不予副署。"),
    "log_key_changed": N_("公开日志 %(origin)s 换了签名密钥，不予副署；请核对日志的签名服务。"),
    "log_inconsistent": N_(
        "公开日志 %(origin)s 的检查点与已副署的内容不一致（%(why)s），不予副署；"
        "日志可能被改写或回退，请立即核查。"
    ),
    "journal_unavailable": N_("时间锁无法写入日志（%(reason)s），请检查磁盘空间后重试。"),
}
"""Code → sentence, its places filled from the refusal's detail."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done. Nothing of what was asked has happened."""

    code: str
    """A key of REFUSALS."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Fills the sentence: text and whole numbers; moments in UTC, durations in seconds."""


class TimekeeperRefused(SigningError):
    """The whole call was refused; single wraps of a release are refused in its answer instead."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code, detail)
        self.refusal = Refusal(code, detail)

    @property
    def code(self) -> str:
        return self.refusal.code

    @property
    def detail(self) -> Mapping[str, Any]:
        return self.refusal.detail

    def __str__(self) -> str:
        return f"the timekeeper refused ({self.code}): {dict(self.detail)}"
