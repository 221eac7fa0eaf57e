"""signing/seal: the construction of sealing.md, steps 2 to 8."""

import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.vault import Vault
from signing import seal
from signing.seal.derivation import derive
from signing.seal.envelope import BODY_STEP, COM_BYTES, HEAD_BYTES

OPENING, PROCURER, AGENCY, RECOVERY, STRANGER = (seal.make_key_pair() for _ in range(5))
RECIPIENTS = (
    seal.Recipient.of("procurer", PROCURER.public_key),
    seal.Recipient.of("agency", AGENCY.public_key),
)
RECOVERER = seal.Recipient.of("recovery", RECOVERY.public_key)
LETTER = b"%PDF-1.7 a letter"
VAULT = Vault([bytes(32)], bytes(32))


def sealed(context: seal.SealContext, letter: bytes = LETTER) -> seal.Envelope:
    return seal.seal(
        letter,
        context,
        opening_key=OPENING.public_key,
        recipients=RECIPIENTS,
        recovery=RECOVERER,
    )


def released(envelope: seal.Envelope, context: seal.SealContext, by: seal.KeyPair) -> bytes:
    key = X25519PrivateKey.from_private_bytes(by.private_key)
    return seal.unwrap_st(envelope.release_request(context), key)


def opened(inner: bytes, context: seal.SealContext, by: seal.KeyPair = PROCURER) -> bytes:
    envelope = seal.parse(inner)
    sp = seal.unwrap_sp(envelope, context.ctx, by.private_key)
    return seal.open_envelope(envelope, context, sp, released(envelope, context, OPENING))


CONTEXT = seal.SealContext.new("BH-1", "lot-1", "opening-1")
ENVELOPE = sealed(CONTEXT)
SP = seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, PROCURER.private_key)
ST = released(ENVELOPE, CONTEXT, OPENING)


@settings(max_examples=40)
@given(
    letter=st.binary(max_size=3000),
    more=st.sampled_from([0, BODY_STEP - 10, BODY_STEP - 5, BODY_STEP - 4, BODY_STEP - 3]),
    names=st.tuples(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20)),
    by=st.sampled_from([PROCURER, AGENCY, RECOVERY]),
)
def test_round_trip(letter: bytes, more: int, names: tuple[str, ...], by: seal.KeyPair) -> None:
    letter += bytes(more)
    context = seal.SealContext.new(*names)
    envelope = sealed(context, letter)
    assert seal.parse(envelope.inner) == envelope
    assert opened(envelope.inner, context, by) == letter


@pytest.mark.parametrize(
    ("length", "steps"), [(0, 1), (BODY_STEP - 4, 1), (BODY_STEP - 3, 2), (2 * BODY_STEP - 4, 2)]
)
def test_length_says_only_the_step(length: int, steps: int) -> None:
    inner = sealed(CONTEXT, bytes(length)).inner
    assert len(inner) == COM_BYTES + 8192 + steps * BODY_STEP + 16
    assert opened(inner, CONTEXT) == bytes(length)


def test_recipients_do_not_change_the_length() -> None:
    one = seal.seal(
        LETTER,
        CONTEXT,
        opening_key=OPENING.public_key,
        recipients=RECIPIENTS[:1],
        recovery=RECOVERER,
    )
    assert len(one.inner) == len(ENVELOPE.inner)
    assert [wrap.label for wrap in one.recipient_wraps] == ["procurer"]


def test_nothing_is_twice_the_same() -> None:
    again = sealed(CONTEXT)
    assert again.com != ENVELOPE.com
    assert again.ct[:64] != ENVELOPE.ct[:64]


def test_inner_shows_neither_letter_nor_context() -> None:
    context = seal.SealContext.new("BH-number-1", "lot-number-1", "opening-number-1")
    inner = sealed(context).inner
    for hidden in (LETTER, b"BH-number-1", b"lot-number-1", b"opening-number-1", context.ctx):
        assert hidden not in inner


