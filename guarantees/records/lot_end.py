"""Ends of procurements (采购终止), lot by lot, and legal holds on what is kept of a project.

An end that takes effect before the opening writes nothing into a single case: who bid for a failed
tender stays as secret as before, and rows that change with it would tell a thief how many bids the
lot had. What its cases are from then on is computed from the lot's end (`as_ended`), and the
exposure they took is given back by rewriting every institution's book (flow.finish_end).
"""

from dataclasses import replace
from datetime import datetime, timedelta

import rfc8785
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from guarantees.records import codec
from guarantees.records.base import Base, Id, Instant, word
from guarantees.records.case import Case
from guarantees.records.project import Lot
from guarantees.records.summary import Summary

KINDS = ("failed", "cancelled")
"""流标 (no award could be made) and 终止 (the procurer ends it)."""

STATES = ("asked", "dropped", "confirmed", "kept", "ended")
STANDING = frozenset({"asked", "confirmed", "ended"})
"""A lot has at most one of these at a time."""

FINAL = frozenset({"declined", "withdrawn", "lapsed"})
"""Applications that had ended before their lot did; they stay what they are."""

ARCHIVING = timedelta(hours=12)
"""So long before an end takes effect the letters' shares go to the recovery key. From then on the
timekeeper lets nobody take the end back: the recovery key could open the letters early."""

HOLD_STATES = ("set", "lifted")
SCHEMA = "baohan/end/v1"


class LotEnd(Base):
    """One person asked for the end of a lot, another confirmed it."""

    __tablename__ = "lot_end"
    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        word("kind", KINDS),
        word("state", STATES),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"))
    number: Mapped[int]
    """Counts what was asked for this lot, from 1."""
    request: Mapped[str] = mapped_column(Id, index=True)
    """The same for all lots that were asked for at once."""
    kind: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    asked_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    effective_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the timekeeper destroys the opening key; until then the end can be taken back."""
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """Who dropped or took it back."""
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def keep_until(self) -> datetime | None:
        """Until when it can be taken back; None: not known yet, so that it still can."""
        return None if self.effective_at is None else self.effective_at - ARCHIVING


class LegalHold(Base):
    """What is kept of a project outlives its legal term while a hold stands (诉讼保全)."""

    __tablename__ = "legal_hold"
    __table_args__ = (word("state", HOLD_STATES),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(Instant)
    lifted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    lift_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


def standing(session: Session, lot_id: str) -> LotEnd | None:
    """What was asked for the lot and neither dropped nor taken back."""
    return session.scalars(
        select(LotEnd)
        .where(LotEnd.lot_id == lot_id, LotEnd.state.in_(STANDING))
        .execution_options(populate_existing=True)
    ).one_or_none()


def ending_in(session: Session, project_id: str) -> bool:
    """Whether an end of a lot of the project was confirmed and has not yet taken effect."""
    found = session.scalar(
        select(LotEnd.id)
        .join(Lot, Lot.id == LotEnd.lot_id)
        .where(Lot.project_id == project_id, LotEnd.state == "confirmed")
        .limit(1)
    )
    return found is not None


def statement(end: LotEnd, opening: str) -> bytes:
    """What the log commits to: canonical JSON (RFC 8785); nothing in it depends on bids."""
    return rfc8785.dumps(
        {
            "schema": SCHEMA,
            "opening": opening,
            "lot": end.lot_id,
            "kind": end.kind,
            "reason": end.reason,
            "asked_at": codec.dump(end.asked_at),
            "confirmed_at": codec.dump(end.confirmed_at),
        }
    )


def summary_as_ended(one: Summary) -> Summary:
    """As `as_ended`, for lists."""
    if one.state in FINAL:
        return one
    return one._replace(state="ended", letter="unopened" if one.letter else "")


def as_ended(case: Case) -> Case:
    """A sealed case of an ended lot as people see it. Not to be saved: see the module."""
    if case.state in FINAL:
        return case
    letter, guarantee = case.letter, case.guarantee
    return replace(
        case,
        state="ended",
        letter=replace(letter, state="unopened") if letter else None,
        guarantee=replace(guarantee, state="released") if guarantee else None,
    )
