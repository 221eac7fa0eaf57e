"""One JSON encoding for what is signed or hashed: RFC 8785 for strings, integers, objects, lists.

Keys are ASCII and there are no fractions, so sorting and compact separators are all it takes.
"""

import json
from typing import Any


def encode(document: dict[str, Any]) -> bytes:
    return json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def read(data: bytes) -> dict[str, Any]:
    """The document; ValueError unless `data` is exactly how `encode` writes it."""
    try:
        document = json.loads(data.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict) or encode(document) != data:
        raise ValueError("not in canonical form")
    return document
