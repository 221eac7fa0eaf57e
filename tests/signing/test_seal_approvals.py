"""signing/seal/approvals.py: files between the platform and a trustee that keeps its key."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import seal
from signing.seal import approvals
from signing.seal.approvals import Asked, NotAnApproval, Part
from tests.signing.envelopes import KEYS, TRUSTEES, released, sealed

CONTEXT = seal.SealContext.new("BH-1", "lot-1", "opening-1")
ENVELOPE = sealed("timekeeper+2of3", CONTEXT)


def asked_of(name: str, letter: str = "a") -> list[Asked]:
    held = seal.fingerprint_of(KEYS.trustees[name].public_key)
    return [Asked(letter, request) for request in ENVELOPE.trustee_requests(CONTEXT, held)]


def test_there_and_back_the_letter_opens() -> None:
    parts: dict[tuple[int, str], bytes] = {}
    for name in TRUSTEES[:2]:
        request = approvals.request_file("opening-1", "关于 a", asked_of(name))
        opening, about, asked = approvals.read_request(request)
        assert (opening, about, asked) == ("opening-1", "关于 a", asked_of(name))
        taken = approvals.take_out(asked, [KEYS.trustees[name].private_key])
        answer = approvals.answer_file(opening, taken)
        for one in approvals.read_answer(answer, "opening-1"):
            parts[one.subset, one.trustee] = one.part
    sp = seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, KEYS.procurer.private_key)
    assert seal.combine_st(ENVELOPE, CONTEXT, sp, released(ENVELOPE, CONTEXT), parts)


def test_only_ones_own_parts_are_taken_out() -> None:
    asked = [one for name in TRUSTEES for one in asked_of(name)]
    taken = approvals.take_out(asked, [KEYS.trustees["association"].private_key])
    assert {one.trustee for one in taken} == {"association"}
    assert approvals.take_out(asked, [seal.make_key_pair().private_key]) == []
    assert approvals.take_out(asked, []) == []


def test_several_letters_keep_their_names() -> None:
    asked = [*asked_of("regulator", "a"), *asked_of("regulator", "b")]
    _, _, read = approvals.read_request(approvals.request_file("o", "", asked))
    assert [one.letter for one in read] == ["a", "a", "b", "b"]


GOOD_REQUEST = approvals.request_file("o", "x", asked_of("regulator"))
GOOD_ANSWER = approvals.answer_file("o", [Part("a", 1, "regulator", os.urandom(32))])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "baohan/trustee-request/v2"),
        ("opening", 7),
        ("about", None),
        ("letters", 1),
        ("letters/0/ctx", "zz"),
        ("letters/0/letter", 1),
        ("letters/0/parts/0/subset", "1"),
        ("letters/0/parts/0/subset", True),
        ("letters/0/parts/0/subset", 1 << 16),
        ("letters/0/parts/0/trustee", 3),
        ("letters/0/parts/0", 3),
    ],
)
def test_what_is_no_request_is_refused(path: str, value: object) -> None:
    document = json.loads(GOOD_REQUEST)
    *way, last = path.split("/")
    place = document
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    with pytest.raises(NotAnApproval):
        approvals.read_request(json.dumps(document).encode())


@given(st.binary(max_size=200))
def test_junk_is_neither(junk: bytes) -> None:
    for read in (approvals.read_request, lambda data: approvals.read_answer(data, "o")):
        with pytest.raises(NotAnApproval):
            read(junk)


@given(st.integers(0, len(GOOD_ANSWER) - 1), st.integers(1, 255))
def test_a_damaged_answer_is_refused_or_still_one(place: int, flip: int) -> None:
    damaged = bytearray(GOOD_ANSWER)
    damaged[place] ^= flip
    try:
        parts = approvals.read_answer(bytes(damaged), "o")
    except NotAnApproval:
        return
    assert all(isinstance(one.part, bytes) for one in parts)


def test_an_answer_belongs_to_its_opening() -> None:
    with pytest.raises(NotAnApproval, match="another opening"):
        approvals.read_answer(GOOD_ANSWER, "p")


def test_no_file_is_read_without_end() -> None:
    with pytest.raises(NotAnApproval, match="longer than"):
        approvals.read_request(bytes(approvals.MAX_BYTES + 1))
    with pytest.raises(NotAnApproval):
        approvals.read_request(b"[" * 100_000)
