"""What is derived from the shares: step 3 of sealing.md, and the mac of the wraps.

key ‖ com = HKDF-SHA256(sp ‖ st, salt = eid, info = ctx, 64 bytes)
mac       = HMAC-SHA256(HKDF-SHA256(sp, salt = eid, info = lp("W", ctx, com), 32 bytes), area)
"""

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signing.seal.encoding import lp
from signing.seal.envelope import COM_BYTES, Envelope, SealContext
from signing.seal.wraps import EID_BYTES, SHARE_BYTES

KEY_BYTES = 32


def derive(sp: bytes, st: bytes, context: SealContext) -> tuple[bytes, bytes]:
    """key, com of step 3; ValueError unless both shares and eid have their length."""
    if len(sp) != SHARE_BYTES or len(st) != SHARE_BYTES or len(context.eid) != EID_BYTES:
        raise ValueError("a share or the eid has a wrong length")
    both = _hkdf(sp + st, context.eid, context.ctx, KEY_BYTES + COM_BYTES)
    return both[:KEY_BYTES], both[KEY_BYTES:]


def wraps_mac(sp: bytes, eid: bytes, ctx: bytes, com: bytes, area: bytes) -> bytes:
    """32 bytes over the wraps area: whoever holds `sp` can check it, nobody else can make it."""
    key = _hkdf(sp, eid, lp("W", ctx, com), 32)
    return hmac.digest(key, area, "sha256")


def check_mac(envelope: Envelope, ctx: bytes, sp: bytes) -> None:
    """ValueError unless `sp` is this envelope's and its wraps are as they were sealed."""
    made = wraps_mac(sp, envelope.eid, ctx, envelope.com, envelope.area)
    if len(sp) != SHARE_BYTES or not hmac.compare_digest(made, envelope.mac):
        raise ValueError("another envelope's share, or the wraps were changed")


def _hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
