"""signing/seal/private_keys.py and passphrase.py: the procurer's key under a passphrase."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import seal
from signing.seal import passphrase
from signing.seal.encoding import lp, parts_of
from signing.seal.private_keys import Cost

QUICK = Cost(iterations=1, memory=64, lanes=1)
GOOD = "correct horse battery"
PAIR = seal.make_key_pair()
BLOB = seal.wrap_private(PAIR.private_key, GOOD, QUICK)


def test_round_trip_at_full_cost() -> None:
    blob = seal.wrap_private(PAIR.private_key, GOOD)
    assert seal.unwrap_private(blob, GOOD) == PAIR.private_key
    assert list(parts_of(blob))[3:6] == [
        (3).to_bytes(4, "big"),
        (64 * 1024).to_bytes(4, "big"),
        (4).to_bytes(4, "big"),
    ]
    assert PAIR.private_key not in blob


def test_composed_and_decomposed_characters_are_one_passphrase() -> None:
    blob = seal.wrap_private(PAIR.private_key, "cafe\u0301 noir au lait", QUICK)
    assert seal.unwrap_private(blob, "caf\u00e9 noir au lait") == PAIR.private_key


@pytest.mark.parametrize("wrong", ["", GOOD + " ", GOOD.upper(), "x" * 300])
def test_a_wrong_passphrase_is_refused(wrong: str) -> None:
    with pytest.raises(seal.KeyLocked) as caught:
        seal.unwrap_private(BLOB, wrong)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


COSTS = [i for i in range(len(BLOB)) if i in range(46, 70)]


@settings(max_examples=200)
@given(
    place=st.integers(0, len(BLOB) - 1).filter(lambda place: place not in COSTS),
    flip=st.integers(1, 255),
)
def test_every_flipped_byte_fails_alike(place: int, flip: int) -> None:
    blob = bytearray(BLOB)
    blob[place] ^= flip
    with pytest.raises(seal.KeyLocked):
        seal.unwrap_private(bytes(blob), GOOD)


@pytest.mark.parametrize("place", range(3, 6))
@pytest.mark.parametrize("number", [0, 2, 2**31, 2**32 - 1])
def test_other_costs_are_refused(place: int, number: int) -> None:
    parts = list(parts_of(BLOB))
    parts[place] = number.to_bytes(4, "big")
    with pytest.raises(seal.KeyLocked):
        seal.unwrap_private(lp(*parts), GOOD)


def test_key_pairs_are_not_shown() -> None:
    assert repr(PAIR.private_key) not in repr(PAIR)
    assert seal.make_key_pair() != seal.make_key_pair()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("too_short", "too_uniform")),
        ("kd8#fj2!xq", ("too_short",)),
        (GOOD * 20, ("too_long", "sequence")),
        ("correct horse\nbattery", ("control_character",)),
        ("abaabbabaabbb", ("too_uniform", "sequence")),
        ("abcdefghijklmn", ("sequence",)),
        ("2468024680246802468", ("too_uniform", "sequence")),
        ("Password9317", ("common",)),
        ("春眠不觉晓处处", ("too_short",)),
        ("密码是密码吗密码", ("too_uniform", "common")),
        ("密码密码保函口令", ("common",)),
        ("zhangsan9317", ("contains_name",)),
        (GOOD, ()),
        ("春眠不觉晓处处闻", ()),
        ("1qaz!9dkeP0x", ()),
    ],
)
def test_weak_passphrases_are_refused_with_reasons(text: str, expected: tuple[str, ...]) -> None:
    assert seal.passphrase_faults(text, names=["ZhangSan", "湖南某某公司", "w"]) == expected
    assert set(expected) <= set(seal.PASSPHRASE_FAULTS)


def test_no_key_is_wrapped_under_a_weak_one() -> None:
    with pytest.raises(seal.WeakPassphrase) as caught:
        seal.wrap_private(PAIR.private_key, "short", QUICK)
    assert caught.value.faults == ("too_short", "too_uniform")


@given(st.text(max_size=60))
def test_any_text_gets_an_answer(text: str) -> None:
    assert set(passphrase.faults(text, [text[:5]])) <= set(passphrase.FAULTS)
