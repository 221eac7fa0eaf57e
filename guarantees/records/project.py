"""Procurement projects, versioned by correction notices (更正公告), and their lots (标段)."""

from datetime import date, datetime, timedelta

from sqlalchemy import JSON, Date, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from guarantees.records.base import Base, Fen, Id, Instant, word
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice, ProjectNotice

STATES = ("draft", "registered", "ended")
CATEGORIES = ("goods", "services", "works")
ACCEPTED = ("yes", "no", "unknown")
OPENING_STATES = ("sealed", "opening", "opened", "ended")


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (
        UniqueConstraint("source_system", "source_id"),
        UniqueConstraint("source_system", "number"),
        word("state", STATES),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    source_system: Mapped[str] = mapped_column(String(60))
    """Where the notice comes from; "entered" for the form."""
    source_id: Mapped[str] = mapped_column(String(100))
    """Its id there: a re-import matches by it (decisions.md)."""
    number: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(12))
    current: Mapped[int]
    """Number of the version in force."""
    entered_by: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    demonstration: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    versions: Mapped[list["ProjectVersion"]] = relationship(order_by="ProjectVersion.number")
    lots: Mapped[list["Lot"]] = relationship(order_by="Lot.number")

    __mapper_args__ = {"version_id_col": version}


class ProjectVersion(Base):
    """What one notice says. Immutable; NULL means that the notice does not say it."""

    __tablename__ = "project_version"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        word("category", CATEGORIES),
        word("guarantee_accepted", ACCEPTED),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    method: Mapped[str | None] = mapped_column(String(60))
    category: Mapped[str | None] = mapped_column(String(12))
    region: Mapped[str | None] = mapped_column(String(100))
    procurer_name: Mapped[str | None] = mapped_column(String(300))
    procurer_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    agency_name: Mapped[str | None] = mapped_column(String(300))
    agency_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    budget_fen: Mapped[int | None] = mapped_column(Fen)
    deposit_fen: Mapped[int | None] = mapped_column(Fen)
    """Bid deposit of the whole project where the notice names no deposit per lot."""
    deposit_forms: Mapped[str | None] = mapped_column(Text)
    guarantee_accepted: Mapped[str] = mapped_column(String(10))
    guarantee_quote: Mapped[str | None] = mapped_column(Text)
    basic_account_demanded: Mapped[bool] = mapped_column(default=False)
    bid_validity_days: Mapped[int | None]
    submission_deadline: Mapped[datetime | None] = mapped_column(Instant)
    opening_time: Mapped[datetime | None] = mapped_column(Instant)
    published_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str | None] = mapped_column(Text)
    lots: Mapped[list[dict[str, object]]] = mapped_column(JSON)
    """[{"number", "name", "budget_fen", "deposit_fen"}] as this notice states them."""
    note: Mapped[str] = mapped_column(Text, default="")
    """Correction: what was corrected and why."""
    made_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)


class Lot(Base):
    """A lot keeps its id over all versions of its project."""

    __tablename__ = "lot"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    number: Mapped[str] = mapped_column(String(60))
    withdrawn: Mapped[bool] = mapped_column(default=False)
    """No longer in the notice's current version."""

    project: Mapped[Project] = relationship(back_populates="lots", lazy="joined", innerjoin=True)


class Opening(Base):
    """An opening (开标) of a lot, made by the timekeeper when the lot is registered."""

    __tablename__ = "opening"
    __table_args__ = (word("state", OPENING_STATES),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Opening id of the timekeeper's certificate."""
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"), unique=True)
    opening_time: Mapped[datetime] = mapped_column(Instant, index=True)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    """Opening certificate in force, signed by the timekeeper (sealing.md step 1)."""
    state: Mapped[str] = mapped_column(String(12))
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    total: Mapped[int | None]
    """Letters found; known only once the opening has begun."""
    version: Mapped[int] = mapped_column(default=1)

    lot: Mapped[Lot] = relationship(lazy="joined", innerjoin=True)

    __mapper_args__ = {"version_id_col": version}


class Mandate(Base):
    """A procurer lets an agency act for it in one project (design.md section 2)."""

    __tablename__ = "mandate"
    __table_args__ = (UniqueConstraint("project_id", "agency_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    procurer_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    actions: Mapped[list[str]] = mapped_column(JSON)
    """Actions of tables/permissions that need a mandate."""
    granted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


def lot_notice(version: ProjectVersion, number: str) -> LotNotice:
    """What the notice says of one lot; a project without lots is one lot (values.notice).

    A lot that a correction withdrew is still shown, with the project's name and no figures.
    """
    if len(version.lots) > 1:
        made = (_lot(version, one) for one in version.lots if str(one["number"]) == number)
    else:
        made = (one for one in effective_lots(version) if one.number == number)
    return next(made, LotNotice(number=number, name=version.name))


def effective_lots(version: ProjectVersion) -> tuple[LotNotice, ...]:
    """The lots of a version, by the rule of `ProjectNotice.effective_lots`."""
    notice = ProjectNotice(
        source_system="",
        source_id="",
        name=version.name,
        budget=money(version.budget_fen),
        deposit=money(version.deposit_fen),
        lots=tuple(_lot(version, one) for one in version.lots),
    )
    return notice.effective_lots()


def _lot(version: ProjectVersion, stated: dict[str, object]) -> LotNotice:
    return LotNotice(
        number=str(stated["number"]),
        name=str(stated["name"] or version.name),
        budget=money(stated["budget_fen"]),
        deposit=money(stated["deposit_fen"]),
    )


def expiry(version: ProjectVersion) -> date:
    """Last day of a bid guarantee: the bid's validity, counted in calendar days from the
    submission deadline (TBR-25, 26: the deposit is valid as long as the bid)."""
    if version.submission_deadline is None or version.bid_validity_days is None:
        raise ValueError("an incomplete notice has no term")
    return expiry_of(version.submission_deadline, version.bid_validity_days)


def expiry_of(deadline: datetime, bid_validity_days: int) -> date:
    """The day on which a bid's validity ends."""
    return beijing_date(deadline) + timedelta(days=bid_validity_days)


def money(fen: object) -> Money | None:
    return Money(fen) if isinstance(fen, int) else None
