"""What institutions offer, and the policies within which letters issue by themselves."""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    String,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from guarantees.records.base import Base, Fen, Id, Instant, word
from guarantees.records.organisation import Organisation
from guarantees.sums.fitting import Offer
from guarantees.values.money import Money

KINDS = ("bid", "performance", "quality", "advance_payment", "market_entry")
FORMS = ("independent", "accessory")


class Product(Base):
    """A published product (产品). A change is a new row with the next version."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        word("kind", KINDS),
        word("form", FORMS),
        word("state", ("published", "withdrawn")),
        CheckConstraint("back_withdrawn BETWEEN 0 AND 100", name="back_withdrawn"),
        CheckConstraint("back_ended BETWEEN 0 AND 100", name="back_ended"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    series: Mapped[str] = mapped_column(Id, index=True)
    """The same through all versions of the product."""
    number: Mapped[int]
    institution_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    form: Mapped[str] = mapped_column(String(12))
    rate_ppm: Mapped[int]
    """Premium per million of the amount guaranteed, for the whole term."""
    minimum_fen: Mapped[int] = mapped_column(Fen)
    ceiling_fen: Mapped[int] = mapped_column(Fen)
    """Largest amount of one letter."""
    regions: Mapped[list[str]] = mapped_column(JSON)
    """Prefixes of region names; empty list: everywhere."""
    minutes_to_issue: Mapped[int]
    """The institution's promise, counted from the application."""
    automatic: Mapped[bool]
    """Offered under an automatic underwriting policy."""
    consortium: Mapped[bool] = mapped_column(default=True)
    back_withdrawn: Mapped[int | None]
    """Per cent of the premium due back when the supplier withdraws an issued letter before the
    deadline; NULL: the product states no rule."""
    back_ended: Mapped[int | None]
    """The same when the procurement fails or is cancelled before the letter was opened."""
    state: Mapped[str] = mapped_column(String(12))
    published_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime] = mapped_column(Instant)

    institution: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)

    def offer(self) -> Offer:
        return Offer(
            kind=self.kind,
            ceiling=Money(self.ceiling_fen),
            regions=tuple(self.regions),
            consortium=self.consortium,
            published=self.state == "published",
            institution_active=self.institution.state == "active",
        )


class Policy(Base):
    """Automatic underwriting policy (自动承保政策): a maker proposes, a checker approves."""

    __tablename__ = "policy"
    __table_args__ = (
        UniqueConstraint("institution_id", "number"),
        word("state", ("proposed", "approved", "refused", "withdrawn")),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[int]
    ceiling_fen: Mapped[int] = mapped_column(Fen)
    """Largest amount of one letter under this policy."""
    supplier_ceiling_fen: Mapped[int] = mapped_column(Fen)
    """Sum in force for one supplier."""
    total_fen: Mapped[int] = mapped_column(Fen)
    """Sum in force of all letters under this policy."""
    consortium: Mapped[bool] = mapped_column(default=False)
    expires_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


def policy_in_force(session: Session, institution_id: str, today: date) -> Policy | None:
    """The one approved policy of an institution that has not expired."""
    return session.scalars(
        select(Policy).where(
            Policy.institution_id == institution_id,
            Policy.state == "approved",
            Policy.expires_on >= today,
        )
    ).one_or_none()
