"""Alembic: one connection given by the caller (app/adapters/schema.py)."""

from typing import Any, Literal

from alembic import context

import guarantees.records  # noqa: F401 - registers every table
from guarantees.records.base import Base, Instant


def render_item(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """A migration names plain types only: it must outlive changes of our own."""
    return "sa.DateTime(timezone=True)" if isinstance(item, Instant) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
