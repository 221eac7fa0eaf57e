"""Wrapping shares and taking them out again: steps 5, 6 and 9 of sealing.md.

    wrap = HPKE(public key, secret, info = lp(role, ctx, com, fingerprint))
    U    = the same with the 2-byte number of the subset at the end of info

For a recipient with a token see cms.py. Every failure to take a share out is SealBroken.
"""

import hmac
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing.seal import cms, hpke
from signing.seal.broken import opaque
from signing.seal.derivation import check_mac, derive
from signing.seal.encoding import lp
from signing.seal.envelope import (
    Envelope,
    Recipient,
    ReleaseRequest,
    SealContext,
    TrusteeRequest,
    fingerprint_of,
    fingerprint_of_private,
)
from signing.seal.profiles import PROFILES, Profile, xor
from signing.seal.wraps import (
    ARCHIVE,
    CMS,
    HPKE,
    RECIPIENT,
    RECOVERY,
    SHARE_BYTES,
    TIMEKEEPER,
    TRUSTEE,
    Wrap,
)


def wrap(role: str, to: Recipient, secret: bytes, ctx: bytes, com: bytes, subset: int = 0) -> Wrap:
    """ValueError, with words for people, if the recipient is not one."""
    if to.fingerprint != fingerprint_of(to.public_key):
        raise ValueError(f"{to.label}: the fingerprint is another key's")
    try:
        data = _wrapped(role, to, secret, ctx, com, subset)
    except ValueError as error:
        raise ValueError(f"{to.label}: {error}") from None
    return Wrap(role, to.kind, to.label, to.fingerprint, data, subset)


def _wrapped(role: str, to: Recipient, secret: bytes, ctx: bytes, com: bytes, subset: int) -> bytes:
    if to.kind == CMS and role == RECIPIENT:
        return cms.wrap(to.public_key, cms.share_of(secret, ctx, com, to.fingerprint))
    if to.kind != HPKE:
        raise ValueError("of unknown kind")
    try:
        return hpke.wrap(to.public_key, secret, _info(role, ctx, com, to.fingerprint, subset))
    except ValueError:
        raise ValueError("not an X25519 public key") from None


def _info(role: str, ctx: bytes, com: bytes, fingerprint: bytes, subset: int = 0) -> bytes:
    numbered = (subset.to_bytes(2, "big"),) if role == TRUSTEE else ()
    return lp(role, ctx, com, fingerprint, *numbered)


def rewrap(sp: bytes, context: SealContext, com: bytes, recipient: Recipient) -> Wrap:
    """`sp` for a recipient's new key, kept beside the envelope; ValueError as `wrap`.

    The envelope itself never changes: its leaf stands in the log.
    """
    return wrap(RECIPIENT, recipient, sp, context.ctx, com)


# --- the procurer's share ---------------------------------------------------------------------


@opaque
def unwrap_sp(
    envelope: Envelope, ctx: bytes, private_key: bytes, extra: Sequence[Wrap] = ()
) -> bytes:
    """`sp`, with a recipient's or the recovery private key (X25519, 32 bytes), else SealBroken.

    extra: wraps made later by `rewrap`. What comes out is proven to be the envelope's share.
    """
    held = fingerprint_of_private(private_key)
    for one in (*envelope.wraps, *extra):
        if one.role in (RECIPIENT, RECOVERY) and one.fingerprint == held and one.kind == HPKE:
            key = X25519PrivateKey.from_private_bytes(private_key)
            sp = hpke.unwrap(key, one.data, _info(one.role, ctx, envelope.com, held))
            check_mac(envelope, ctx, sp)
            return sp
    raise ValueError("wrapped to others only")


@opaque
def sp_handed_in(envelope: Envelope, ctx: bytes, share: bytes, extra: Sequence[Wrap] = ()) -> bytes:
    """`sp` of the 64 bytes that a token's holder took out of a CMS wrap, else SealBroken.

    extra: as for unwrap_sp. A share of another letter, or of another recipient, is refused.
    """
    sp = share[:SHARE_BYTES]
    for one in (*envelope.wraps, *extra):
        if one.role == RECIPIENT and one.kind == CMS:
            bound = cms.share_of(sp, ctx, envelope.com, one.fingerprint)
            if hmac.compare_digest(bound, share):
                check_mac(envelope, ctx, sp)
                return sp
    raise ValueError("not a share of this letter")


