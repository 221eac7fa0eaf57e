"""Trustees: every allowed subset of holders opens, and no other, whatever it makes of shares."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import seal
from signing.seal.derivation import derive
from signing.seal.profiles import xor
from signing.seal.wraps import TRUSTEE
from tests.signing.envelopes import KEYS, LETTER, TRUSTEES, opened, parts, released, sealed
from tests.signing.test_seal import quickest

CONTEXT = seal.SealContext.new("BH-1", "lot-1", "opening-1")
ENVELOPES = {profile: sealed(profile, CONTEXT) for profile in seal.PROFILES}
TWO_OF_THREE = ENVELOPES["timekeeper+2of3"]
HOLDERS = ("procurer", "timekeeper", *TRUSTEES)


def subsets(things: tuple[str, ...]) -> list[frozenset[str]]:
    sizes = range(len(things) + 1)
    return [frozenset(one) for size in sizes for one in itertools.combinations(things, size)]


def test_the_profiles_are_those_that_were_decided() -> None:
    allowed = {name: [set(one) for one in made.subsets] for name, made in seal.PROFILES.items()}
    assert allowed == {
        "timekeeper": [],
        "timekeeper+regulator": [{"regulator"}],
        "timekeeper+2of3": [
            {"regulator", "trading_centre"},
            {"regulator", "association"},
            {"trading_centre", "association"},
        ],
    }


def may_open(profile: str, holders: frozenset[str]) -> bool:
    """By counting, not by the code under test."""
    needed = {"timekeeper": 0, "timekeeper+regulator": 1, "timekeeper+2of3": 2}[profile]
    known = TRUSTEES if profile == "timekeeper+2of3" else ("regulator",)
    return {"procurer", "timekeeper"} <= holders and len(holders & set(known)) >= needed


@pytest.mark.parametrize("profile", seal.PROFILES)
@pytest.mark.parametrize("holders", subsets(HOLDERS), ids=lambda one: "+".join(sorted(one)) or "-")
def test_every_subset_of_holders(profile: str, holders: frozenset[str]) -> None:
    """Who may not open tries every sum of all shares it has, as either share, and finds no key."""
    envelope = ENVELOPES[profile]
    sp = seal.unwrap_sp(envelope, CONTEXT.ctx, KEYS.procurer.private_key)
    st_t = released(envelope, CONTEXT)
    given_parts = parts(envelope, CONTEXT, holders & set(TRUSTEES))
    if may_open(profile, holders):
        release = seal.combine_st(envelope, CONTEXT, sp, st_t, given_parts)
        assert seal.open_envelope(envelope, CONTEXT, sp, release) == LETTER
        return
    own = {"procurer": sp, "timekeeper": st_t}
    held = [share for name, share in own.items() if name in holders]
    held += given_parts.values()
    sums = list(all_sums(held))
    for first in {sp, bytes(32)} & {*held, bytes(32)}:
        for second in sums:
            assert derive(first, second, CONTEXT)[1] != envelope.com
    with pytest.raises(seal.SealBroken):
        seal.combine_st(
            envelope,
            CONTEXT,
            own["procurer"] if "procurer" in holders else bytes(32),
            own["timekeeper"] if "timekeeper" in holders else bytes(32),
            given_parts,
        )


def all_sums(shares: list[bytes]) -> Iterator[bytes]:
    for size in range(len(shares) + 1):
        for chosen in itertools.combinations(shares, size):
            yield xor(bytes(32), *chosen)


@given(chosen=st.sets(st.sampled_from(sorted(parts(TWO_OF_THREE, CONTEXT)))))
def test_parts_of_different_subsets_make_no_whole(chosen: set[tuple[int, str]]) -> None:
    """Each part alone is in no other subset's sum: only both of one subset together help."""
    sp = seal.unwrap_sp(TWO_OF_THREE, CONTEXT.ctx, KEYS.procurer.private_key)
    st_t = released(TWO_OF_THREE, CONTEXT)
    every = parts(TWO_OF_THREE, CONTEXT)
    some = {seat: every[seat] for seat in chosen}
    if {1, 2, 3} & {n for n in (1, 2, 3) if sum(seat[0] == n for seat in chosen) == 2}:
        assert seal.combine_st(TWO_OF_THREE, CONTEXT, sp, st_t, some)
        return
    for release in all_sums([st_t, *some.values()]):
        assert derive(sp, release, CONTEXT)[1] != TWO_OF_THREE.com
    with pytest.raises(seal.SealBroken):
        seal.combine_st(TWO_OF_THREE, CONTEXT, sp, st_t, some)


