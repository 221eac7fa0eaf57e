"""The transparency log in the database: leaves that wait for a batch, and how far the log is.

Whoever has something to log calls `pending` in the transaction of the act itself. One sequencer
publishes (flow/publish_log.py). What of a row changes when tells nothing: ids and leaves are
random, a batch takes rows of any kind, and the log's own rows hold only what it publishes.
"""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from guarantees.records.base import Base, Instant, Tag
from guarantees.records.sealed import LogLeaf
from guarantees.tables.leaves import KINDS
from guarantees.values.ids import new_id
from signing.seal import leaf_of

HASH = 32


class LogState(Base):
    """One row: everything in it but the plan is public, and the plan will be in a moment."""

    __tablename__ = "log_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(200))
    """Name of the log, for good."""
    key: Mapped[str] = mapped_column(String(400))
    """The log's verifier key, as first met."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Published entries."""
    root: Mapped[bytes] = mapped_column(Tag)
    cut_at: Mapped[datetime] = mapped_column(Instant)
    """When the latest batch was decided on."""
    version: Mapped[int] = mapped_column()
    plan: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Entries of the batch that is being published, 32 bytes each; they come after `size`."""

    __mapper_args__ = {"version_id_col": version}


class LogCut(Base):
    """A submission deadline or T that has passed, and how far the log was: public times."""

    __tablename__ = "log_cut"

    at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    """Entries after the batch that was cut for it; later ones came too late."""


def pending(session: Session, kind: str, digest: bytes, salt: bytes | None = None) -> bytes:
    """Log something: answers its leaf, which a later batch publishes. The same leaf counts once.

    kind: of tables/leaves. digest: SHA-256 of what is logged. salt: 32 bytes that only those know
    who may recognise the leaf; without it a keyed one that `salt_of` computes again.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of leaf (guarantees/tables/leaves.py)")
    leaf = leaf_of(salt_of(session, kind, digest) if salt is None else salt, digest)
    if session.scalar(select(LogLeaf.id).where(LogLeaf.leaf == leaf)) is None:
        session.add(LogLeaf(id=new_id(), leaf=leaf))
        session.flush()
    return leaf


def salt_of(session: Session, kind: str, digest: bytes) -> bytes:
    """The salt that `pending` takes by itself."""
    tag: bytes = session.info["vault"].tag("log-leaf", kind, digest)
    return tag


CERTIFICATE_SALT = "opening-certificate-leaf"
"""Purpose of the keyed salt of an opening certificate's leaf."""


def certificate_salt(session: Session, signed: bytes) -> bytes:
    """Computed again from the certificate whenever its leaf is shown."""
    tag: bytes = session.info["vault"].tag(CERTIFICATE_SALT, signed)
    return tag


def state(session: Session) -> LogState | None:
    """None until the first batch."""
    return session.get(LogState, 1)