@opaque
def sp_proven(envelope: Envelope, ctx: bytes, sp: bytes) -> bytes:
    """`sp` if it is this envelope's, as the recovery key's holder says; else SealBroken."""
    check_mac(envelope, ctx, sp)
    return sp


# --- the release share ------------------------------------------------------------------------


@opaque
def unwrap_st(request: ReleaseRequest, opening_key: X25519PrivateKey) -> bytes:
    """`st_T`, with the opening's private key: the timekeeper's part of step 9; else SealBroken."""
    held = fingerprint_of(opening_key.public_key().public_bytes_raw())
    info = _info(TIMEKEEPER, request.ctx, request.com, held)
    return hpke.unwrap(opening_key, request.enc_and_ct, info)


def archive_st(st_t: bytes, request: ReleaseRequest, recovery: Recipient) -> bytes:
    """`st_T` wrapped to the recovery key as it was to the opening key, before that is erased.

    The recovery key takes it out by unwrap_st, from the same request with these bytes in it.
    """
    return wrap(TIMEKEEPER, recovery, st_t, request.ctx, request.com).data


@opaque
def unwrap_part(request: TrusteeRequest, private_key: bytes) -> bytes:
    """A trustee's part of `u`, 32 bytes, with its private key (X25519); else SealBroken."""
    key = X25519PrivateKey.from_private_bytes(private_key)
    held = fingerprint_of_private(private_key)
    if held != request.fingerprint:
        raise ValueError("wrapped to another key")
    info = _info(TRUSTEE, request.ctx, request.com, held, request.subset)
    return hpke.unwrap(key, request.enc_and_ct, info)


def part_request(
    part: bytes, trustee: Recipient, ctx: bytes, com: bytes, subset: int
) -> TrusteeRequest:
    """Asks a trustee for a part that is wrapped here: for rehearsals. ValueError as `wrap`."""
    made = wrap(TRUSTEE, trustee, part, ctx, com, subset)
    return TrusteeRequest(ctx, com, subset, trustee.label, made.fingerprint, made.data)


@opaque
def combine_st(
    envelope: Envelope,
    context: SealContext,
    sp: bytes,
    st_t: bytes,
    parts: Mapping[tuple[int, str], bytes],
) -> bytes:
    """`st` of the timekeeper's share and the trustees' parts, by (subset, trustee).

    Every allowed subset that is complete is tried, so that a false part of one trustee stops none
    that does without it. SealBroken if no subset is complete, or none gives this envelope's key.
    """
    profile = PROFILES[envelope.profile]
    for st in _candidates(profile, st_t, parts):
        if hmac.compare_digest(derive(sp, st, context)[1], envelope.com):
            return st
    raise ValueError("no allowed subset gives the release share")


def _candidates(
    profile: Profile, st_t: bytes, parts: Mapping[tuple[int, str], bytes]
) -> list[bytes]:
    if not profile.subsets:
        return [st_t]
    seats = [
        [(number, member) for member in subset]
        for number, subset in enumerate(profile.subsets, start=1)
    ]
    whole = [places for places in seats if all(place in parts for place in places)]
    return [
        xor(st_t, *(parts[place] for place in places))
        for places in whole
        if all(len(parts[place]) == len(st_t) for place in places)
    ]


@opaque
def unwrap_archive(envelope: Envelope, ctx: bytes, private_key: bytes) -> tuple[bytes, bytes]:
    """`sp` and `st`, with the institution's archive key; else SealBroken."""
    held = fingerprint_of_private(private_key)
    for one in envelope.wraps:
        if one.role == ARCHIVE and one.fingerprint == held:
            key = X25519PrivateKey.from_private_bytes(private_key)
            both = hpke.unwrap(key, one.data, _info(ARCHIVE, ctx, envelope.com, held))
            check_mac(envelope, ctx, both[:SHARE_BYTES])
            return both[:SHARE_BYTES], both[SHARE_BYTES:]
    raise ValueError("no archive copy for this key")
