"""Pages by role. Each module listed here exposes `blueprint`; the factory registers them all."""

BLUEPRINTS: tuple[str, ...] = (
    "app.portals.public.preferences",
    "app.portals.public.components",
    "app.portals.public.home",
)
"""Dotted modules, in the order of registration; portal owners add theirs."""
