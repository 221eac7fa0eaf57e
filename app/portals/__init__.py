"""Pages by role. Each module listed here exposes `blueprint`; the factory registers them all."""

BLUEPRINTS: tuple[str, ...] = (
    "app.portals.public.health",
    "app.api.payments",
    "app.portals.public.preferences",
    "app.portals.public.components",
    "app.portals.public.home",
    "app.portals.public.verify",
    "app.portals.people.sign_in",
    "app.portals.people.join",
    "app.portals.people.account",
    "app.portals.people.staff",
    "app.portals.people.organisations",
    "app.portals.supplier.cases",
    "app.portals.supplier.choose",
    "app.portals.institution.underwriting",
    "app.portals.institution.offers",
    "app.portals.opening.rooms",
    "app.portals.opening.shares",
    "app.portals.opening.recovery",
    "app.portals.opening.recoveries",
    "app.portals.opening.supervision",
    "app.portals.projects.pages",
    "app.portals.projects.keys",
)
"""Dotted modules, in the order of registration; portal owners add theirs."""
