"""`lp()`, the one encoding under every hash, key derivation and header of sealing.md."""

from collections.abc import Iterator


def lp(*parts: bytes | str) -> bytes:
    """4-byte big-endian length ‖ content, for each part in turn; text as UTF-8.

    Different lists of parts never give the same bytes, so nothing can slide from one part into
    the next.
    """
    return b"".join(_prefixed(part.encode() if isinstance(part, str) else part) for part in parts)


def _prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def parts_of(encoded: bytes) -> Iterator[bytes]:
    """The parts of an lp() encoding, one by one; ValueError where one is cut short."""
    at = 0
    while at < len(encoded):
        start = at + 4
        at = start + int.from_bytes(encoded[at:start], "big")
        if start > len(encoded) or at > len(encoded):
            raise ValueError("a part is cut short")
        yield encoded[start:at]
