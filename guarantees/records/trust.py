"""Trustees (受托人): who must agree to a release besides the timekeeper (sealing.md step 6)."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Id, Instant, Tag, word
from guarantees.tables.trust import PROFILES

KEY_STATES = ("active", "retired")


class TrusteeKey(Base):
    """A trustee's key; parts of letters sealed from now on are wrapped to all its active ones."""

    __tablename__ = "trustee_key"
    __table_args__ = (word("state", KEY_STATES),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(Tag, unique=True)
    wrapped_private: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Under the person's passphrase; NULL: the trustee keeps it and approves by command."""
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(Instant)
    rehearsed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When its holder last showed that it works."""


class TrustSetting(Base):
    """The platform's profile for letters sealed from `set_at` on. The highest number counts;
    a letter's own stands in its envelope."""

    __tablename__ = "trust_setting"
    __table_args__ = (word("profile", PROFILES),)

    number: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(40))
    trustees: Mapped[dict[str, str]] = mapped_column(JSON)
    """Role → organisation, for every trustee of the profile."""
    set_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(Instant)


class TrusteeApproval(Base):
    """A trustee has agreed to the release of a lot's letters. Made after T only."""

    __tablename__ = "trustee_approval"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    opening_id: Mapped[str] = mapped_column(ForeignKey("opening.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Its parts under the vault's key, until the lot is opened; then NULL."""
