"""Pages by role. Each module listed here exposes `blueprint`; the factory registers them all."""

BLUEPRINTS: tuple[str, ...] = (
    "app.portals.public.health",
    "app.api.payments",
    "app.portals.public.preferences",
    "app.portals.public.components",
    "app.portals.public.home",
    "app.portals.public.verify",
    "app.portals.public.log",
    "app.portals.people.sign_in",
    "app.portals.people.join",
    "app.portals.people.account",
    "app.portals.people.staff",
    "app.portals.people.organisations",
    "app.portals.people.trust",
    "app.portals.supplier.cases",
    "app.portals.supplier.choose",
    "app.portals.institution.underwriting",
    "app.portals.institution.offers",
    "app.portals.opening.rooms",
    "app.portals.projects.pages",
    "app.portals.projects.keys",
    "app.portals.trustee.pages",
    "app.portals.trustee.keys",
)
"""Dotted modules, in the order of registration; portal owners add theirs."""
