"""The one row that says what this database is."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Instant, word

MODES = ("demonstration", "production")


class Platform(Base):
    """Written when the database is made; only a demonstration gets demonstration data."""

    __tablename__ = "platform"
    __table_args__ = (word("mode", MODES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime] = mapped_column(Instant)
