"""Walks BER/DER (X.690) and refuses what no encoder may write; independent of asn1crypto."""

from typing import Final

from signing.errors import LimitExceeded, Malformed

MAX_NODES: Final = 200_000
"""Elements in one structure; a signature with embedded revocation lists has some ten thousand."""
MAX_DEPTH: Final = 64

_BOOLEAN, _INTEGER, _NULL, _OBJECT_ID, _ENUMERATED = 1, 2, 5, 6, 10


def measure(data: bytes) -> int:
    """Length of the first element of `data`, all of it checked. Raises Malformed."""
    nodes = 0
    ends: list[int] = []
    position = 0
    while True:
        while ends and position == ends[-1]:
            ends.pop()
        if nodes and not ends:
            return position
        nodes += 1
        if nodes > MAX_NODES or len(ends) > MAX_DEPTH:
            raise LimitExceeded("ASN.1 elements", MAX_NODES)
        limit = ends[-1] if ends and ends[-1] >= 0 else _limit(ends, len(data))
        if ends and ends[-1] < 0 and data[position : position + 2] == b"\0\0":
            ends.pop()
            position += 2
            continue
        position = _element(data, position, limit, ends)


def _limit(ends: list[int], length: int) -> int:
    """The nearest enclosing definite end; -1 in `ends` stands for an indefinite one."""
    return next((end for end in reversed(ends) if end >= 0), length)


def _element(data: bytes, position: int, limit: int, ends: list[int]) -> int:
    """Read one header; push onto `ends` or skip a primitive. Returns where to go on."""
    start = position
    tag, position = _tag(data, position, limit)
    length, position = _length(data, position, limit)
    constructed = bool(tag & 0x20)
    if length < 0:
        if not constructed:
            raise Malformed("ASN.1 length", start)
        ends.append(-1)
        return position
    if position + length > limit:
        raise Malformed("ASN.1 length", start)
    if constructed:
        if length:
            ends.append(position + length)
        elif not ends:
            raise Malformed("ASN.1 length", start)
        return position
    if tag < 0x20:
        _primitive(tag, data[position : position + length], start)
    return position + length


def _tag(data: bytes, position: int, limit: int) -> tuple[int, int]:
    if position >= limit:
        raise Malformed("ASN.1 end", position)
    tag = data[position]
    position += 1
    if tag & 0x1F == 0x1F:
        while position < limit and data[position] & 0x80:
            position += 1
        position += 1
    return tag, position


def _length(data: bytes, position: int, limit: int) -> tuple[int, int]:
    if position >= limit:
        raise Malformed("ASN.1 end", position)
    first = data[position]
    if first < 0x80:
        return first, position + 1
    if first == 0x80:
        return -1, position + 1
    size = first & 0x7F
    if size > 4 or position + 1 + size > limit:
        raise Malformed("ASN.1 length", position)
    return int.from_bytes(data[position + 1 : position + 1 + size], "big"), position + 1 + size


def _primitive(tag: int, content: bytes, start: int) -> None:
    if not _primitive_ok(tag, content):
        raise Malformed("ASN.1 value", start)


def _primitive_ok(tag: int, content: bytes) -> bool:
    if tag in (_INTEGER, _ENUMERATED):
        # The first nine bits must not be all alike (8.3.2).
        padded = len(content) > 1 and content[0] == (0xFF if content[1] & 0x80 else 0)
        return bool(content) and not padded
    if tag == _BOOLEAN:
        return len(content) == 1
    if tag == _NULL:
        return not content
    if tag == _OBJECT_ID:
        starts = zip(b"\0" + content, content, strict=False)
        return (
            bool(content)
            and content[-1] < 0x80
            and not any(before < 0x80 and byte == 0x80 for before, byte in starts)
        )
    return True
