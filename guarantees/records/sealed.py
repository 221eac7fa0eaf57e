"""Tables of which a thief learns nothing (sealing.md, "Data before the opening").

No foreign keys, amounts or times outside the blobs; ids are random or keyed; rows stay.
Every blob is padded to a fixed size by the vault.
"""

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from guarantees.records.base import Base, Id, Tag


class SealedCase(Base):
    """All that is known of an unopened bid guarantee."""

    __tablename__ = "sealed_case"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int]
    opened: Mapped[bool] = mapped_column(default=False)
    """Set when the lot was opened: the case now stands in ordinary rows."""
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    """Last: SQLite reads through whatever stands before a column."""


class SealedIndex(Base):
    """`HMAC(K_idx, purpose ‖ scope ‖ i)` → case; no tag twice, no gap before the last."""

    __tablename__ = "sealed_index"

    tag: Mapped[bytes] = mapped_column(Tag, primary_key=True)
    case_id: Mapped[str] = mapped_column(Id)


class ExposureBook(Base):
    """An institution's limits as one blob, locked and rewritten with each case's change."""

    __tablename__ = "exposure_book"

    institution_id: Mapped[str] = mapped_column(Id, primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class PaymentNotice(Base):
    """A bank's notice, once: the id is the HMAC of the bank's reference."""

    __tablename__ = "payment_notice"

    id: Mapped[bytes] = mapped_column(Tag, primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)


class OutboxMessage(Base):
    """Work to do after the commit; a broker would carry the id only."""

    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[bool] = mapped_column(default=False, index=True)


class Draft(Base):
    """What a person typed and has not yet sent: keyed by person and form."""

    __tablename__ = "draft"

    id: Mapped[bytes] = mapped_column(Tag, primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)


class IdempotencyKey(Base):
    """`HMAC(actor, key)` → the first answer: a repeated write returns it."""

    __tablename__ = "idempotency"

    id: Mapped[bytes] = mapped_column(Tag, primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)


class WebSession(Base):
    """A login. The cookie holds the token, the row its HMAC."""

    __tablename__ = "web_session"

    id: Mapped[bytes] = mapped_column(Tag, primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    ended: Mapped[bool] = mapped_column(default=False)


class LotArchive(Base):
    """Release shares of an ended lot's letters, wrapped to the recovery key, for the legal 15
    years (records.archive): one blob for each lot that ended, bids or not."""

    __tablename__ = "lot_archive"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    """Of the end."""
    blob: Mapped[bytes] = mapped_column(LargeBinary)


class LogLeaf(Base):
    """A leaf of the transparency log, written with the business and published later."""

    __tablename__ = "log_leaf"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    leaf: Mapped[bytes] = mapped_column(Tag, unique=True)
    """SHA-256(0x01 ‖ salt32 ‖ digest): leaves of all types look alike."""
    index: Mapped[int | None] = mapped_column(unique=True)
    """Place in the log once the sequencer has published it: 2^31 entries are sixty years."""
