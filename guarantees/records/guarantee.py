"""Cases after the opening (and kinds that need no sealing) as ordinary rows."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Fen, Id, Instant, Tag, word
from guarantees.records.product import FORMS, KINDS

APPLICATION_STATES = (
    "submitted",
    "in_review",
    "returned",
    "awaiting_payment",
    "issuing",
    "issued",
    "declined",
    "withdrawn",
    "lapsed",
)
COUNTED = frozenset({"awaiting_payment", "issuing", "issued"})
"""Applications in these states take exposure."""

GUARANTEE_STATES = ("in_force", "released", "expired", "withdrawn")
LETTER_STATES = ("sealed", "opened", "broken", "withdrawn")
PAYMENT_STATES = ("ordered", "settled", "failed", "mismatched")
VERDICTS = ("verified", "fails", "not_opened", "withdrawn")
"""A withdrawn letter is listed by its leaf, so that its receipt stays explainable."""

LISTED = ("submitted_at", "id", "state", "lead_name", "lot_id", "reference")


class OpenCase(Base):
    __tablename__ = "guarantee_case"
    __table_args__ = (
        word("kind", KINDS),
        word("form", FORMS),
        word("state", APPLICATION_STATES),
        # Order, filter, search and count of the lists are answered by these alone.
        Index("ix_guarantee_case_institution", "institution_id", *LISTED),
        Index("ix_guarantee_case_supplier", "supplier_id", *LISTED),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    form: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(20))
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"), index=True)
    supplier_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    institution_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    lead_name: Mapped[str] = mapped_column(String(200))
    amount_fen: Mapped[int] = mapped_column(Fen)
    submitted_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What has no table of its own: quote, consents, findings, opinions, intent."""
    version: Mapped[int] = mapped_column(default=1)


class GuaranteeRow(Base):
    __tablename__ = "guarantee"
    __table_args__ = (word("state", GUARANTEE_STATES),)

    case_id: Mapped[str] = mapped_column(ForeignKey("guarantee_case.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int] = mapped_column(Fen)
    effective_from: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)


class TermsVersion(Base):
    """Terms are numbered and immutable; version 1 was reserved before the letter was made."""

    __tablename__ = "terms_version"

    case_id: Mapped[str] = mapped_column(ForeignKey("guarantee_case.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    canonical: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(Tag)


class LetterRow(Base):
    __tablename__ = "letter"
    __table_args__ = (word("state", LETTER_STATES),)

    case_id: Mapped[str] = mapped_column(ForeignKey("guarantee_case.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    eid: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    sha256: Mapped[bytes] = mapped_column(Tag)
    size: Mapped[int]
    signed_at: Mapped[datetime] = mapped_column(Instant)
    certificate: Mapped[bytes] = mapped_column(Tag)
    leaf: Mapped[bytes] = mapped_column(Tag)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    file: Mapped[str] = mapped_column(String(60))


class ArchiveStampRow(Base):
    """An archive time-stamp beside an opened letter (signing.archival), from 1 upwards."""

    __tablename__ = "archive_stamp"

    case_id: Mapped[str] = mapped_column(ForeignKey("letter.case_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    """End of the stamp's certificate: before that it gets a successor."""


class PaymentRow(Base):
    __tablename__ = "payment"
    __table_args__ = (word("state", PAYMENT_STATES),)

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("guarantee_case.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int] = mapped_column(Fen)
    received_fen: Mapped[int | None] = mapped_column(Fen)
    payer_account: Mapped[str] = mapped_column(String(32))
    payee_account: Mapped[str] = mapped_column(String(32))
    ordered_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    bank_reference: Mapped[str] = mapped_column(String(100))
    problem: Mapped[str] = mapped_column(String(300))


class PostingRow(Base):
    """The ledger: append-only lines; the fen of one entry sum to zero."""

    __tablename__ = "posting"
    __table_args__ = (UniqueConstraint("entry", "account"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    entry: Mapped[str] = mapped_column(Id)
    case_id: Mapped[str] = mapped_column(ForeignKey("guarantee_case.id"), index=True)
    account: Mapped[str] = mapped_column(String(80), index=True)
    fen: Mapped[int] = mapped_column(Fen)
    cause: Mapped[str] = mapped_column(String(40))
    clause: Mapped[str] = mapped_column(String(40))
    booked_at: Mapped[datetime] = mapped_column(Instant)


class EventRow(Base):
    """What happened, appended only. The subject is a case, project, organisation or person."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_subject", "subject", "at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject: Mapped[str] = mapped_column(String(60))
    """Noun and id, as "case:…" or "project:…"."""
    at: Mapped[datetime] = mapped_column(Instant)
    what: Mapped[str] = mapped_column(String(60))
    who: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[str] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(Text)


class OpeningResult(Base):
    """One verdict for each sealed letter of an opened lot."""

    __tablename__ = "opening_result"
    __table_args__ = (UniqueConstraint("opening_id", "case_id"), word("verdict", VERDICTS))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    opening_id: Mapped[str] = mapped_column(ForeignKey("opening.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("guarantee_case.id"))
    verdict: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The verification report (signing.report), NULL where the letter was not opened."""
    leaf: Mapped[bytes] = mapped_column(Tag)
    listed: Mapped[bool] = mapped_column(Boolean, default=True)
    at: Mapped[datetime] = mapped_column(Instant)
