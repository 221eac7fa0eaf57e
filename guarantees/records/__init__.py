"""The nouns. Importing this package registers every table with `Base.metadata`."""

from guarantees.records import (
    guarantee,
    key_change,
    letter_design,
    log,
    lot_end,
    organisation,
    person,
    platform,
    product,
    project,
    recovery,
    rehearsal,
    sealed,
    trust,
)

__all__ = [
    "guarantee",
    "key_change",
    "letter_design",
    "log",
    "lot_end",
    "organisation",
    "person",
    "platform",
    "product",
    "project",
    "recovery",
    "rehearsal",
    "sealed",
    "trust",
]
