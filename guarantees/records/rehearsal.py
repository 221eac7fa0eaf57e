"""Rehearsals (开标演练): who has proved, long before T, that its key opens (sealing.md).

For every registered lot alike, whether anybody bids for it or not: no row here depends on a bid.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Id, Instant, Tag


class Rehearsal(Base):
    """One key and one lot: asked, or passed."""

    __tablename__ = "rehearsal"
    __table_args__ = (UniqueConstraint("lot_id", "fingerprint"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"))
    fingerprint: Mapped[bytes] = mapped_column(Tag, index=True)
    """Of the key, as in the wraps of letters: a recipient's or a trustee's."""
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    """Who asked, then who passed."""
    question: Mapped[bytes | None] = mapped_column(LargeBinary)
    """For a token: the test letter's sealed share, which is decrypted locally (CMS, DER)."""
    answer: Mapped[bytes | None] = mapped_column(Tag)
    """SHA-256 of what the token must give back; 64 bytes that nobody can guess."""
    passed_at: Mapped[datetime | None] = mapped_column(Instant)


class RehearsalReminder(Base):
    """A project's people were reminded, so many days before this opening time: once."""

    __tablename__ = "rehearsal_reminder"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    opening_time: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    """A postponed opening has reminders of its own."""
    days: Mapped[int] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(Instant)
