"""For those who supervise: which openings come, whether each side has proved its keys, and which
trustees could not act."""

from flask import Blueprint, render_template

from app.auth.guard import actor, needs
from app.context import now, read
from app.portals.trustee.words import PRESENCE
from guarantees.queries import rehearsals, trustees

blueprint = Blueprint("supervision", __name__, url_prefix="/supervision")


@blueprint.get("/rehearsals")
@needs("rehearsal.read")
def coming() -> str:
    """The same page for lots with and without bids: it knows of none."""
    rows = read(rehearsals.coming, actor(), now())
    return render_template(
        "portals/opening/rehearsals.html",
        rows=rows,
        days=rehearsals.AHEAD.days,
        absent=read(trustees.seen_absent, actor(), now()),
        presence=PRESENCE,
    )
