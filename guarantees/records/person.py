"""People: every account belongs to one person in one organisation (LJ-3)."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from guarantees.records.base import Base, Id, Instant, Tag, word
from guarantees.records.organisation import Organisation

STATES = ("active", "disabled")
HPKE, CMS = KEY_KINDS = ("hpke-x25519", "cms")


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

    The private part is wrapped under the person's own passphrase, or never leaves the person's
    token (kind "cms"); nobody else can use it. A retired key has an heir and stays: a letter that
    was being sealed while it was changed opens with it alone.
    """

    __tablename__ = "opening_key"
    __table_args__ = (word("state", ("active", "retired")), word("kind", KEY_KINDS))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(12), default=HPKE)
    """How letters are wrapped to it (signing.seal.wraps)."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    """X25519, 32 bytes; of a token its certificate, DER."""
    fingerprint: Mapped[bytes] = mapped_column(Tag, unique=True)
    """SHA-256 of public_key."""
    wrapped_private: Mapped[bytes | None] = mapped_column(LargeBinary)
    """NULL for a token."""
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    heir_id: Mapped[str | None] = mapped_column(ForeignKey("opening_key.id"))
    """The key that it was changed for."""
    inherited: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Its private part for the heir (HPKE): the new passphrase opens what the old one did."""

    organisation: Mapped[Organisation] = relationship()
