"""Terms to canonical JSON (RFC 8785) and back, strictly: one meaning, one sequence of bytes.

Schema v1 is what bid letters have had from the first; v2 adds the fields of `_ADDED`. Terms that
use none of them are written as v1, so that they keep the bytes, and the digest, they always had.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import rfc8785

from guarantees.errors import N_, GuaranteeError
from guarantees.values.money import Money

if TYPE_CHECKING:
    from guarantees.values.terms import Terms

SCHEMA, EXTENDED = "baohan/terms/v1", "baohan/terms/v2"

LARGEST_FILE = 64 * 1024
"""Bytes; real terms are about 2 KiB, and strangers upload what claims to be terms."""

_ADDED = frozenset(
    {
        "effective_event", "expiry_event", "reductions", "contract", "warranty", "advance",
        "market", "policy", "clauses",
    }
)  # fmt: skip
"""Fields of v2 that v1 doesn't have; each is empty by default."""


class TermsUnreadable(GuaranteeError):
    """Bytes that are not the canonical form of terms of this schema; `reason` says why."""

    code = "terms_unreadable"
    text = N_("保函条款文件无法读取：%(reason)s。请使用平台导出的原文件，不要改动。")


def schema_of(terms: "Terms") -> str:
    """The oldest schema that can say what `terms` say."""
    return EXTENDED if any(getattr(terms, name) for name in _ADDED) else SCHEMA


def dump(terms: "Terms") -> bytes:
    """RFC 8785 bytes of `terms`: UTF-8, sorted names, times in UTC, money as fen."""
    schema = schema_of(terms)
    plain: dict[str, Any] = {"schema": schema}
    for name in _names(schema, type(terms)):
        plain[name] = _plain(getattr(terms, name))
    return rfc8785.dumps(plain)


def load(data: bytes, cls: "type[Terms]") -> "Terms":
    """Terms from their canonical bytes; any other bytes raise TermsUnreadable."""
    plain = _parse(data)
    expected = _names(plain.pop("schema"), cls)
    if unknown := sorted(plain.keys() - expected):
        raise TermsUnreadable(reason=N_("有未知字段"), names=unknown)
    if missing := sorted(expected - plain.keys()):
        raise TermsUnreadable(reason=N_("缺少字段"), names=missing)
    kind: Any = cls  # mypy takes no class for hashable
    hints = _hints(kind)
    try:
        terms = cls(**{name: _read(hints[name], value) for name, value in plain.items()})
    except (TypeError, ValueError) as error:
        raise TermsUnreadable(reason=N_("某个字段的类型或格式不对")) from error
    if dump(terms) != data:
        raise TermsUnreadable(reason=N_("内容不是规范格式（RFC 8785）"))
    return terms


def _names(schema: str, cls: Any) -> frozenset[str]:
    names = frozenset(_hints(cls))
    return names if schema == EXTENDED else names - _ADDED


def _plain(value: object) -> Any:
    match value:
        case Money():
            return {"currency": "CNY", "fen": value.fen}
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _parse(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_FILE:
        raise TermsUnreadable(reason=N_("文件过大"))
    try:
        plain = json.loads(data, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise TermsUnreadable(reason=N_("不是 JSON 文件")) from error
    if not isinstance(plain, dict):
        raise TermsUnreadable(reason=N_("不是一个 JSON 对象"))
    if plain.get("schema") not in (SCHEMA, EXTENDED):
        raise TermsUnreadable(reason=N_("版本不是 baohan/terms/v1 或 v2"))
    return plain


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return dict(pairs)


@cache
def _hints(cls: type) -> Mapping[str, Any]:
    return get_type_hints(cls)


def _read(kind: Any, value: Any) -> Any:
    """`value` of JSON as a value of the type `kind`; TypeError or ValueError if it is none."""
    origin = get_origin(kind)
    if origin is UnionType:
        (inner,) = (one for one in get_args(kind) if one is not NoneType)
        return None if value is None else _read(inner, value)
    if origin is tuple:
        return tuple(_read(get_args(kind)[0], item) for item in value)
    if origin is Literal:
        return _expect(str, value)
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    if kind is Money:
        return _money(**value)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        if _expect(dict, value).keys() != hints.keys():
            raise TypeError("other names expected")
        return kind(**{name: _read(hints[name], inner) for name, inner in value.items()})
    return _expect(kind, value)


def _money(currency: str, fen: int) -> Money:
    if currency != "CNY":
        raise ValueError("only CNY")
    return Money(fen)


def _expect(kind: type, value: object) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value
