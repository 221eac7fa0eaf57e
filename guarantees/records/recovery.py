"""Requests for the recovery key (恢复钥匙), when the keys of procurer and agency are lost."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Id, Instant, Tag, word

STATES = ("asked", "seconded", "confirmed", "refused", "withdrawn")
STANDING = ("asked", "seconded", "confirmed")
"""A lot has at most one request in these states."""


class RecoveryRequest(Base):
    """Asked for by two people of one side, confirmed by the operator; after T only."""

    __tablename__ = "recovery_request"
    __table_args__ = (
        word("state", STATES),
        Index(
            "uq_recovery_request_standing",
            "lot_id",
            unique=True,
            sqlite_where=text("state IN ('asked', 'seconded', 'confirmed')"),
            postgresql_where=text("state IN ('asked', 'seconded', 'confirmed')"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text)
    """Why no key opens, in the words of who asked."""
    asked_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    seconded_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    seconded_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """Of the operator: who confirmed or refused."""
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text, default="")
    """The operator's words."""
    leaf: Mapped[bytes | None] = mapped_column(Tag)
    """Of the log, once confirmed."""
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
