"""Dataclasses to JSON and back, by their annotations: the inside of a sealed blob."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from guarantees.values.money import Money


def dump(value: Any) -> Any:
    """`value` as JSON types: dataclasses to objects, Money to fen, times to ISO 8601 in UTC."""
    kind = type(value)
    if kind in _PLAIN or isinstance(value, str | int):
        return value
    if isinstance(value, Money):
        return value.fen
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(kind):
        return {name: dump(getattr(value, name)) for name in _stored(kind)}
    if isinstance(value, list | tuple):
        return [dump(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    raise TypeError(f"{kind.__name__} has no JSON form")


_PLAIN = frozenset({str, int, bool, NoneType})
"""Types that JSON has; most values are of one of them."""


@cache
def _stored(kind: type) -> tuple[str, ...]:
    """Names of the fields of a dataclass that stand in a document."""
    return tuple(one.name for one in fields(kind) if one.metadata.get("stored", True))


def load(kind: Any, value: Any) -> Any:
    """The reverse of `dump` for the annotation `kind`; unknown fields are refused."""
    origin = get_origin(kind)
    if value is None or kind is Any:
        return value
    if origin in (Union, UnionType):
        return load(next(arg for arg in get_args(kind) if arg is not type(None)), value)
    if origin in (list, tuple):
        made = [load(get_args(kind)[0], item) for item in value]
        return made if origin is list else tuple(made)
    if origin is dict:
        return {key: load(get_args(kind)[1], item) for key, item in value.items()}
    if kind is Money:
        return Money(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is bytes:
        return bytes.fromhex(value)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: load(hints[name], item) for name, item in value.items()})
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def to_bytes(value: Any) -> bytes:
    return json.dumps(dump(value), ensure_ascii=False, separators=(",", ":")).encode()


def from_bytes(kind: Any, data: bytes) -> Any:
    return load(kind, json.loads(data))
