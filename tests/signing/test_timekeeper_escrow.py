"""signing/timekeeper/escrow.py: an offline quorum recovers an opening key, and nobody less does."""

import itertools
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import seal
from signing.seal.hpke import public_of
from signing.timekeeper.double import DoubleTimekeeper
from signing.timekeeper.escrow import EscrowError, Quorum, combine, escrow, recover, split
from tests.signing.timekeeper_process import LETTER, Sealed

PAIRS = [seal.make_key_pair() for _ in range(5)]
QUORUM = Quorum(3, tuple((f"member {n}", pair.public_key) for n, pair in enumerate(PAIRS)))


@given(st.binary(min_size=1, max_size=40), st.integers(1, 5), st.integers(0, 3), st.data())
def test_any_k_shares_give_the_secret(
    secret: bytes, threshold: int, more: int, data: st.DataObject
) -> None:
    shares = split(secret, threshold, threshold + more, os.urandom)
    chosen = data.draw(
        st.lists(
            st.sampled_from(sorted(shares)), unique=True, min_size=threshold, max_size=threshold
        )
    )
    assert combine({index: shares[index] for index in chosen}) == secret


@settings(max_examples=30)
@given(guess=st.integers(0, 255), known=st.integers(0, 255))
def test_k_less_one_shares_fit_any_secret(guess: int, known: int) -> None:
    """Perfect secrecy, by showing for each guess a polynomial that agrees with the known share."""
    shares = {1: bytes([known]), 0: bytes([guess])}
    line = [next(a for a in range(256) if guess ^ a == known)]  # x = 1: the slope itself
    again = split(bytes([guess]), 2, 2, lambda _: bytes(line))
    assert again[1] == shares[1]


def test_drill_a_lost_store_is_recovered_by_the_quorum() -> None:
    timekeeper = DoubleTimekeeper(quorum=QUORUM)
    now = timekeeper.clock()
    certificate = timekeeper.register("lot", now.replace(hour=9), now.replace(hour=8))
    letter = Sealed(certificate)
    copy = timekeeper.store.escrow(certificate.opening)
    assert copy is not None
    timekeeper.store.erase(certificate.opening)
    for members in itertools.combinations(PAIRS, 3):
        key = recover(copy, [member.private_key for member in members])
        opening_key = X25519PrivateKey.from_private_bytes(key)
        assert letter.opened(seal.unwrap_st(letter.request, opening_key)) == LETTER


def test_fewer_or_others_recover_nothing() -> None:
    pair = seal.make_key_pair()
    copy = escrow(QUORUM, "opening", pair.private_key)
    keys = [pair.private_key for pair in PAIRS]
    assert recover(copy, keys) == pair.private_key
    for members in (keys[:2], [keys[0]] * 3, [*keys[:2], pair.private_key], []):
        with pytest.raises(EscrowError):
            recover(copy, members)
    assert pair.private_key.hex().encode() not in copy


def test_a_changed_copy_recovers_nothing() -> None:
    pair = seal.make_key_pair()
    document = json.loads(escrow(QUORUM, "opening", pair.private_key))
    first = document["shares"][0]
    changes = (
        {"opening": "another"},
        {"threshold": 2},
        {"scheme": "other"},
        {"public_key": public_of(os.urandom(32)).hex()},
        {"shares": [first | {"index": 4}, *document["shares"][1:]]},
        {"shares": [first | {"wrap": "00" + first["wrap"][2:]}, *document["shares"][1:]]},
    )
    for change in changes:
        changed = json.dumps(document | change, sort_keys=True, separators=(",", ":")).encode()
        with pytest.raises(EscrowError):
            recover(changed, [pair.private_key for pair in PAIRS[:3]])


def test_quorum_file_is_read_as_written() -> None:
    assert Quorum.from_bytes(QUORUM.to_bytes()) == QUORUM


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"schema": "baohan/escrow-quorum/v2", "threshold": 1, "members": []}',
        b'{"schema": "baohan/escrow-quorum/v1", "threshold": 1, "members": [1]}',
    ],
)
def test_what_is_no_quorum_file_is_refused(content: bytes) -> None:
    with pytest.raises(EscrowError, match="not a quorum file"):
        Quorum.from_bytes(content)


def test_a_quorum_that_cannot_be_is_refused() -> None:
    key = PAIRS[0].public_key
    for threshold, members in (
        (0, (("a", key),)),
        (2, (("a", key),)),
        (1, ()),
        (1, (("a", key), ("b", key))),
        (1, (("a", key[:31]),)),
    ):
        with pytest.raises(EscrowError):
            Quorum(threshold, members)
