"""Projects as JSON: a list of objects, or {"projects": […]}.

Keys are the English heads of project_columns; `lots` is a list of {"number", "name",
"budget_yuan", "deposit_yuan"}. Times carry their zone. null means that the notice does not say it.
"""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from app.adapters import project_cells as cells
from app.adapters.project_columns import COLUMNS
from app.adapters.project_limits import (
    MAX_PROBLEMS,
    FileEncoding,
    JsonBroken,
    JsonHalf,
    JsonNumber,
    JsonShape,
    JsonTooDeep,
    JsonTwice,
)
from app.adapters.project_rows import REMARKS, Columns, Lot, ParsedFile, Record, finish
from guarantees.errors import N_, GuaranteeError
from guarantees.values.notice_rows import RowProblem
from guarantees.values.sentence import Sentence

Reader = Callable[[str], object]

_PROJECT: Mapping[str, tuple[str, Reader]] = (
    {
        column.key: (column.field, column.read)
        for column in COLUMNS
        if not column.field.startswith("lot.")
    }
    | {
        "submission_deadline": (
            "submission_deadline",
            functools.partial(cells.moment, zoned=True),
        ),
        "opening_time": ("opening_time", functools.partial(cells.moment, zoned=True)),
    }
    | {
        key: (f"remark.{key}", cells.lines)
        for key in REMARKS
        if key not in ("ceiling_yuan", "published_month")
    }
)
_LOT: Mapping[str, tuple[str, Reader]] = {
    "number": ("number", cells.line),
    "name": ("name", cells.line),
    "budget_yuan": ("budget", cells.amount),
    "deposit_yuan": ("deposit", cells.amount),
}
_NAMES = (
    {field: key for key, (field, _) in _PROJECT.items()}
    | {f"lot.{field}": f"lots.{key}" for key, (field, _) in _LOT.items()}
    | {"lots": "lots"}
)

_HALF = re.compile("[\ud800-\udfff]")

WIDEST_NUMBER = 20
"""Digits before or after the point: no amount has more, and 1e9999999 would fill the memory."""


def read_json(data: bytes) -> ParsedFile:
    """Everything that the file says; FileRefused if it is not JSON of this shape."""
    document = _loaded(data)
    listed = document.get("projects") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise JsonShape
    records, problems = [], []
    for number, item in enumerate(listed, 1):
        record, wrong = _record(number, item)
        records.append(record)
        problems += wrong
        if len(problems) > MAX_PROBLEMS:
            break
    return finish(records, problems, Columns(_NAMES), "record")


def _loaded(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileEncoding from error
    try:
        return json.loads(
            text, parse_float=_number, parse_int=_number, parse_constant=_constant,
            object_pairs_hook=_object,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        raise JsonBroken(line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise JsonTooDeep from error


def _number(text: str) -> Decimal:
    if len(text) > 2 * WIDEST_NUMBER:
        raise JsonNumber(given=text[:WIDEST_NUMBER] + "…")
    value = Decimal(text)
    if value and abs(value.adjusted()) > WIDEST_NUMBER:
        raise JsonNumber(given=text)
    return value


def _constant(text: str) -> Any:
    raise JsonNumber(given=text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        _check_whole(key)
        if isinstance(value, str):
            _check_whole(value)
        if key in made:
            raise JsonTwice(key=key[: cells.SHOWN])
        made[key] = value
    return made


def _check_whole(text: str) -> None:
    """JSON can write half of a surrogate pair, which nothing can store or show."""
    half = _HALF.search(text)
    if half:
        raise JsonHalf(character=f"U+{ord(half[0]):04X}")


def _record(number: int, item: Any) -> tuple[Record, list[RowProblem]]:
    record = Record(number)
    if not isinstance(item, dict):
        text = N_("应是一个对象（用花括号括起的项目），现在不是。")
        return record, [RowProblem(number, "", Sentence("not_an_object", text))]
    lots = item.get("lots") or []
    values = {key: value for key, value in item.items() if key != "lots"}
    problems = list(_read_into(record.values, number, values, _PROJECT, ""))
    if not isinstance(lots, list) or not all(isinstance(lot, dict) for lot in lots):
        text = N_("标段应是对象的列表。")
        problems.append(RowProblem(number, "lots", Sentence("lots_shape", text)))
        return record, problems
    for lot in lots:
        read: dict[str, object] = {}
        problems += _read_into(read, number, lot, _LOT, "lots.")
        record.lots.append(Lot(number, read))
    return record, problems


def _read_into(
    target: dict[str, object],
    row: int,
    source: Mapping[str, Any],
    readers: Mapping[str, tuple[str, Reader]],
    prefix: str,
) -> Iterator[RowProblem]:
    for key, given in source.items():
        shown = prefix + key[: cells.SHOWN]
        if key not in readers:
            text = N_("不认识这个键，请对照模板的英文列名改正或删去。")
            yield RowProblem(row, shown, Sentence("key_unknown", text))
            continue
        field, read = readers[key]
        try:
            value = None if given is None else read(_text(given))
        except GuaranteeError as error:
            yield RowProblem(row, shown, Sentence.of(error))
            continue
        if value is not None:
            target[field] = value


def _text(given: Any) -> str:
    """A JSON value as people would write it."""
    if isinstance(given, str):
        return given
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, Decimal):
        return f"{given:f}"
    raise cells.CellType(kind=N_("列表") if isinstance(given, list) else N_("对象"))
