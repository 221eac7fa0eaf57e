"""How an institution adapts its letters (保函样式), version by version."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from guarantees.errors import NotFound
from guarantees.records.base import Base, Id, Instant


class LetterDesign(Base):
    """One version: a draft until somebody has looked at its specimen and puts it to use."""

    __tablename__ = "letter_design"
    __table_args__ = (UniqueConstraint("institution_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    logo: Mapped[bytes] = mapped_column(LargeBinary)
    """PNG as this platform wrote it; empty: none."""
    seal: Mapped[bytes] = mapped_column(LargeBinary)
    """PNG as this platform wrote it; empty: the seal that the platform draws."""
    clauses: Mapped[list[str]] = mapped_column(JSON)
    """Additional clauses (附加条款), in order."""
    made_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    used_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


def newest(session: Session, institution_id: str) -> LetterDesign | None:
    """The last version, in use or not."""
    return session.scalars(
        select(LetterDesign)
        .where(LetterDesign.institution_id == institution_id)
        .order_by(LetterDesign.number.desc())
        .limit(1)
    ).one_or_none()


def in_use(session: Session, institution_id: str) -> LetterDesign | None:
    """The version that the next letter is made with: the one put to use last."""
    return session.scalars(
        select(LetterDesign)
        .where(LetterDesign.institution_id == institution_id, LetterDesign.used_at.is_not(None))
        .order_by(LetterDesign.used_at.desc(), LetterDesign.number.desc())
        .limit(1)
    ).one_or_none()


def numbered(session: Session, institution_id: str, number: int) -> LetterDesign:
    """That version of the institution. NotFound."""
    found = session.scalars(
        select(LetterDesign).where(
            LetterDesign.institution_id == institution_id, LetterDesign.number == number
        )
    ).one_or_none()
    if found is None:
        raise NotFound(noun="design", id=str(number))
    return found
