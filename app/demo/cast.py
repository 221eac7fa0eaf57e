"""Who plays in the demonstration: organisations, people, products (app/data/demo_people.json).

Invented firms and names, marked as such; procurers and agencies are those of the demonstration's
projects.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from app.adapters import demo_projects

FILE = Path(__file__).resolve().parent.parent / "data" / "demo_people.json"


@dataclass(frozen=True)
class CastPerson:
    login: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class CastOrganisation:
    key: str
    role: str
    name: str
    credit_code: str
    region: str
    people: tuple[CastPerson, ...]
    level: str = ""
    institution_type: str = ""
    account: str = ""
    contact: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CastProduct:
    """A bid guarantee's product; amounts in yuan as people write them."""

    institution: str
    """Key of the organisation."""
    name: str
    form: str
    rate_ppm: int
    minimum: str
    ceiling: str
    regions: list[str]
    minutes_to_issue: int
    automatic: bool
    back_withdrawn: int
    back_ended: int
    """Per cent of the premium, after a withdrawal and after a failed tender."""
    consortium: bool


@dataclass(frozen=True)
class CastPolicy:
    """An automatic underwriting policy; amounts in yuan."""

    institution: str
    ceiling: str
    supplier_ceiling: str
    total: str
    consortium: bool
    days: int
    """How long it stands."""


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return document


def organisations() -> tuple[CastOrganisation, ...]:
    """Everybody, those of the projects too."""
    own = [_organisation(**one) for one in _document()["organisations"]]
    parties = _document()["parties"]
    others = [
        _organisation(
            key=f"{one.role}-{place}",
            role=one.role,
            name=one.name,
            credit_code=one.credit_code,
            region=one.region,
            people=parties[one.name],
        )
        for place, one in enumerate(demo_projects.organisations())
    ]
    return (*own, *others)


def institutions() -> tuple[CastOrganisation, ...]:
    return tuple(one for one in organisations() if one.role == "institution")


def products() -> tuple[CastProduct, ...]:
    return tuple(CastProduct(**one) for one in _document()["products"])


def policies() -> tuple[CastPolicy, ...]:
    return tuple(CastPolicy(**one) for one in _document()["policies"])


def shown() -> tuple[tuple[str, str], ...]:
    """(login, what it does): one for each role, to be printed at the start."""
    return tuple((login, duty) for login, duty in _document()["shown"])


def _organisation(*, people: list[dict[str, Any]], **fields: Any) -> CastOrganisation:
    cast = tuple(CastPerson(one["login"], one["name"], tuple(one["roles"])) for one in people)
    return CastOrganisation(**fields, people=cast)
