"""The public home page, drawn from plain data; it never invents a figure.

Whoever has the books fills `HomePage` through `use_home`; until then the lists say they are empty.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from flask import Blueprint, Flask, current_app, render_template

from app.auth.guard import needs

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True)
class InstitutionLine:
    """One institution that issues letters."""

    name: str
    kind: str
    """bank, insurer or guarantee_company (guarantees.records.organisation)."""
    guarantees: Sequence[str]
    """Kinds of guarantee it offers, translated."""
    state: str
    """A state of the noun organisation (app.status)."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class NoticeLine:
    title: str
    published_on: date
    url: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Counted in the books; unopened bid guarantees are never part of it (sealing.md)."""

    as_of: datetime
    rows: Sequence[tuple[str, str, str]]
    """(term, number, unit), translated."""


@dataclass(frozen=True, slots=True)
class HomePage:
    institutions: Sequence[InstitutionLine] = field(default=())
    """In an order that favours nobody; `institution_order` says which."""
    institution_order: str = ""
    notices: Sequence[NoticeLine] = field(default=())
    """Newest first."""
    figures: Figures | None = None


HomeSource = Callable[[], HomePage]


def use_home(app: Flask, source: HomeSource) -> None:
    """Let `source` say what the home page of `app` shows."""
    app.extensions["baohan_home"] = source


@blueprint.get("/", endpoint="show")
@needs("public.read")
def show() -> str:
    """Verify box, institutions, notices."""
    source: HomeSource = current_app.extensions.get("baohan_home", HomePage)
    return render_template("public/home.html", home=source())
