"""Why a step came out as it did, and what to do: Chinese source sentences by code.

Placeholders in braces are the step's parameters. `indication` is the sub-indication of ETSI
EN 319 102-1, 5.1.3 that the code stands for, empty where the standard has none.
"""

from dataclasses import dataclass
from typing import Final

from signing.text import N_


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence with its advice."""

    text: str
    advice: str = ""
    indication: str = ""


_ASK_SENDER: Final = N_("不要接受该文件，请向开函机构索取原始文件后重新查验。")
_ASK_OPERATOR: Final = N_("请联系平台运营人员，说明查验时间和文件大小。")
_ORIGINAL: Final = N_("请使用未经任何软件另存、打印或转换的原始文件重新查验。")
_HASH: Final = "HASH_FAILURE"
_FORMAT: Final = "FORMAT_FAILURE"
_CHAIN: Final = "NO_CERTIFICATE_CHAIN_FOUND"

REASONS: Final[dict[str, Reason]] = {
    # 1 reading the file
    "readable": Reason(N_("文件可以完整读取，共 {signatures} 个签名。")),
    "empty": Reason(N_("文件是空的（0 字节）。"), N_("请重新选择文件后上传。"), _FORMAT),
    "too_big": Reason(
        N_("文件超过可查验的上限 {allowed} MB，未作查验。"),
        N_("保函文件通常不到 1 MB，请确认选择的是保函原件。"),
    ),
    "header": Reason(N_("文件不是 PDF：开头没有 %PDF- 标记。"), _ORIGINAL, _FORMAT),
    "malformed": Reason(
        N_("文件结构损坏，无法读取：{what}（位置 {position}）。"), _ORIGINAL, _FORMAT
    ),
    "limit": Reason(
        N_("文件超出查验限制（{limit}，上限 {allowed}），未作完整查验。"), _ASK_OPERATOR
    ),
    "unreadable_part": Reason(N_("文件的一部分无法解读：{what}。"), _ASK_OPERATOR),
    "encrypted": Reason(
        N_("文件设有打开密码，所给密码不能打开。"), N_("请提供打开密码后重新查验。")
    ),
    "unsigned": Reason(
        N_("文件中没有电子签名。"), N_("没有电子签名的文件不能作为电子保函使用。"), _FORMAT
    ),
    "signature_removed": Reason(
        N_("文件的早期版本有电子签名，但在后来的修改中被移除。"), _ASK_SENDER, _FORMAT
    ),
    "reader_failed": Reason(N_("读取文件时出错（{what}），文件结构不正常。"), _ORIGINAL, _FORMAT),
    "worker_timeout": Reason(
        N_("查验用时超过 {seconds} 秒，已中止。"), N_("文件结构异常，请使用原始文件重试。")
    ),
    "worker_died": Reason(
        N_("查验进程因该文件异常终止（超出内存或处理时间限制，或文件结构有害）。"), _ORIGINAL
    ),
    # 2 integrity
    "intact": Reason(N_("签名值正确，签名覆盖的内容与签署时完全一致。")),
    "intact_sm2": Reason(
        N_(
            "国密签名（SM2、SM3）的签名值正确，签名覆盖的内容与签署时完全一致。覆盖范围和摘要由两套"
            "程序核对，签名值由一套程序（GmSSL）核对。"
        ),
        N_(
            "如需自行复核签名值，可用 openssl pkeyutl 验证（步骤见 docs/gm.md）；pdfsig、openssl "
            "cms 等常用工具不能判断国密签名，它们报错不表示签名无效。"
        ),
    ),
    "byte_range": Reason(N_("签名声明的覆盖范围不合规定。"), _ASK_SENDER, _FORMAT),
    "gap": Reason(
        N_("签名值之外还有内容未被签名覆盖（签名包裹类攻击的特征）。"), _ASK_SENDER, _FORMAT
    ),
    "contents": Reason(N_("找不到签名值。"), _ASK_SENDER, _FORMAT),
    "hex": Reason(N_("签名值的书写形式不合规定，可能被改动。"), _ASK_SENDER, _FORMAT),
    "encoding": Reason(N_("签名值的编码损坏。"), _ASK_SENDER, _FORMAT),
    "padding": Reason(N_("签名值之后的预留空间含有其他数据。"), _ASK_SENDER, _FORMAT),
    "coverage": Reason(N_("签名没有覆盖它所在版本的全部内容。"), _ASK_SENDER, _FORMAT),
    "outside": Reason(N_("签名版本引用了签名范围以外的内容。"), _ASK_SENDER, _FORMAT),
    "duplicate_keys": Reason(
        N_("签名字典中有重复项目，不同软件会读出不同内容。"), _ASK_SENDER, _FORMAT
    ),
    "shared": Reason(N_("同一个签名值被多个签名域引用。"), _ASK_SENDER, _FORMAT),
    "not_in_file": Reason(N_("签名字典不在文件应在的位置。"), _ASK_SENDER, _FORMAT),
    "cms": Reason(N_("签名数据（CMS）无法解读。"), _ASK_SENDER, _FORMAT),
    "digest": Reason(N_("文件内容与签名时不一致：文件在签署后被修改。"), _ASK_SENDER, _HASH),
    "signature": Reason(N_("签名值与签署者的证书不符。"), _ASK_SENDER, "SIG_CRYPTO_FAILURE"),
    "embedded": Reason(N_("签名数据中夹带了另外的内容。"), _ASK_SENDER, _FORMAT),
    "attribute_order": Reason(N_("签名属性的编码不合规定（RFC 5652）。"), _ASK_SENDER, _FORMAT),
    "misplaced_algorithm": Reason(
        N_("签名数据把另一类算法的标识用作摘要或签名算法，无法成立。"), _ASK_SENDER, _FORMAT
    ),
    "no_attributes": Reason(N_("签名缺少必需的签名属性。"), _ASK_SENDER, _FORMAT),
    "other_certificate": Reason(N_("签名指向的证书不是所附的证书。"), _ASK_SENDER, _FORMAT),
    "timestamp_removed": Reason(N_("签名声明带有时间戳，但时间戳已被移除。"), _ASK_SENDER, _FORMAT),
    "not_canonical": Reason(N_("签名数据被改动过。"), _ASK_SENDER, _FORMAT),
    "timestamp_altered": Reason(N_("签名所附的时间戳被改动或替换。"), _ASK_SENDER, _FORMAT),
    "second_reader": Reason(
        N_("两套独立的查验程序结论不一致（{what}），按不通过处理。"), _ASK_SENDER, _FORMAT
    ),
    "unsupported": Reason(
        N_("签名使用了本平台尚不支持的格式或算法（{what}），无法判断真伪。"),
        N_("这不表示签名无效，请使用支持该算法的工具查验。"),
    ),
    # 3 changes after the signature
    "nothing_after": Reason(N_("签名覆盖整个文件，之后没有任何改动。")),
    "tolerated_after": Reason(N_("签名之后只有允许的追加（其他签名、验证数据或空白表单填写）。")),
    "changed": Reason(N_("签名之后文件内容被改动（{what}）。"), _ASK_SENDER, _FORMAT),
    "signature_replaced": Reason(N_("签名之后签名信息本身被替换。"), _ASK_SENDER, _FORMAT),
    "hidden_object": Reason(
        N_("签名之后启用了预先隐藏的内容（影子攻击的特征）。"), _ASK_SENDER, _FORMAT
    ),
    "field_over_page": Reason(
        N_("签名之后增加了遮盖页面的签名域（认证攻击的特征）。"), _ASK_SENDER, _FORMAT
    ),
    "appended": Reason(N_("文件末尾在签名之后被追加了数据。"), _ASK_SENDER, _FORMAT),
    # 4 chain and trust
    "trusted": Reason(N_("签署者证书由受信任的证书机构签发：{anchor}。")),
    "no_anchor": Reason(
        N_("签署者证书不能追溯到受信任的根证书。"),
        N_("如信任该证书机构，请把它的根证书加入信任列表后重新查验。"),
        _CHAIN,
    ),
    "expired": Reason(
        N_("签名时（北京时间 {time}）证书已过期。"),
        N_("请向开函机构核实。"),
        "OUT_OF_BOUNDS_NO_POE",
    ),
    "signed_after_expiry": Reason(
        N_("签署者自称的签署时间（北京时间 {time}）在证书有效期之后。"), _ASK_SENDER, "EXPIRED"
    ),
    "not_yet_valid": Reason(
        N_("签名在证书生效之前已经存在（北京时间 {time}）。"), _ASK_SENDER, "NOT_YET_VALID"
    ),
    "usage": Reason(N_("证书的用途不包括电子签名。"), _ASK_SENDER, "CHAIN_CONSTRAINTS_FAILURE"),
    "weak_chain": Reason(
        N_("证书链使用了已不安全的算法。"),
        N_("请向开函机构核实。"),
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    ),
    "bad_chain": Reason(
        N_("证书链不符合规定（RFC 5280）。"), _ASK_SENDER, "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    ),
    "unreadable_chain": Reason(
        N_("签署者证书或其附带数据无法解读（{what}）。"),
        N_("请向开函机构核实。"),
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    ),
    # 5 revocation
    "good": Reason(N_("证书链上的证书在签名时均未被吊销。")),
    "revoked_later": Reason(
        N_("证书在签名之后（北京时间 {when}）被吊销；可信时间戳证明签名在此之前完成。")
    ),
    "revoked": Reason(
        N_("证书“{name}”已于北京时间 {when} 被吊销，没有证据表明签名在此之前完成。"),
        _ASK_SENDER,
        "REVOKED_NO_POE",
    ),
    "revoked_before": Reason(
        N_("签名时证书“{name}”已被吊销（北京时间 {when}）。"), _ASK_SENDER, "REVOKED"
    ),
    "unknown": Reason(
        N_("没有可用的吊销列表，不能确认证书“{name}”是否被吊销。"),
        N_("请提供证书机构的吊销列表（CRL），或稍后重试。"),
        "TRY_LATER",
    ),
    "stale": Reason(
        N_("证书“{name}”的吊销列表已过期。"), N_("请更新吊销列表后重新查验。"), "TRY_LATER"
    ),
    # 6 time
    "timestamped": Reason(N_("可信时间戳证明签名在北京时间 {time} 已经存在（{authority}）。")),
    "no_timestamp": Reason(
        N_("签名没有时间戳，按查验时间（北京时间 {time}）判断证书有效性。"),
        N_("证书到期后将无法再次查验，建议要求带时间戳的签名。"),
    ),
    "timestamp_broken": Reason(N_("签名所附的时间戳无效或不属于该签名。"), _ASK_SENDER, _HASH),
    "timestamp_untrusted": Reason(
        N_("时间戳不是由受信任的时间戳机构签发，或当时其证书无效。"),
        N_("如信任该时间戳机构，请把它的根证书加入信任列表。"),
        _CHAIN,
    ),
    "timestamp_unchecked": Reason(
        N_("没有有效的吊销列表，不能确认时间戳机构的证书是否被吊销。"),
        N_("请提供时间戳机构的吊销列表（CRL），或稍后重试。"),
        "TRY_LATER",
    ),
    "timestamp_revoked": Reason(
        N_("时间戳机构的证书已被吊销，其时间不再可信。"), N_("请向开函机构核实。"), "REVOKED_NO_POE"
    ),
    "timestamp_future": Reason(
        N_("时间戳的时间（北京时间 {time}）晚于查验时间。"),
        N_("请检查时钟。"),
        "TIMESTAMP_ORDER_FAILURE",
    ),
    # 7 constraints
    "sound": Reason(N_("算法强度与签名形式符合要求（ETSI EN 319 102-1），签名级别为 {level}。")),
    "weak_digest": Reason(
        N_("签名使用了已不安全的摘要算法（{what}）。"),
        N_("请要求开函机构重新签署。"),
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    ),
    "mixed_algorithms": Reason(
        N_("签名把国密算法与其他算法混用（SM2 应与 SM3 一起使用）。"),
        N_("请向开函机构核实。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    "unsigned_attributes": Reason(
        N_("签名带有不受签名保护的附加数据，未予采信。"),
        N_("请向开函机构核实。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    "loose_certificate": Reason(
        N_("签名中夹带了与证书链无关的证书。"),
        N_("请向开函机构核实。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    "level_not_reached": Reason(
        N_("签名声明带有长期验证所需的吊销数据（PAdES-B-LT），但所带数据不足。"),
        N_("请向开函机构核实。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    "untidy_timestamp": Reason(
        N_("时间戳带有不受保护的附加数据或形式不合规定。"),
        N_("请向开函机构核实。"),
        "SIG_CONSTRAINTS_FAILURE",
    ),
    # 8 to 12 the letter, and its status
    "named_institution": Reason(N_("签署者就是保函载明的开函机构：{name}（{code}）。")),
    "other_institution": Reason(
        N_("签署者（{found}）不是保函登记的开函机构（{expected}）。"), _ASK_SENDER
    ),
    "signer_unproven": Reason(N_("签名未通过查验，不能确认签署者身份。"), _ASK_SENDER),
    "registered": Reason(N_("文件与编号 {number} 的登记完全一致。")),
    "other_bytes": Reason(
        N_("编号 {number} 已登记，但登记的是另一份文件：该文件是伪造或改动过的。"), _ASK_SENDER
    ),
    "not_registered": Reason(
        N_("登记簿中没有编号 {number}。"),
        N_("请核对编号；未到开标时间的保函不能按编号查询。"),
    ),
    "logged": Reason(N_("登记已收入公开日志。")),
    "log_pending": Reason(N_("登记尚未收入公开日志。"), N_("日志定期公布，请稍后再查。")),
    "not_logged": Reason(N_("登记没有收入公开日志。"), _ASK_OPERATOR),
    "terms_agree": Reason(N_("文件所附条款与登记一致。")),
    "terms_differ": Reason(N_("文件所附条款与登记不一致。"), _ASK_SENDER),
    "terms_missing": Reason(N_("文件没有附带条款数据。"), _ASK_SENDER),
    "status_known": Reason(N_("保函状态为 {status}。")),
    "not_run": Reason(N_("因前面的步骤未通过，没有执行。")),
}