@pytest.mark.parametrize("liar", TRUSTEES)
def test_a_false_part_stops_no_subset_that_does_without_it(liar: str) -> None:
    sp = seal.unwrap_sp(TWO_OF_THREE, CONTEXT.ctx, KEYS.procurer.private_key)
    st_t = released(TWO_OF_THREE, CONTEXT)
    false = {
        seat: os.urandom(32) if seat[1] == liar else part
        for seat, part in parts(TWO_OF_THREE, CONTEXT).items()
    }
    release = seal.combine_st(TWO_OF_THREE, CONTEXT, sp, st_t, false)
    assert seal.open_envelope(TWO_OF_THREE, CONTEXT, sp, release) == LETTER
    two = {
        seat: part for seat, part in false.items() if seat[1] in (liar, TRUSTEES[0], TRUSTEES[1])
    }
    if liar in TRUSTEES[:2]:
        with pytest.raises(seal.SealBroken):
            seal.combine_st(TWO_OF_THREE, CONTEXT, sp, st_t, two)


@pytest.mark.parametrize("part", [b"", bytes(31), bytes(33)])
def test_a_part_of_a_wrong_length_is_as_a_wrong_one(part: bytes) -> None:
    sp = seal.unwrap_sp(ENVELOPES["timekeeper+regulator"], CONTEXT.ctx, KEYS.procurer.private_key)
    envelope = ENVELOPES["timekeeper+regulator"]
    with pytest.raises(seal.SealBroken):
        seal.combine_st(
            envelope, CONTEXT, sp, released(envelope, CONTEXT), {(1, "regulator"): part}
        )


# --- tampering and swapping -------------------------------------------------------------------


@pytest.mark.parametrize("profile", seal.PROFILES)
def test_every_byte_of_the_wraps_fails_when_flipped(profile: str) -> None:
    """Tokens' and archive's wraps too, which this way of opening does not use."""
    envelope = ENVELOPES[profile]
    used = 4 + int.from_bytes(envelope.inner[32:36], "big")
    for place in range(32 + used):
        inner = bytearray(envelope.inner)
        inner[place] ^= 1
        with pytest.raises(seal.SealBroken) as caught:
            opened(bytes(inner), CONTEXT)
        assert str(caught.value) == "sealed data cannot be opened"
        assert caught.value.__context__ is None


def requests_of(name: str, envelope: seal.Envelope) -> tuple[seal.TrusteeRequest, ...]:
    held = seal.fingerprint_of(KEYS.trustees[name].public_key)
    return envelope.trustee_requests(CONTEXT, held)


def test_a_trustee_sees_its_own_parts_alone() -> None:
    seats = {name: [one.seat for one in requests_of(name, TWO_OF_THREE)] for name in TRUSTEES}
    assert seats == {
        "regulator": [(1, "regulator"), (2, "regulator")],
        "trading_centre": [(1, "trading_centre"), (3, "trading_centre")],
        "association": [(2, "association"), (3, "association")],
    }
    assert TWO_OF_THREE.trustee_fingerprints == {
        seal.fingerprint_of(pair.public_key) for pair in KEYS.trustees.values()
    }
    assert requests_of("association", ENVELOPES["timekeeper+regulator"]) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"ctx": bytes(32)},
        {"com": bytes(32)},
        {"subset": 2},
        {"subset": 0},
        {"fingerprint": bytes(32)},
        {"enc_and_ct": bytes(80)},
    ],
)
def test_a_part_belongs_to_its_letter_subset_and_key(change: dict[str, object]) -> None:
    (request, _) = requests_of("regulator", TWO_OF_THREE)
    assert request.subset == 1
    key = KEYS.trustees["regulator"].private_key
    assert len(seal.unwrap_part(request, key)) == 32
    with pytest.raises(seal.SealBroken):
        seal.unwrap_part(replace(request, **change), key)  # type: ignore[arg-type]


