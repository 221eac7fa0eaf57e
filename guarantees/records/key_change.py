"""A recipient's change of key (换钥): from a key to its heir, over all unopened cases."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Id, Instant, Tag, word

STATES = ("running", "complete")

PURPOSE = "key-change"
SIZE = (4 * 1024,)
"""Bytes of a sealed digest."""


class KeyChange(Base):
    """Runs in the process where the passphrase was typed; typed again, it goes on."""

    __tablename__ = "key_change"
    __table_args__ = (word("state", STATES),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    old_key_id: Mapped[str] = mapped_column(ForeignKey("opening_key.id"), unique=True)
    new_key_id: Mapped[str] = mapped_column(ForeignKey("opening_key.id"), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(12))
    started_at: Mapped[datetime] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 over all its re-wraps, which the leaf of the log commits to; under the vault, since
    that of none at all is known to everybody."""
    leaf: Mapped[bytes | None] = mapped_column(Tag)
