"""People: every account belongs to one person in one organisation (LJ-3)."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from guarantees.records.base import Base, Id, Instant, Tag, word
from guarantees.records.organisation import Organisation

STATES = ("active", "disabled")


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (word("state", STATES),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    mail: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(JSON)
    """Names of tables/permissions.PERSON_ROLES."""
    password_hash: Mapped[str] = mapped_column(String(200))
    """Argon2id with its parameters."""
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """RFC 6238 secret under the vault; NULL until enrolled at first login."""
    totp_step: Mapped[int] = mapped_column(default=0)
    """Last time step accepted: a code counts once (RFC 6238 section 5.2)."""
    state: Mapped[str] = mapped_column(String(12))
    failures: Mapped[int] = mapped_column(default=0)
    """Wrong passwords or codes since the last success."""
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    session_epoch: Mapped[int] = mapped_column(default=0)
    """Raised to end every session of the person at once."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    demonstration: Mapped[bool] = mapped_column(default=False)

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)


class Invitation(Base):
    """An administrator's invitation; the token itself is only in the mail."""

    __tablename__ = "invitation"

    id: Mapped[bytes] = mapped_column(Tag, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    mail: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(JSON)
    invited_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    accepted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class OpeningKey(Base):
    """A procurer's or agency's key for bid letters (decisions.md, "Opening").

    The private part is wrapped under the person's own passphrase; nobody else can use it.
    """

    __tablename__ = "opening_key"
    __table_args__ = (word("state", ("active", "retired")),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(Tag, unique=True)
    wrapped_private: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(Instant)
