"""The public home page: verify, institutions, notices. It never invents a figure.

Institutions come from the register; notices and figures are there once somebody has them, and until
then the page says that there are none, or leaves them out. `use_home` puts another source in place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from flask import Blueprint, Flask, current_app, render_template

from app.auth.guard import needs
from app.context import read
from app.portals.wording import INSTITUTIONS, KINDS
from app.text import _
from guarantees.queries import institutions

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True)
class InstitutionLine:
    """One institution that issues letters."""

    name: str
    kind: str
    """Bank, insurer or guarantee company, translated."""
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
    source: HomeSource = current_app.extensions.get("baohan_home", of_register)
    return render_template("public/home.html", home=source())


def of_register() -> HomePage:
    """What the register knows today."""
    rows = read(institutions.listed)
    return HomePage(
        institutions=[_line(row) for row in rows],
        institution_order=_("按验收日期排列，与合作深浅、收费高低无关。"),
    )


def _line(row: institutions.InstitutionRow) -> InstitutionLine:
    return InstitutionLine(
        name=row.name,
        kind=_(INSTITUTIONS[row.institution_type]) if row.institution_type else "",
        guarantees=[_(KINDS[kind]) for kind in row.kinds],
        state=row.state,
    )
