"""The recovery key's request and answer: only its holder answers, only what was asked."""

import json

import pytest

from signing import seal
from signing.seal import SealBroken, recovery
from signing.seal.recovery import NotARequest, NotForThisKey, Wanted
from signing.seal.wraps import RECOVERY
from tests.signing.envelopes import KEYS, sealed

CONTEXT = seal.SealContext.new("BH-1", "lot-1", "opening-1")
ENVELOPE = sealed("timekeeper", CONTEXT)
SP = seal.unwrap_sp(ENVELOPE, CONTEXT.ctx, KEYS.procurer.private_key)
PLATFORM = seal.make_key_pair()
[WRAP] = [one for one in ENVELOPE.wraps if one.role == RECOVERY]
LETTER = Wanted("a", CONTEXT.ctx, ENVELOPE.com, WRAP.data)
REQUEST = recovery.ask("r1", PLATFORM.private_key, KEYS.recovery.public_key, [LETTER])


def read(answer: bytes, request: str = "r1") -> dict[str, bytes | None]:
    public = KEYS.recovery.public_key
    return dict(recovery.read_answer(answer, request, PLATFORM.private_key, public))


def test_the_share_comes_back_and_is_proven() -> None:
    answer, letters, without = recovery.answer(REQUEST, KEYS.recovery.private_key)
    assert (letters, without) == (1, 0)
    assert read(answer) == {"a": SP}
    assert seal.sp_proven(ENVELOPE, CONTEXT.ctx, SP) == SP
    with pytest.raises(SealBroken):
        seal.sp_proven(ENVELOPE, CONTEXT.ctx, bytes(32))


def test_the_request_says_nothing_of_the_letter() -> None:
    """No number, no lot, no size: hashes and a wrap."""
    document = json.loads(REQUEST)
    assert document.keys() == {"schema", "request", "platform", "recovery", "letters"}
    assert [one.keys() for one in document["letters"]] == [{"name", "ctx", "com", "wrap"}]
    assert b"BH-1" not in REQUEST
    assert b"lot-1" not in REQUEST


def test_a_damaged_wrap_gives_no_share() -> None:
    broken = Wanted("b", CONTEXT.ctx, ENVELOPE.com, WRAP.data[:-1] + bytes([WRAP.data[-1] ^ 1]))
    other = Wanted("c", CONTEXT.ctx, bytes(32), WRAP.data)
    request = recovery.ask(
        "r1", PLATFORM.private_key, KEYS.recovery.public_key, [LETTER, broken, other]
    )
    answer, letters, without = recovery.answer(request, KEYS.recovery.private_key)
    assert (letters, without) == (3, 2)
    assert read(answer) == {"a": SP, "b": None, "c": None}


def test_another_key_does_not_answer() -> None:
    with pytest.raises(NotForThisKey):
        recovery.answer(REQUEST, KEYS.procurer.private_key)


def test_nobody_else_can_make_or_change_an_answer() -> None:
    answer, _letters, _without = recovery.answer(REQUEST, KEYS.recovery.private_key)
    said = json.loads(answer)
    for change in (
        {"shares": [{"name": "a", "share": None}]},
        {"shares": [{"name": "a", "share": bytes(32).hex()}]},
        {"request": "r2"},
        {"mac": bytes(32).hex()},
        {"mac": "no hex"},
        {"shares": 7},
    ):
        with pytest.raises(SealBroken):
            read(json.dumps(said | change).encode())
    with pytest.raises(SealBroken):
        read(answer, "r2")
    for data in (b"", b"[]", b"{}", b"\xff", b"[" * 100_000):
        with pytest.raises(SealBroken):
            read(data)


def test_an_answer_to_another_request_is_not_taken() -> None:
    other = seal.make_key_pair()
    request = recovery.ask("r1", other.private_key, KEYS.recovery.public_key, [LETTER])
    answer, _letters, _without = recovery.answer(request, KEYS.recovery.private_key)
    with pytest.raises(SealBroken):
        read(answer)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"schema": 1}', REQUEST[:-9]])
def test_what_is_no_request(data: bytes) -> None:
    with pytest.raises(NotARequest):
        recovery.answer(data, KEYS.recovery.private_key)
