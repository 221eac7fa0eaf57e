"""Sealing and opening: steps 2 to 6 and 9 of sealing.md, as pure functions.

    ctx  = SHA256(lp("baohan/seal/v1", eid, number, lot, opening))
    body = length (4) ‖ letter ‖ zeros, a multiple of 256 KiB
    ct   = AES-256-GCM(key, body, aad = ctx ‖ com, nonce = 12 zero bytes)

key and com: derivation.py; wraps: shares.py. A key encrypts one body and no other, since eid, sp
and st are fresh: so its nonce may be constant.
"""

import hmac
import os
from collections.abc import Callable, Iterator, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signing.errors import SigningError
from signing.seal.broken import opaque
from signing.seal.derivation import check_mac, derive, wraps_mac
from signing.seal.envelope import BODY_STEP, MAX_BODY, Envelope, Recipient, SealContext
from signing.seal.profiles import PROFILES, TIMEKEEPER_ALONE, Profile, split, xor
from signing.seal.shares import wrap
from signing.seal.wraps import (
    ARCHIVE,
    RECIPIENT,
    RECOVERY,
    SHARE_BYTES,
    TIMEKEEPER,
    TRUSTEE,
    Wrap,
    area_of,
)

LENGTH_BYTES = 4
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
    trustees: Sequence[Recipient] = (),
    archive: Recipient | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> Envelope:
    """Seals a letter until timekeeper and trustees release `st` and a recipient unwraps `sp`.

    opening_key: X25519 public key, 32 bytes, of the lot's verified opening certificate.
    recipients: procurer, agency: any one of them suffices. recovery: stands in for a lost key.
    trustees: those of the profile, one or several keys each, labelled by their role.
    archive: the institution's own key, for the years after the procurement.
    NotSealable if an argument is at fault.
    """
    if len(letter) > MAX_LETTER:
        raise NotSealable(f"the letter has {len(letter)} bytes, {MAX_LETTER} at most are sealed")
    sp, st = random(SHARE_BYTES), random(SHARE_BYTES)
    key, com = derive(sp, st, context)
    opening = Recipient.of("timekeeper", opening_key)
    try:
        wraps = [
            *(wrap(RECIPIENT, one, sp, context.ctx, com) for one in recipients),
            wrap(RECOVERY, recovery, sp, context.ctx, com),
            *_release(_known(profile), opening, trustees, st, context.ctx, com, random),
            *([wrap(ARCHIVE, archive, sp + st, context.ctx, com)] if archive else ()),
        ]
        area = area_of(context.eid, profile, wraps)
    except ValueError as error:
        raise NotSealable(str(error)) from None
    ct = AESGCM(key).encrypt(NONCE, _body(letter), context.ctx + com)
    inner = com + area + wraps_mac(sp, context.eid, context.ctx, com, area) + ct
    ordered = tuple(sorted(wraps, key=lambda one: one.place))
    return Envelope(inner, context.eid, com, profile, ordered)


def _known(profile: str) -> Profile:
    if profile not in PROFILES:
        raise ValueError("no such profile")
    return PROFILES[profile]


def _release(
    profile: Profile,
    opening: Recipient,
    trustees: Sequence[Recipient],
    st: bytes,
    ctx: bytes,
    com: bytes,
    random: Callable[[int], bytes],
) -> Iterator[Wrap]:
    """The T wrap, and a U wrap for every part and key of its trustee."""
    if {one.label for one in trustees} != set(profile.trustees):
        raise ValueError("the trustees are not those of the profile")
    u = random(SHARE_BYTES) if profile.subsets else bytes(SHARE_BYTES)
    yield wrap(TIMEKEEPER, opening, xor(st, u), ctx, com)
    for (subset, member), part in split(profile, u, random).items():
        for one in trustees:
            if one.label == member:
                yield wrap(TRUSTEE, one, part, ctx, com, subset)


def _body(letter: bytes) -> bytes:
    length = LENGTH_BYTES + len(letter)
    padded = -(-length // BODY_STEP) * BODY_STEP
    return len(letter).to_bytes(LENGTH_BYTES, "big") + letter.ljust(padded - LENGTH_BYTES, b"\x00")


@opaque
def open_envelope(envelope: Envelope, context: SealContext, sp: bytes, st: bytes) -> bytes:
    """The letter, exactly as it was sealed; SealBroken if anything at all does not fit.

    st: with trustees, what shares.combine_st answers.
    """
    if not hmac.compare_digest(envelope.eid, context.eid):
        raise ValueError("another envelope's context")
    key, com = derive(sp, st, context)
    if not hmac.compare_digest(com, envelope.com):
        raise ValueError("the key is not the one committed to")
    check_mac(envelope, context.ctx, sp)
    return _letter(AESGCM(key).decrypt(NONCE, envelope.ct, context.ctx + com))


def _letter(body: bytes) -> bytes:
    end = LENGTH_BYTES + int.from_bytes(body[:LENGTH_BYTES], "big")
    if len(body) - end >= BODY_STEP or body[end:] != bytes(len(body) - end):
        raise ValueError("the padding is not zeros to the next step")
    return body[LENGTH_BYTES:end]
