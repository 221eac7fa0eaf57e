"""The demonstration's own projects, in every state; their times are relative to the loading."""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from app.adapters.project_json import read_json
from guarantees.values.moments import BEIJING
from guarantees.values.notice import ProjectNotice

FILE = Path(__file__).resolve().parent.parent / "data" / "demo_projects.json"
SYSTEM = "demo"
"""Source system under which they are imported."""

STAGES = ("draft", "registered", "soon", "now")
TIMES = ("publish_date", "submission_deadline", "opening_time")

SOON = timedelta(minutes=3)
AHEAD = timedelta(seconds=10)


@dataclass(frozen=True)
class DemoOrganisation:
    role: str
    """procurer or agency."""
    name: str
    credit_code: str
    region: str


@dataclass(frozen=True)
class DemoProject:
    stage: str
    """ "draft" (something is missing or contradicts itself), "registered", "soon" (opens `soon`
    after the loading) or "now" (opens `ahead` after it; the demonstration opens it then)."""
    notice: ProjectNotice


def organisations(path: Path = FILE) -> tuple[DemoOrganisation, ...]:
    """Procurers and agencies that the projects name."""
    return tuple(DemoOrganisation(**one) for one in _document(path)["organisations"])


def load(
    now: datetime, path: Path = FILE, *, soon: timedelta = SOON, ahead: timedelta = AHEAD
) -> tuple[DemoProject, ...]:
    """The projects as of `now`, in the order of the file, by the same reader as any import."""
    described = _document(path)["projects"]
    waits = {"soon": soon, "now": ahead}
    plain = [_fixed(one, now, waits.get(one["stage"])) for one in described]
    parsed = read_json(json.dumps(plain, ensure_ascii=False).encode())
    if parsed.problems:
        raise ValueError(f"{path.name}: {[str(one.reason) for one in parsed.problems]}")
    return tuple(
        DemoProject(one["stage"], row.notice)
        for one, row in zip(described, parsed.rows, strict=True)
    )


def _document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _fixed(described: dict[str, Any], now: datetime, wait: timedelta | None) -> dict[str, Any]:
    """The record with absolute times; `wait`: until both deadline and opening."""
    record = {key: value for key, value in described.items() if key not in ("stage", *TIMES)}
    if wait is not None:
        moment = (now + wait).isoformat()
        record |= {"submission_deadline": moment, "opening_time": moment}
    for name in TIMES:
        if name in described:
            record[name] = _moment(described[name], now)
    return record


def _moment(relative: dict[str, Any], now: datetime) -> str:
    """A day, or with "at" a moment; deadlines do not fall on weekends."""
    day = now.astimezone(BEIJING).date() + timedelta(days=relative["days"])
    if "at" not in relative:
        return day.isoformat()
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)
    at = datetime.combine(day, time.fromisoformat(relative["at"]), BEIJING)
    return at.isoformat()
