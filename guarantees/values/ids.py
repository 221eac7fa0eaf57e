"""Random identifiers. No sequences: a number that counts tells how many bids there are."""

import secrets

from guarantees.errors import N_, GuaranteeError

ID_BYTES = 16
"""128 random bits, the size of `eid` in sealing.md step 2."""

ID_LENGTH = 26
"""Characters: 128 bits at 5 bits each."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case; sorts as its number does."""

_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


class BadId(GuaranteeError):
    """Not an identifier of ours; shown to people as "not found"."""

    code = "bad_id"
    text = N_("找不到这条记录，请检查网址是否完整。")


def new_id() -> str:
    """26 characters of Crockford's base 32 (lower case)."""
    return _encode(secrets.randbits(8 * ID_BYTES))


def parse_id(text: str) -> str:
    """`text` if it is an identifier, else BadId; nothing is forgiven, people don't type these."""
    _decode(text)
    return text


def id_bytes(identifier: str) -> bytes:
    """The 16 bytes of an identifier; BadId if it isn't one."""
    return _decode(identifier).to_bytes(ID_BYTES, "big")


def id_from_bytes(data: bytes) -> str:
    """The identifier of 16 bytes; ValueError for another length."""
    if len(data) != ID_BYTES:
        raise ValueError(f"an identifier has {ID_BYTES} bytes, not {len(data)}")
    return _encode(int.from_bytes(data, "big"))


def _encode(number: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(ID_LENGTH)))


def _decode(text: str) -> int:
    if len(text) != ID_LENGTH or not set(text) <= _VALUES.keys():
        raise BadId(given=text[:64])
    number = 0
    for character in text:
        number = number << 5 | _VALUES[character]
    if number >> 8 * ID_BYTES:
        raise BadId(given=text)
    return number
