"""Terms to canonical JSON (RFC 8785) and back, strictly: one meaning, one sequence of bytes."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import rfc8785

from guarantees.errors import N_, GuaranteeError
from guarantees.values.money import Money
from guarantees.values.parties import Party, Role

if TYPE_CHECKING:
    from guarantees.values.terms import Terms

SCHEMA = "baohan/terms/v1"

LARGEST_FILE = 64 * 1024
"""Bytes; real terms are about 2 KiB, and strangers upload what claims to be terms."""

_DATES = ("issued_on", "effective_from", "expires_on")
_PARTIES = ("beneficiary", "agency", "issuer")
_STRINGS = (
    "number",
    "kind",
    "form",
    "issuer_type",
    "project_name",
    "lot_number",
    "lot_name",
    "place_of_presentation",
    "governing_law",
    "signatory",
)
_INTEGERS = ("version", "bid_validity_days", "examination_days")


class TermsUnreadable(GuaranteeError):
    """Bytes that are not the canonical form of terms of this schema; `reason` says why."""

    code = "terms_unreadable"
    text = N_("保函条款文件无法读取：%(reason)s。请使用平台导出的原文件，不要改动。")


def dump(terms: "Terms") -> bytes:
    """RFC 8785 bytes of `terms`: UTF-8, sorted names, times in UTC, money as fen."""
    plain: dict[str, Any] = {"schema": SCHEMA}
    for field in fields(terms):
        plain[field.name] = _plain(getattr(terms, field.name))
    return rfc8785.dumps(plain)


def load(data: bytes, cls: "type[Terms]") -> "Terms":
    """Terms from their canonical bytes; any other bytes raise TermsUnreadable."""
    plain = _parse(data)
    _check_names(plain, cls)
    try:
        terms = cls(**_values(plain))
    except (TypeError, ValueError) as error:
        raise TermsUnreadable(reason=N_("某个字段的类型或格式不对")) from error
    if dump(terms) != data:
        raise TermsUnreadable(reason=N_("内容不是规范格式（RFC 8785）"))
    return terms


def _plain(value: object) -> Any:
    match value:
        case Money():
            return {"currency": "CNY", "fen": value.fen}
        case Party():
            return {field.name: getattr(value, field.name) for field in fields(value)}
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(item) for item in value]
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
    if plain.get("schema") != SCHEMA:
        raise TermsUnreadable(reason=N_("版本不是 baohan/terms/v1"))
    return plain


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return dict(pairs)


def _check_names(plain: dict[str, Any], cls: "type[Terms]") -> None:
    expected = {field.name for field in fields(cls)} | {"schema"}
    if unknown := sorted(plain.keys() - expected):
        raise TermsUnreadable(reason=N_("有未知字段"), names=unknown)
    if missing := sorted(expected - plain.keys()):
        raise TermsUnreadable(reason=N_("缺少字段"), names=missing)


def _values(plain: dict[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in plain.items() if name != "schema"}
    for name in _STRINGS:
        _expect(str, values[name])
    for name in _INTEGERS:
        _expect(int, values[name])
    if values["project_number"] is not None:
        _expect(str, values["project_number"])
    for name in _DATES:
        values[name] = date.fromisoformat(values[name])
    for name in _PARTIES:
        if values[name] is not None or name != "agency":
            values[name] = _party(**values[name])
    values["applicants"] = tuple(_party(**party) for party in values["applicants"])
    values["documents"] = tuple(_expect(str, line) for line in values["documents"])
    values["opening_time"] = datetime.fromisoformat(values["opening_time"])
    values["amount"] = _money(**values["amount"])
    return values


def _party(name: str, credit_code: str | None, role: Role, contact: str) -> Party:
    for text in (name, role, contact):
        _expect(str, text)
    if credit_code is not None:
        _expect(str, credit_code)
    return Party(name, credit_code, role, contact)


def _money(currency: str, fen: int) -> Money:
    if currency != "CNY":
        raise ValueError("only CNY")
    return Money(fen)


def _expect(kind: type, value: object) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value
