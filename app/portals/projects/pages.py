"""All pages of projects; importing this module makes their routes."""

from app.portals.projects import acting, editing, ending, importing, reading
from app.portals.projects.blueprint import blueprint

__all__ = ["acting", "blueprint", "editing", "ending", "importing", "reading"]
