"""What the transparency log takes in: kinds of leaves. The kind itself is stored nowhere."""

from collections.abc import Mapping

from guarantees.errors import N_

KINDS: Mapping[str, str] = {
    "issue": N_("出函：函件原件的指纹"),
    "seal": N_("密封：密封件的指纹"),
    "opening_certificate": N_("开标凭证：时间锁签发的开标时间和公钥"),
    "opening": N_("开标结果：签名的结果清单"),
    "amendment": N_("保函变更"),
    "release": N_("保函解除"),
    "withdrawal": N_("撤回：供应商在投标截止前撤回的密封件"),
    "end": N_("采购终止：标段的终止决定"),
    "trust_change": N_("信任变更：受托人、见证人或信任名单"),
    "key_change": N_("密钥变更：重新封装的解密份额"),
    "recovery": N_("密钥恢复：动用恢复密钥"),
}
"""Kind → what its leaf commits to. A leaf is SHA-256(0x01 ‖ salt ‖ digest), so that all look
alike (sealing.md step 8)."""
