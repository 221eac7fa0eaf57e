"""The certificate of a recipient's own token (数字证书): letters are sealed to it by CMS.

Its private key never comes here: after T the sealed shares are downloaded, decrypted where the
token is, and handed in.
"""

from collections.abc import Mapping
from datetime import datetime

from guarantees.errors import N_, InvalidInput
from guarantees.flow.steps.new_keys import PreparedKey
from guarantees.records.person import CMS
from signing.seal import certificate_fault, fingerprint_of
from signing.seal.tokens import NotACertificate, read_certificate

FAULTS: Mapping[str, str] = {
    "malformed": N_("文件不是 X.509 证书，请导出证书（PEM 或 DER），不要选择证书请求或私钥。"),
    "not_rsa": N_("证书的密钥不是 RSA，暂不支持；请换用 RSA 加密证书，或用口令建立解密钥匙。"),
    "short_key": N_("证书的 RSA 密钥不足 2048 位，不够安全，请换用新的证书。"),
    "long_key": N_("证书的 RSA 密钥超过 4096 位，放不进密封件，请换用 2048 至 4096 位的证书。"),
    "key_usage": N_("证书的用途不含“密钥加密”（keyEncipherment），请选加密证书，不要选签名证书。"),
    "expired": N_("证书已过有效期，请换用有效的证书。"),
    "not_yet_valid": N_("证书还没有到生效时间，请到时再登记。"),
}
"""signing.seal.certificate_fault → sentence."""


def prepare(data: bytes, now: datetime) -> PreparedKey:
    """The key of an uploaded certificate, PEM or DER; InvalidInput says why it cannot be used."""
    try:
        der = read_certificate(data)
    except NotACertificate:
        raise InvalidInput({"certificate": FAULTS["malformed"]}) from None
    fault = certificate_fault(der, now)
    if fault:
        raise InvalidInput({"certificate": FAULTS[fault]})
    return PreparedKey(der, fingerprint_of(der), None, CMS)
