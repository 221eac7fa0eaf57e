"""The blueprint that all pages of projects share."""

from flask import Blueprint

from app.portals.projects.words import names

blueprint = Blueprint("projects", __name__, url_prefix="/projects")


@blueprint.context_processor
def words() -> dict[str, object]:
    """Words for the templates of this blueprint."""
    return names()