def test_a_letter_of_200_kb_takes_under_5_ms_each_way() -> None:
    letter = os.urandom(200_000)
    envelope = sealed(CONTEXT, letter)
    assert quickest(lambda: sealed(CONTEXT, letter)) < 0.005
    assert quickest(lambda: opened(envelope.inner, CONTEXT)) < 0.005


def quickest(work: Callable[[], object]) -> float:
    """Seconds of processor time: other processes' load says nothing about the code."""
    times = []
    for _ in range(10):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


# --- who can open -----------------------------------------------------------------------------


@pytest.mark.parametrize("by", [STRANGER, OPENING])
def test_other_keys_do_not_unwrap_the_procurers_share(by: seal.KeyPair) -> None:
    with pytest.raises(seal.SealBroken):
        seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, by.private_key)


@pytest.mark.parametrize("by", [STRANGER, PROCURER, AGENCY, RECOVERY])
def test_other_keys_do_not_unwrap_the_release_share(by: seal.KeyPair) -> None:
    with pytest.raises(seal.SealBroken):
        released(ENVELOPE, CONTEXT, by)


UNAUTHORISED = {
    "nothing": (bytes(32), bytes(32)),
    "timekeeper alone": (bytes(32), ST),
    "recipient alone": (SP, bytes(32)),
    "timekeeper alone, twice": (ST, ST),
    "recipient alone, twice": (SP, SP),
    "exchanged": (ST, SP),
    "sum": (bytes(a ^ b for a, b in zip(SP, ST, strict=True)), bytes(32)),
    "run together": (SP + ST, b""),
    "short": (SP[:31], ST),
    "long": (SP, ST + b"\x00"),
}


@pytest.mark.parametrize("shares", UNAUTHORISED.values(), ids=UNAUTHORISED.keys())
def test_every_unauthorised_subset_fails(shares: tuple[bytes, bytes]) -> None:
    with pytest.raises(seal.SealBroken):
        seal.open_envelope(ENVELOPE, CONTEXT, *shares)


@given(place=st.integers(0, 63), flip=st.integers(1, 255))
def test_a_share_with_one_wrong_byte_fails(place: int, flip: int) -> None:
    both = bytearray(SP + ST)
    both[place] ^= flip
    with pytest.raises(seal.SealBroken):
        seal.open_envelope(ENVELOPE, CONTEXT, bytes(both[:32]), bytes(both[32:]))


# --- tampering --------------------------------------------------------------------------------

INNER_BYTES = len(ENVELOPE.inner)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(
    place=st.one_of(
        st.integers(0, 700),  # com and the wraps themselves
        st.integers(700, HEAD_BYTES + 16),  # padding of the wraps, their mac
        st.integers(HEAD_BYTES, INNER_BYTES - 1),
        st.integers(INNER_BYTES - 16, INNER_BYTES - 1),
    ),
    flip=st.integers(1, 255),
    by=st.sampled_from([PROCURER, AGENCY, RECOVERY]),
)
def test_every_flipped_byte_fails_alike(place: int, flip: int, by: seal.KeyPair) -> None:
    inner = bytearray(ENVELOPE.inner)
    inner[place] ^= flip
    with pytest.raises(seal.SealBroken) as caught:
        opened(bytes(inner), CONTEXT, by)
    assert_opaque(caught.value)


def test_every_byte_of_the_wraps_fails_when_flipped() -> None:
    used = 4 + int.from_bytes(ENVELOPE.inner[32:36], "big")
    for place in range(COM_BYTES + used):
        inner = bytearray(ENVELOPE.inner)
        inner[place] ^= 1
        with pytest.raises(seal.SealBroken):
            opened(bytes(inner), CONTEXT)


def assert_opaque(error: BaseException) -> None:
    assert type(error) is seal.SealBroken
    assert str(error) == "sealed data cannot be opened"
    assert error.__cause__ is None
    assert error.__context__ is None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "guarded":  # nothing in hand where it is raised
            assert not {"args", "kwargs"} & set(trace.tb_frame.f_locals)
        trace = trace.tb_next


