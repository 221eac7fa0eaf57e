"""Decoding of the few streams that structure lives in: Flate with predictors, within limits."""

import zlib
from typing import Final

from signing.errors import LimitExceeded, Malformed, Unreadable
from signing.parsing.syntax import Dictionary, Name, Stream, Value

MAX_STREAM: Final = 32 * 1024 * 1024
"""Bytes that one decoded stream may have: a cross-reference of a million objects fits in it."""


_OTHERS: Final = frozenset({
    "ASCIIHexDecode", "ASCII85Decode", "LZWDecode", "RunLengthDecode", "Crypt", "AHx", "A85",
    "LZW", "RL",
})  # fmt: skip
"""Filters that PDF knows and nobody uses for structure; what is none of them is no filter."""


def decode(stream: Stream, limit: int = MAX_STREAM) -> bytes:
    """The decoded bytes. Raises Malformed, Unreadable (a filter we lack) or LimitExceeded."""
    data = stream.data
    for name, parameters in _filters(stream.dictionary):
        if name not in ("FlateDecode", "Fl"):
            raise Unreadable(f"filter {name}") if name in _OTHERS else Malformed("Filter")
        data = _inflate(data, limit)
        if parameters is not None:
            data = _unpredict(data, parameters)
    return data


def _filters(dictionary: Dictionary) -> list[tuple[str, Dictionary | None]]:
    names = _as_list(dictionary.get("Filter"))
    parameters = _as_list(dictionary.get("DecodeParms")) or [None] * len(names)
    if len(parameters) != len(names):
        raise Malformed("DecodeParms")
    result: list[tuple[str, Dictionary | None]] = []
    for name, given in zip(names, parameters, strict=True):
        if not isinstance(name, Name) or not (given is None or isinstance(given, Dictionary)):
            raise Malformed("Filter")
        result.append((name, given))
    return result


def _as_list(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _inflate(data: bytes, limit: int) -> bytes:
    engine = zlib.decompressobj()
    try:
        result = engine.decompress(data, limit)
    except zlib.error:
        raise Malformed("FlateDecode") from None
    if engine.unconsumed_tail:
        raise LimitExceeded("decoded stream", limit)
    return result


def _unpredict(data: bytes, parameters: Dictionary) -> bytes:
    """Undo the PNG predictors (ISO 32000-2, 7.4.4.4) for one byte per component."""
    predictor, columns = parameters.get("Predictor", 1), parameters.get("Columns", 1)
    if predictor == 1:
        return data
    if not isinstance(predictor, int) or not 10 <= predictor <= 15:
        raise Malformed("predictor")
    if (parameters.get("Colors", 1), parameters.get("BitsPerComponent", 8)) != (1, 8):
        raise Malformed("predictor")
    if not isinstance(columns, int) or not 0 < columns <= 64:
        raise Malformed("predictor columns")
    rows, above = [], bytes(columns)
    for start in range(0, len(data), columns + 1):
        row = data[start + 1 : start + 1 + columns].ljust(columns, b"\0")
        above = _row(data[start], row, above)
        rows.append(above)
    return b"".join(rows)


def _row(kind: int, row: bytes, above: bytes) -> bytes:
    if kind == 0:
        return row
    if kind == 2:
        return bytes((a + b) & 255 for a, b in zip(row, above, strict=True))
    if kind not in (1, 3, 4):
        raise Malformed("predictor row")
    result = bytearray()
    for column, value in enumerate(row):
        left = result[column - 1] if column else 0
        corner = above[column - 1] if column else 0
        result.append((value + _guess(kind, left, above[column], corner)) & 255)
    return bytes(result)


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    """The Sub, Average and Paeth predictions of PNG."""
    if kind == 1:
        return left
    if kind == 3:
        return (left + up) // 2
    return min((left, up, corner), key=lambda value: abs(left + up - corner - value))
