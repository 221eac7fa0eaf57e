"""The nouns. Importing this package registers every table with `Base.metadata`."""

from guarantees.records import (
    guarantee,
    log,
    organisation,
    person,
    platform,
    product,
    project,
    sealed,
    trust,
)

__all__ = [
    "guarantee",
    "log",
    "organisation",
    "person",
    "platform",
    "product",
    "project",
    "sealed",
    "trust",
]