@given(data=st.data())
def test_cut_or_lengthened_it_fails(data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, INNER_BYTES - 1))
    for inner in (ENVELOPE.inner[:cut], ENVELOPE.inner + bytes(cut or 1)):
        with pytest.raises(seal.SealBroken):
            opened(inner, CONTEXT)


CHANGED = {
    "eid": replace(CONTEXT, eid=os.urandom(16)),
    "number": replace(CONTEXT, number="BH-2"),
    "lot": replace(CONTEXT, lot="lot-2"),
    "opening": replace(CONTEXT, opening="opening-2"),
    "slid": replace(CONTEXT, number="BH-1l", lot="ot-1"),
}


@pytest.mark.parametrize("context", CHANGED.values(), ids=CHANGED.keys())
def test_in_another_context_nothing_opens(context: seal.SealContext) -> None:
    with pytest.raises(seal.SealBroken):
        seal.unwrap_sp(ENVELOPE, context.ctx, PROCURER.private_key)
    with pytest.raises(seal.SealBroken):
        released(ENVELOPE, context, OPENING)
    with pytest.raises(seal.SealBroken):
        seal.open_envelope(ENVELOPE, context, SP, ST)


@pytest.mark.parametrize("moved", ["com", "area", "ct", "com and area", "area and ct"])
def test_parts_of_two_envelopes_do_not_fit(moved: str) -> None:
    other = sealed(CONTEXT)
    parts = [
        (other if name in moved.split() else ENVELOPE).inner[start:end]
        for name, start, end in (
            ("com", 0, COM_BYTES),
            ("area", COM_BYTES, HEAD_BYTES),
            ("ct", HEAD_BYTES, None),
        )
    ]
    with pytest.raises(seal.SealBroken):
        opened(b"".join(parts), CONTEXT)


def test_a_wrap_for_one_recipient_does_not_serve_another() -> None:
    first, second = ENVELOPE.recipient_wraps
    others = tuple(wrap for wrap in ENVELOPE.wraps if wrap.role != "P")
    swapped = (replace(first, data=second.data), replace(second, data=first.data), *others)
    for pair in (PROCURER, AGENCY):
        with pytest.raises(seal.SealBroken):
            seal.unwrap_sp(replace(ENVELOPE, wraps=swapped), CONTEXT.ctx, pair.private_key)


def test_a_wrap_for_one_role_does_not_serve_another() -> None:
    both = seal.Recipient.of("procurer", RECOVERY.public_key)  # one key, two roles
    envelope = seal.seal(
        LETTER, CONTEXT, opening_key=OPENING.public_key, recipients=[both], recovery=RECOVERER
    )
    data = {wrap.role: wrap.data for wrap in envelope.wraps}
    wraps = tuple(
        replace(wrap, data=data["R"]) if wrap.role == "P" else wrap for wrap in envelope.wraps
    )
    with pytest.raises(seal.SealBroken):
        seal.unwrap_sp(replace(envelope, wraps=wraps), CONTEXT.ctx, RECOVERY.private_key)


