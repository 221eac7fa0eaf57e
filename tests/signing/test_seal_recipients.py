"""Tokens (CMS), the archive's copy, keys changed later: all that takes `sp` out but a plain key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import seal
from signing.seal import cms
from signing.seal.shares import archive_st
from signing.seal.wraps import RECIPIENT, Wrap
from tests.signing.envelopes import KEYS, LETTER, opened, parts, released, sealed
from tests.signing.tokens import MADE, Token, key_usage, token, token_of

CONTEXT = seal.SealContext.new("BH-1", "lot-1", "opening-1")
OTHER = seal.SealContext.new("BH-2", "lot-1", "opening-1")
ENVELOPE = sealed("timekeeper", CONTEXT)
SP = seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, KEYS.procurer.private_key)


def token_wrap(envelope: seal.Envelope = ENVELOPE) -> Wrap:
    (found,) = [one for one in envelope.recipient_wraps if one.kind == seal.CMS]
    return found


# --- a token ----------------------------------------------------------------------------------


def test_openssl_takes_the_share_out_and_it_opens_the_letter() -> None:
    share = token().opened(token_wrap().data)
    assert len(share) == 64
    sp = seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, share)
    assert sp == SP
    assert seal.open_envelope(ENVELOPE, CONTEXT, sp, released(ENVELOPE, CONTEXT)) == LETTER


@pytest.mark.parametrize("bits", [3072, 4096])
def test_longer_keys_and_long_names_fit(bits: int) -> None:
    long = token_of(rsa.generate_private_key(65537, bits), name="公共资源" * 5)
    recipient = seal.Recipient.of_certificate("procurer", long.certificate)
    made = seal.rewrap(SP, CONTEXT, ENVELOPE.com, recipient)
    assert made.kind == seal.CMS
    share = long.opened(made.data)
    assert seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, share, [made]) == SP
    with pytest.raises(seal.SealBroken):
        seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, share)


def test_another_token_takes_nothing_out() -> None:
    assert token(1).opened(token_wrap().data) == b""


@pytest.mark.parametrize("step", [0.0, 0.3, 0.5, 0.8, 0.99])
def test_a_changed_wrap_gives_openssl_nothing_that_is_taken(step: float) -> None:
    data = bytearray(token_wrap().data)
    data[int(step * len(data))] ^= 1
    share = token().opened(bytes(data))
    if share:
        with pytest.raises(seal.SealBroken):
            seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, share)


def test_every_byte_of_a_handed_in_share_counts() -> None:
    share = token().opened(token_wrap().data)
    for place in range(64):
        flipped = bytearray(share)
        flipped[place] ^= 1
        with pytest.raises(seal.SealBroken):
            seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, bytes(flipped))
    for wrong in (b"", share[:32], share[:63], share + b"\x00", SP + SP, bytes(64)):
        with pytest.raises(seal.SealBroken):
            seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, wrong)


def test_a_share_of_another_letter_or_recipient_is_refused() -> None:
    other = sealed("timekeeper", OTHER)
    share = token().opened(token_wrap(other).data)
    assert seal.sp_handed_in(other, OTHER.ctx, share)
    for envelope, ctx in ((ENVELOPE, CONTEXT.ctx), (ENVELOPE, OTHER.ctx), (other, CONTEXT.ctx)):
        with pytest.raises(seal.SealBroken):
            seal.sp_handed_in(envelope, ctx, share)
    stranger = cms.share_of(SP, CONTEXT.ctx, ENVELOPE.com, seal.fingerprint_of(b"another"))
    with pytest.raises(seal.SealBroken):
        seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, stranger)
    forged = cms.share_of(bytes(32), CONTEXT.ctx, ENVELOPE.com, token_wrap().fingerprint)
    with pytest.raises(seal.SealBroken):  # right in form, made by someone who lacks sp
        seal.sp_handed_in(ENVELOPE, CONTEXT.ctx, forged)


UNUSABLE: dict[str, Callable[[], bytes]] = {
    "malformed": lambda: b"\x30\x03\x02\x01\x01",
    "not_rsa": lambda: token_of(ec.generate_private_key(ec.SECP256R1())).certificate,
    "short_key": lambda: token(0, 1024).certificate,
    "long_key": lambda: token(0, 4104).certificate,
    "key_usage": lambda: signing_only().certificate,
}


def signing_only() -> Token:
    key = rsa.generate_private_key(65537, 2048)
    return token_of(key, usage=key_usage(key_encipherment=False))


@pytest.mark.parametrize("fault", UNUSABLE)
def test_a_certificate_that_cannot_be_used_is_said(fault: str) -> None:
    certificate = UNUSABLE[fault]()
    assert seal.certificate_fault(certificate) == fault
    recipient = seal.Recipient.of_certificate("procurer", certificate)
    with pytest.raises(ValueError, match=f"procurer: its certificate cannot be used: {fault}"):
        seal.rewrap(SP, CONTEXT, ENVELOPE.com, recipient)


@pytest.mark.parametrize(
    ("now", "fault"),
    [
        (MADE - timedelta(seconds=1), "not_yet_valid"),
        (MADE, ""),
        (MADE + timedelta(days=365), ""),
        (MADE + timedelta(days=365, seconds=1), "expired"),
    ],
)
def test_a_certificates_time_is_looked_at_where_it_is_asked(now: datetime, fault: str) -> None:
    usable = token_of(rsa.generate_private_key(65537, 2048), usage=key_usage(key_encipherment=True))
    assert seal.certificate_fault(usable.certificate, now) == fault
    assert seal.certificate_fault(usable.certificate) == ""


# --- a key changed later ----------------------------------------------------------------------


def test_a_wrap_made_later_opens_the_unchanged_envelope() -> None:
    fresh = seal.make_key_pair()
    recipient = seal.Recipient.of("procurer", fresh.public_key)
    made = seal.rewrap(SP, CONTEXT, ENVELOPE.com, recipient)
    assert Wrap.decoded(made.encoded()) == made
    with pytest.raises(seal.SealBroken):
        seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, fresh.private_key)
    assert seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, fresh.private_key, [made]) == SP
    assert seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, KEYS.procurer.private_key, [made]) == SP


def test_a_wrap_made_later_serves_one_letter_and_is_checked() -> None:
    fresh = seal.make_key_pair()
    recipient = seal.Recipient.of("procurer", fresh.public_key)
    other = sealed("timekeeper", OTHER)
    made = seal.rewrap(SP, CONTEXT, ENVELOPE.com, recipient)
    false = seal.rewrap(bytes(32), CONTEXT, ENVELOPE.com, recipient)
    moved = replace(made, role="T")
    for envelope, ctx, extra in (
        (other, OTHER.ctx, made),
        (other, CONTEXT.ctx, made),
        (ENVELOPE, CONTEXT.ctx, false),
        (ENVELOPE, CONTEXT.ctx, moved),
        (ENVELOPE, CONTEXT.ctx, replace(made, data=made.data[:-1] + b"\x00")),
    ):
        with pytest.raises(seal.SealBroken):
            seal.unwrap_sp(envelope, ctx, fresh.private_key, [extra])


@pytest.mark.parametrize(
    "change",
    [
        {"role": "X"},
        {"kind": "pkcs11"},
        {"subset": 1},
        {"role": "U"},
        {"data": bytes(79)},
        {"fingerprint": bytes(31)},
        {"label": "x" * 65},
        {"role": "R", "kind": "cms", "data": bytes(600)},
        {"role": "A"},
    ],
)
def test_a_wrap_that_cannot_be_is_not_read(change: dict[str, object]) -> None:
    (plain,) = [one for one in ENVELOPE.recipient_wraps if one.kind == seal.HPKE]
    with pytest.raises(ValueError, match=r"wrap|part"):
        Wrap.decoded(replace(plain, **change).encoded())  # type: ignore[arg-type]
    with pytest.raises(ValueError):  # noqa: PT011 - of any sort
        Wrap.decoded(plain.encoded() + b"\x00")


# --- the archive ------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", seal.PROFILES)
def test_the_institutions_archive_key_opens_its_own_letter(profile: str) -> None:
    envelope = sealed(profile, CONTEXT)
    sp, st = seal.unwrap_archive(envelope, CONTEXT.ctx, KEYS.archive.private_key)
    assert seal.open_envelope(envelope, CONTEXT, sp, st) == LETTER
    for pair in (KEYS.procurer, KEYS.recovery, KEYS.opening, *KEYS.trustees.values()):
        with pytest.raises(seal.SealBroken):
            seal.unwrap_archive(envelope, CONTEXT.ctx, pair.private_key)
    with pytest.raises(seal.SealBroken):
        seal.unwrap_archive(envelope, OTHER.ctx, KEYS.archive.private_key)


def test_without_an_archive_key_there_is_no_copy() -> None:
    bare = seal.seal(
        LETTER,
        CONTEXT,
        opening_key=KEYS.opening.public_key,
        recipients=[seal.Recipient.of("procurer", KEYS.procurer.public_key)],
        recovery=seal.Recipient.of("recovery", KEYS.recovery.public_key),
    )
    assert {one.role for one in bare.wraps} == {RECIPIENT, "R", "T"}
    with pytest.raises(seal.SealBroken):
        seal.unwrap_archive(bare, CONTEXT.ctx, KEYS.archive.private_key)


@pytest.mark.parametrize("profile", seal.PROFILES)
def test_after_an_erasure_the_recovery_key_opens_with_what_was_archived(profile: str) -> None:
    """And with trustees not without them."""
    envelope = sealed(profile, CONTEXT)
    request = envelope.release_request(CONTEXT)
    recovery = seal.Recipient.of("recovery", KEYS.recovery.public_key)
    kept = archive_st(released(envelope, CONTEXT), request, recovery)
    held = X25519PrivateKey.from_private_bytes(KEYS.recovery.private_key)
    st_t = seal.unwrap_st(replace(request, enc_and_ct=kept), held)
    sp = seal.unwrap_sp(envelope, CONTEXT.ctx, KEYS.recovery.private_key)
    st = seal.combine_st(envelope, CONTEXT, sp, st_t, parts(envelope, CONTEXT))
    assert seal.open_envelope(envelope, CONTEXT, sp, st) == LETTER
    if profile != "timekeeper":
        with pytest.raises(seal.SealBroken):
            seal.combine_st(envelope, CONTEXT, sp, st_t, {})
    with pytest.raises(seal.SealBroken):
        seal.unwrap_st(replace(request, enc_and_ct=kept, ctx=OTHER.ctx), held)


def test_the_procurer_opens_beside_token_and_archive() -> None:
    assert opened(ENVELOPE.inner, CONTEXT, ()) == LETTER
