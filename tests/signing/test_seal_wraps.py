"""signing/seal/wraps.py: the one encoding of the wraps area, and nothing else, is read."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import seal
from signing.seal.encoding import lp, parts_of
from signing.seal.wraps import AREA_BYTES, MAC_BYTES, VERSION, Wrap, area_of, parse_area

EID = b"e" * 16


def wrap(role: str, filler: int, label: str = "", **more: object) -> Wrap:
    fields = {"kind": "hpke-x25519", "data": bytes([filler]) * 80} | more
    return Wrap(role=role, label=label, fingerprint=bytes([filler]) * 32, **fields)  # type: ignore[arg-type]


WRAPS = [wrap("P", 2, "procurer"), wrap("P", 1, "采购代理机构"), wrap("R", 3), wrap("T", 4)]


def area(*wraps: Wrap, version: bytes = VERSION, profile: str = "timekeeper") -> bytes:
    """Encodes anything, without the checks of area_of."""
    content = lp(version, EID, profile, *(one.encoded() for one in wraps))
    return lp(content).ljust(AREA_BYTES - MAC_BYTES, b"\x00")


ORDERED = sorted(WRAPS, key=lambda one: one.place)


def test_any_order_gives_one_encoding() -> None:
    assert area_of(EID, "timekeeper", WRAPS) == area(*ORDERED)
    assert parse_area(area(*ORDERED)) == (EID, "timekeeper", tuple(ORDERED))


P1, P2, R, T = ORDERED
REFUSED = {
    "order": area(P2, P1, R, T),
    "twice": area(P1, P1, R, T),
    "no recipient": area(R, T),
    "no recovery": area(P1, T),
    "no timekeeper": area(P1, R),
    "two recovery": area(P1, R, replace(R, fingerprint=bytes(32)), T),
    "two timekeepers": area(P1, R, T, replace(T, fingerprint=b"\xff" * 32)),
    "trustee without a profile": area(P1, R, T, wrap("U", 5, subset=1)),
    "role unknown": area(P1, R, T, wrap("X", 5)),
    "kind not yet taken": area(replace(P1, kind="cms"), R, T),
    "subset": area(replace(P1, subset=1), R, T),
    "data short": area(replace(P1, data=bytes(79)), R, T),
    "fingerprint short": area(replace(P1, fingerprint=bytes(31)), R, T),
    "label long": area(replace(P1, label="x" * 65), R, T),
    "version": area(P1, R, T, version=b"baohan/wraps/v2"),
    "profile": area(P1, R, T, profile="regulator"),
    "nothing": bytes(AREA_BYTES - MAC_BYTES),
    "padding": area(P1, R, T)[:-1] + b"\x01",
    "short": area(P1, R, T)[:-1],
    "part too many": lp(lp(VERSION, EID, "timekeeper", *(w.encoded() for w in ORDERED), b"")),
}


@pytest.mark.parametrize("encoded", REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - becomes SealBroken, whose text says nothing
        parse_area(encoded.ljust(AREA_BYTES - MAC_BYTES, b"\x00")[: len(encoded) or None])


@settings(max_examples=300)
@given(junk=st.binary(max_size=400), keep=st.integers(0, 500))
def test_junk_is_refused_as_broken(junk: bytes, keep: int) -> None:
    start = area(*ORDERED)[:keep]
    inner = bytes(32) + (start + junk).ljust(AREA_BYTES, b"\x00") + bytes(256 * 1024 + 16)
    if (start + junk).ljust(AREA_BYTES - MAC_BYTES, b"\x00") == area(*ORDERED):
        return
    with pytest.raises(seal.SealBroken):
        seal.parse(inner)


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_lp_is_read_as_written(parts: list[bytes]) -> None:
    assert list(parts_of(lp(*parts))) == parts


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=6), st.integers(min_value=1))
def test_lp_cut_short_is_refused(parts: list[bytes], cut: int) -> None:
    encoded = lp(*parts)
    # Never by a whole part: what is left would be a shorter list, and right.
    shortened = encoded[: len(encoded) - 1 - cut % 3] if not parts[-1] else encoded[:-1]
    with pytest.raises(ValueError, match="cut short"):
        list(parts_of(shortened))
