import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.values.ids import ID_LENGTH, BadId, id_bytes, id_from_bytes, new_id, parse_id


def test_ids_are_random_and_of_one_length() -> None:
    drawn = {new_id() for _ in range(1000)}
    assert len(drawn) == 1000
    assert {len(one) for one in drawn} == {ID_LENGTH}
    assert all(parse_id(one) == one for one in drawn)


@given(st.binary(min_size=16, max_size=16))
def test_ids_carry_sixteen_bytes(data: bytes) -> None:
    assert id_bytes(id_from_bytes(data)) == data


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_ids_sort_as_their_bytes(a: bytes, b: bytes) -> None:
    assert (id_from_bytes(a) < id_from_bytes(b)) == (a < b)


@pytest.mark.parametrize("text", ["", "0" * 25, "0" * 27, "A" * 26, "u" * 26, "z" * 26, "../" * 9])
def test_other_texts_are_no_ids(text: str) -> None:
    with pytest.raises(BadId):
        parse_id(text)


def test_only_sixteen_bytes_make_an_id() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        id_from_bytes(b"short")
