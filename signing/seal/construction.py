"""Sealing and opening: steps 2 to 6 and 9 of sealing.md, as pure functions.

    ctx         = SHA256(lp("baohan/seal/v1", eid, number, lot, opening))
    key ‖ com   = HKDF-SHA256(sp ‖ st, salt = eid, info = ctx, 64 bytes)
    body        = length (4) ‖ letter ‖ zeros, a multiple of 256 KiB
    ct          = AES-256-GCM(key, body, aad = ctx ‖ com, nonce = 12 zero bytes)
    wrap        = HPKE(public key, share, info = lp(role, ctx, com, fingerprint))
    mac         = HMAC-SHA256(HKDF-SHA256(sp, salt = eid, info = lp("W", ctx, com), 32 bytes), area)

A key encrypts one body and no other, since eid, sp and st are fresh: so its nonce may be constant.
"""

import hmac
import os
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signing.errors import SigningError
from signing.seal import hpke
from signing.seal.broken import opaque
from signing.seal.encoding import lp
from signing.seal.envelope import (
    BODY_STEP,
    COM_BYTES,
    MAX_BODY,
    Envelope,
    Recipient,
    ReleaseRequest,
    SealContext,
    fingerprint_of,
    fingerprint_of_private,
)
from signing.seal.wraps import (
    EID_BYTES,
    HPKE,
    RECIPIENT,
    RECOVERY,
    SHARE_BYTES,
    TIMEKEEPER,
    TIMEKEEPER_ALONE,
    Wrap,
    area_of,
)

LENGTH_BYTES = 4
KEY_BYTES = 32
NONCE = bytes(12)
MAX_LETTER = MAX_BODY - LENGTH_BYTES
"""Bytes of the longest letter that can be sealed."""


class NotSealable(SigningError):
    """A letter cannot be sealed as asked; nothing was made."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """Plain words: which argument is at fault, and how."""


def seal(
    letter: bytes,
    context: SealContext,
    *,
    opening_key: bytes,
    recipients: Sequence[Recipient],
    recovery: Recipient,
    profile: str = TIMEKEEPER_ALONE,
    random: Callable[[int], bytes] = os.urandom,
) -> Envelope:
    """Seals a letter until the timekeeper releases `st` and a recipient unwraps `sp`.

    opening_key: X25519 public key, 32 bytes, of the lot's verified opening certificate.
    recipients: procurer, agency: any one of them suffices. recovery: stands in for a lost key.
    NotSealable if an argument is at fault.
    """
    if len(letter) > MAX_LETTER:
        raise NotSealable(f"the letter has {len(letter)} bytes, {MAX_LETTER} at most are sealed")
    sp, st = random(SHARE_BYTES), random(SHARE_BYTES)
    key, com = derive(sp, st, context)
    opening = Recipient.of("timekeeper", opening_key)
    try:
        wraps = [
            *(_wrap(RECIPIENT, recipient, sp, context, com) for recipient in recipients),
            _wrap(RECOVERY, recovery, sp, context, com),
            _wrap(TIMEKEEPER, opening, st, context, com),
        ]
        area = area_of(context.eid, profile, wraps)
    except ValueError as error:
        raise NotSealable(str(error)) from None
    ct = AESGCM(key).encrypt(NONCE, _body(letter), context.ctx + com)
    inner = com + area + wraps_mac(sp, context, com, area) + ct
    ordered = tuple(sorted(wraps, key=lambda wrap: wrap.place))
    return Envelope(inner, context.eid, com, profile, ordered)


def derive(sp: bytes, st: bytes, context: SealContext) -> tuple[bytes, bytes]:
    """key, com of step 3; ValueError unless both shares and eid have their length."""
    if len(sp) != SHARE_BYTES or len(st) != SHARE_BYTES or len(context.eid) != EID_BYTES:
        raise ValueError("a share or the eid has a wrong length")
    both = _hkdf(sp + st, context.eid, context.ctx, KEY_BYTES + COM_BYTES)
    return both[:KEY_BYTES], both[KEY_BYTES:]


def wraps_mac(sp: bytes, context: SealContext, com: bytes, area: bytes) -> bytes:
    """32 bytes over the wraps area; every recipient can check it, and renew it when re-wrapping."""
    key = _hkdf(sp, context.eid, lp("W", context.ctx, com), 32)
    return hmac.digest(key, area, "sha256")


def _hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _wrap(role: str, to: Recipient, share: bytes, context: SealContext, com: bytes) -> Wrap:
    if to.kind != HPKE or to.fingerprint != fingerprint_of(to.public_key):
        raise ValueError(f"{to.label}: of unknown kind, or the fingerprint is another key's")
    try:
        data = hpke.wrap(to.public_key, share, _info(role, context.ctx, com, to.fingerprint))
    except ValueError:
        raise ValueError(f"{to.label}: not an X25519 public key") from None
    return Wrap(role, to.kind, to.label, to.fingerprint, data)


def _info(role: str, ctx: bytes, com: bytes, fingerprint: bytes) -> bytes:
    return lp(role, ctx, com, fingerprint)


def _body(letter: bytes) -> bytes:
    length = LENGTH_BYTES + len(letter)
    padded = -(-length // BODY_STEP) * BODY_STEP
    return len(letter).to_bytes(LENGTH_BYTES, "big") + letter.ljust(padded - LENGTH_BYTES, b"\x00")


@opaque
def unwrap_sp(envelope: Envelope, ctx: bytes, private_key: bytes) -> bytes:
    """`sp`, with a recipient's or the recovery private key (X25519, 32 bytes), else SealBroken."""
    held = fingerprint_of_private(private_key)
    for wrap in envelope.wraps:
        if wrap.role in (RECIPIENT, RECOVERY) and wrap.fingerprint == held and wrap.kind == HPKE:
            key = X25519PrivateKey.from_private_bytes(private_key)
            return hpke.unwrap(key, wrap.data, _info(wrap.role, ctx, envelope.com, held))
    raise ValueError("wrapped to others only")


@opaque
def unwrap_st(request: ReleaseRequest, opening_key: X25519PrivateKey) -> bytes:
    """`st`, with the opening's private key: the timekeeper's part of step 9; else SealBroken."""
    held = fingerprint_of(opening_key.public_key().public_bytes_raw())
    info = _info(TIMEKEEPER, request.ctx, request.com, held)
    return hpke.unwrap(opening_key, request.enc_and_ct, info)


@opaque
def open_envelope(envelope: Envelope, context: SealContext, sp: bytes, st: bytes) -> bytes:
    """The letter, exactly as it was sealed; SealBroken if anything at all does not fit."""
    if not hmac.compare_digest(envelope.eid, context.eid):
        raise ValueError("another envelope's context")
    key, com = derive(sp, st, context)
    if not hmac.compare_digest(com, envelope.com):
        raise ValueError("the key is not the one committed to")
    if not hmac.compare_digest(wraps_mac(sp, context, com, envelope.area), envelope.mac):
        raise ValueError("the wraps were changed")
    return _letter(AESGCM(key).decrypt(NONCE, envelope.ct, context.ctx + com))


def _letter(body: bytes) -> bytes:
    end = LENGTH_BYTES + int.from_bytes(body[:LENGTH_BYTES], "big")
    if len(body) - end >= BODY_STEP or body[end:] != bytes(len(body) - end):
        raise ValueError("the padding is not zeros to the next step")
    return body[LENGTH_BYTES:end]
