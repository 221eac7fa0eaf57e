"""The nouns. Importing this package registers every table with `Base.metadata`."""

from guarantees.records import guarantee, organisation, person, platform, product, project, sealed

__all__ = ["guarantee", "organisation", "person", "platform", "product", "project", "sealed"]