def test_other_keys_take_no_part_out() -> None:
    (request, _) = requests_of("regulator", TWO_OF_THREE)
    others = (KEYS.trustees["association"], KEYS.opening, KEYS.recovery, KEYS.procurer)
    for pair in others:
        with pytest.raises(seal.SealBroken):
            seal.unwrap_part(request, pair.private_key)


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTEXT, lot="lot-2"),
        replace(CONTEXT, opening="opening-2"),
        replace(CONTEXT, number="BH-2"),
        seal.SealContext.new("BH-1", "lot-1", "opening-1"),
    ],
    ids=["lot", "opening", "number", "eid"],
)
def test_parts_and_shares_of_another_letter_do_not_serve(other: seal.SealContext) -> None:
    """Same keys, same recipients: only the letter is another."""
    second = sealed("timekeeper+2of3", other)
    sp = seal.unwrap_sp(TWO_OF_THREE, CONTEXT.ctx, KEYS.procurer.private_key)
    st_t = released(TWO_OF_THREE, CONTEXT)
    foreign = parts(second, other)
    with pytest.raises(seal.SealBroken):
        seal.combine_st(TWO_OF_THREE, CONTEXT, sp, st_t, foreign)
    with pytest.raises(seal.SealBroken):
        seal.combine_st(second, other, sp, st_t, foreign)
    with pytest.raises(seal.SealBroken):
        opened(TWO_OF_THREE.inner, other)
    swapped = replace(
        TWO_OF_THREE,
        wraps=tuple(
            theirs if ours.role == TRUSTEE else ours
            for ours, theirs in zip(TWO_OF_THREE.wraps, second.wraps, strict=True)
        ),
    )
    with pytest.raises(seal.SealBroken):
        parts(swapped, CONTEXT)


# --- what is refused when sealing -------------------------------------------------------------


def trustee(name: str, pair: seal.KeyPair | None = None) -> seal.Recipient:
    return seal.Recipient.of(name, (pair or KEYS.trustees.get(name) or KEYS.archive).public_key)


@pytest.mark.parametrize(
    ("profile", "trustees", "reason"),
    [
        ("timekeeper", ["regulator"], "not those of the profile"),
        ("timekeeper+regulator", [], "not those of the profile"),
        ("timekeeper+regulator", ["association"], "not those of the profile"),
        ("timekeeper+2of3", ["regulator", "association"], "not those of the profile"),
        ("timekeeper+2of3", [*TRUSTEES, "bank"], "not those of the profile"),
    ],
)
def test_trustees_are_those_of_the_profile(profile: str, trustees: list[str], reason: str) -> None:
    with pytest.raises(seal.NotSealable, match=reason):
        seal_to(profile, [trustee(name) for name in trustees])


def seal_to(profile: str, trustees: list[seal.Recipient]) -> seal.Envelope:
    return seal.seal(
        LETTER,
        CONTEXT,
        opening_key=KEYS.opening.public_key,
        recipients=[seal.Recipient.of("procurer", KEYS.procurer.public_key)],
        recovery=seal.Recipient.of("recovery", KEYS.recovery.public_key),
        profile=profile,
        trustees=trustees,
    )


def test_one_key_cannot_stand_for_two_trustees() -> None:
    same = KEYS.trustees["regulator"]
    trustees = [trustee("regulator"), trustee("trading_centre", same), trustee("association")]
    with pytest.raises(seal.NotSealable, match=r"twice|two trustees"):
        seal_to("timekeeper+2of3", trustees)
    trustees = [trustee("regulator"), trustee("trading_centre"), trustee("association", same)]
    with pytest.raises(seal.NotSealable, match=r"twice|two trustees"):
        seal_to("timekeeper+2of3", trustees)


def test_a_trustees_key_must_be_one_and_no_token() -> None:
    bad = seal.Recipient.of("regulator", bytes(32))
    with pytest.raises(seal.NotSealable, match="regulator: not an X25519"):
        seal_to("timekeeper+regulator", [bad])
    with pytest.raises(seal.NotSealable, match="regulator: of unknown kind"):
        seal_to("timekeeper+regulator", [replace(trustee("regulator"), kind=seal.CMS)])


def test_any_one_of_a_trustees_keys_takes_its_part_out() -> None:
    second = seal.make_key_pair()
    envelope = seal_to("timekeeper+regulator", [trustee("regulator"), trustee("regulator", second)])
    found = [
        seal.unwrap_part(request, pair.private_key)
        for pair in (KEYS.trustees["regulator"], second)
        for request in envelope.trustee_requests(CONTEXT, seal.fingerprint_of(pair.public_key))
    ]
    assert len(found) == 2
    assert found[0] == found[1]


def test_the_length_says_nothing_of_profile_or_recipients() -> None:
    bare = seal_to("timekeeper", [])
    assert {len(one.inner) for one in ENVELOPES.values()} == {len(bare.inner)}


@pytest.mark.parametrize("profile", seal.PROFILES)
def test_with_token_trustees_and_archive_it_still_takes_under_5_ms(profile: str) -> None:
    letter = os.urandom(200_000)
    envelope = sealed(profile, CONTEXT, letter=letter)
    assert quickest(lambda: sealed(profile, CONTEXT, letter=letter)) < 0.005
    assert quickest(lambda: opened(envelope.inner, CONTEXT)) < 0.005