@pytest.mark.parametrize(
    "body",
    [
        (5).to_bytes(4, "big") + b"abcdefg",  # the letter goes on behind its length
        (BODY_STEP).to_bytes(4, "big"),  # longer than the body
        (0xFFFFFFFF).to_bytes(4, "big"),
        b"\x00\x00\x00\x01a" + bytes(BODY_STEP),  # a step of padding too many
    ],
)
def test_padding_is_checked_in_full(body: bytes) -> None:
    key, com = derive(SP, ST, CONTEXT)
    padded = body.ljust(-(-len(body) // BODY_STEP) * BODY_STEP, b"\x00")
    ct = AESGCM(key).encrypt(bytes(12), padded, CONTEXT.ctx + com)
    crafted = replace(ENVELOPE, inner=ENVELOPE.inner[:HEAD_BYTES] + ct)
    with pytest.raises(seal.SealBroken):
        seal.open_envelope(crafted, CONTEXT, SP, ST)


# --- what is refused when sealing -------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recipients": []}, "belong to every envelope"),
        ({"recipients": [RECIPIENTS[0], RECIPIENTS[0]]}, "twice"),
        ({"recipients": [replace(RECIPIENTS[0], public_key=bytes(32))]}, "fingerprint"),
        ({"recipients": [seal.Recipient.of("procurer", bytes(32))]}, "procurer: not an X25519"),
        ({"recipients": [seal.Recipient.of("procurer", b"short")]}, "procurer: not an X25519"),
        ({"recipients": [replace(RECIPIENTS[0], kind="pkcs11")]}, "unknown kind"),
        ({"recipients": [seal.Recipient.of("x" * 65, PROCURER.public_key)]}, "label"),
        ({"opening_key": bytes(32)}, "timekeeper: not an X25519"),
        ({"profile": "none"}, "profile"),
        ({"recipients": [seal.Recipient.of(str(i), os.urandom(32)) for i in range(99)]}, "8 KiB"),
    ],
)
def test_what_cannot_be_sealed_is_said(change: dict[str, object], reason: str) -> None:
    arguments = {
        "opening_key": OPENING.public_key,
        "recipients": RECIPIENTS,
        "recovery": RECOVERER,
    } | change
    with pytest.raises(seal.NotSealable, match=reason):
        seal.seal(LETTER, CONTEXT, **arguments)  # type: ignore[arg-type]


def test_too_long_a_letter_is_refused() -> None:
    with pytest.raises(seal.NotSealable, match="16777212 at most"):
        sealed(CONTEXT, bytes(seal.MAX_LETTER + 1))


# --- at rest and in the log -------------------------------------------------------------------


@settings(max_examples=60)
@given(place=st.integers(8, INNER_BYTES + 35), flip=st.integers(1, 255))
def test_stored_every_flipped_byte_fails(place: int, flip: int) -> None:
    stored = bytearray(seal.vault_wrap(ENVELOPE.inner, CONTEXT.eid, VAULT.lock))
    stored[place] ^= flip
    with pytest.raises(seal.SealBroken):
        seal.vault_unwrap(bytes(stored), CONTEXT.eid, VAULT.unlock)


def test_stored_it_belongs_to_its_eid() -> None:
    stored = seal.vault_wrap(ENVELOPE.inner, CONTEXT.eid, VAULT.lock)
    assert seal.vault_unwrap(stored, CONTEXT.eid, VAULT.unlock) == ENVELOPE.inner
    with pytest.raises(seal.SealBroken):
        seal.vault_unwrap(stored, os.urandom(16), VAULT.unlock)
    for hidden in (CONTEXT.eid, *(wrap.fingerprint for wrap in ENVELOPE.wraps)):
        assert hidden not in stored


def test_a_leaf_needs_its_salt_and_exactly_its_letter() -> None:
    stored = seal.vault_wrap(ENVELOPE.inner, CONTEXT.eid, VAULT.lock)
    leaf = seal.leaf_hash(bytes(32), stored)
    assert len(leaf) == 32
    assert leaf != seal.leaf_hash(b"\x01" * 32, stored)
    assert leaf != seal.leaf_hash(bytes(32), stored + b"\x00")
    with pytest.raises(ValueError, match="32 bytes"):
        seal.leaf_hash(bytes(31), stored)


def test_a_release_request_is_named_by_all_it_holds() -> None:
    request = ENVELOPE.release_request(CONTEXT)
    others = (
        replace(request, ctx=bytes(32)),
        replace(request, com=bytes(32)),
        replace(request, enc_and_ct=bytes(80)),
    )
    assert len({request.digest, *(other.digest for other in others)}) == 4
    assert ENVELOPE.opening_fingerprint == seal.fingerprint_of(OPENING.public_key)
