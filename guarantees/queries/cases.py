"""Cases as supplier and institution see their own, before and after the opening."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, tuple_
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.queries.lots import LotRow, lot_row, lot_rows
from guarantees.records import casebook
from guarantees.records.case import Case
from guarantees.records.guarantee import GuaranteeRow, OpenCase
from guarantees.records.lot_end import as_ended, summary_as_ended
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from guarantees.records.project import Lot, Opening, Project, ProjectVersion
from guarantees.records.summary import Summary
from guarantees.sums.due_back import due_back
from guarantees.tables import permissions
from guarantees.values.actor import Actor
from guarantees.values.money import Money
from guarantees.values.terms import Terms

PAGE = 20
WAITING = frozenset({"submitted", "in_review", "returned"})
"""States in which an institution's people have something to do or to wait for."""

REFERENCE_PART = re.compile(r"[A-Z0-9-]+", re.IGNORECASE | re.ASCII)
NUMBER_PART = re.compile(r"[BH0-9-]+", re.IGNORECASE | re.ASCII)
"""What may stand in a reference, and in a letter number."""


@dataclass(frozen=True)
class CaseRow:
    """One line of a list."""

    case: Summary
    lot: LotRow
    institution: str
    """Name, for the supplier's lists."""

    @property
    def short_of(self) -> date | None:
        """Day to which the letter must be prolonged: its term no longer covers the bid's validity
        as the notice in force has it.

        Computed when it is read, so that a correction writes nothing for any letter: rows that
        change with it would tell a thief how many bids the lot has.
        """
        return short_of(self.case.letter, self.case.expires_on, self.lot)


@dataclass(frozen=True)
class CasePage:
    rows: tuple[CaseRow, ...]
    following: str
    """Cursor of the next page, "sealed:ID" or "open:ID" of the last case; empty at the end."""
    total: int
    """All that fit the filter."""


@dataclass(frozen=True)
class Rules:
    """What the product applied for says of its premium, as shares in per cent and as money.

    None: it states no rule.
    """

    withdrawn_percent: int | None
    withdrawn: Money | None
    ended_percent: int | None
    ended: Money | None


@dataclass(frozen=True)
class CaseView:
    """Everything of one case. The case itself is not to be changed by who reads it."""

    case: Case
    lot: LotRow
    supplier: str
    institution: str
    product: str
    terms: Terms | None
    """As reserved for the letter; None before."""
    rules: Rules

    @property
    def short_of(self) -> date | None:
        """As `CaseRow.short_of`."""
        letter, guarantee = self.case.letter, self.case.guarantee
        if letter is None or guarantee is None:
            return None
        return short_of(letter.state, guarantee.expires_on.isoformat(), self.lot)


def short_of(letter: str, expires_on: str, lot: LotRow) -> date | None:
    """The day to which a sealed letter would have to last, if it ends before it; else None."""
    needed = lot.needed_until
    if letter != "sealed" or lot.opening_state != "sealed" or not expires_on or needed is None:
        return None
    return needed if date.fromisoformat(expires_on) < needed else None


@dataclass(frozen=True)
class Filter:
    states: frozenset[str] = frozenset()
    """Application states; empty: all."""
    text: str = ""
    """Part of a reference, letter number, applicant, project name or project number."""
    short: bool = False
    """Only sealed letters whose term no longer suffices."""


def supplier_cases(
    session: Session, actor: Actor, now: datetime, wanted: Filter, after: str = ""
) -> CasePage:
    permissions.check(actor, "supplier.read", now)
    sealed = _sealed(session, actor, now, "supplier")
    return _page(session, actor, "supplier", wanted, sealed, after)


def supplier_work(
    session: Session, actor: Actor, now: datetime, *wanted: Filter
) -> tuple[CasePage, ...]:
    """The first page of each filter; sealed cases are read once."""
    permissions.check(actor, "supplier.read", now)
    sealed = _sealed(session, actor, now, "supplier")
    return tuple(_page(session, actor, "supplier", one, sealed) for one in wanted)


def institution_cases(
    session: Session, actor: Actor, now: datetime, wanted: Filter, after: str = ""
) -> CasePage:
    """Cases of the actor's institution, newest first; the queue is the filter WAITING."""
    permissions.check(actor, "institution.read", now)
    sealed = _sealed(session, actor, now, "institution")
    return _page(session, actor, "institution", wanted, sealed, after)


def view(session: Session, actor: Actor, case_id: str) -> CaseView:
    """A case of the actor's own organisation; any other is not found."""
    case = casebook.get(session, case_id)
    if actor.organisation_id not in (case.supplier, case.institution):
        raise NotFound(noun="case", id=case_id)
    lot = lot_row(session, case.lot)
    if case.sealed and lot.opening_state == "ended":
        case = as_ended(case)
    product = session.get(Product, case.product)
    names = _names(session, {case.supplier, case.institution})
    return CaseView(
        case=case,
        lot=lot,
        supplier=names[case.supplier],
        institution=names[case.institution],
        product=product.name if product else "",
        terms=Terms.from_canonical(case.intent.terms.encode()) if case.intent else None,
        rules=_rules(case.quote.premium, product),
    )


def _rules(premium: Money, product: Product | None) -> Rules:
    withdrawn = product.back_withdrawn if product else None
    ended = product.back_ended if product else None
    return Rules(withdrawn, due_back(premium, withdrawn), ended, due_back(premium, ended))


def _page(
    session: Session,
    actor: Actor,
    who: str,
    wanted: Filter,
    all_sealed: Sequence[Summary],
    after: str = "",
) -> CasePage:
    """Sealed cases first, then those in ordinary rows; newest first within each."""
    place, _, last = after.partition(":")
    sealed = _fitting(session, all_sealed, wanted)
    start = next((i + 1 for i, one in enumerate(sealed) if one.id == last), 0)
    part = [] if place == "open" else sealed[start : start + PAGE]
    room = PAGE - len(part)
    opened = _opened(session, actor, who, wanted, last if place == "open" else "", room + 1)
    part += opened[:room]
    more = len(opened) > room or (place != "open" and len(sealed) > start + PAGE)
    lots = lot_rows(session, {one.lot for one in part})
    names = _names(session, {one.institution for one in part})
    rows = tuple(CaseRow(one, lots[one.lot], names[one.institution]) for one in part)
    following = f"{'sealed' if part[-1].sealed else 'open'}:{part[-1].id}" if more else ""
    return CasePage(rows, following, len(sealed) + _count(session, actor, who, wanted))


def _sealed(session: Session, actor: Actor, now: datetime, who: str) -> list[Summary]:
    """All of the actor's organisation, found by its own slots (decisions.md, "Sealed cases")."""
    organisation = session.get(Organisation, actor.organisation_id)
    since = casebook.oldest_sealed(session)
    if organisation is None or since is None:
        return []
    since = max(since, organisation.created_at)
    held = list(casebook.sealed_of(session, who, organisation.id, since=since, now=now))
    lots = {one.lot for one in held}
    ended = set(
        session.scalars(
            select(Opening.lot_id).where(Opening.lot_id.in_(lots), Opening.state == "ended")
        )
    )
    return [summary_as_ended(one) if one.lot in ended else one for one in held]


def _fitting(session: Session, sealed: Sequence[Summary], wanted: Filter) -> list[Summary]:
    """Filtered in memory: the database knows nothing of them."""
    found = [one for one in sealed if not wanted.states or one.state in wanted.states]
    if wanted.short:
        found = _short(session, found)
    if not wanted.text:
        return found
    lots = {one.lot for one in found}
    named = set(session.scalars(_lots_named(wanted.text).where(Lot.id.in_(lots))))
    return [one for one in found if one.lot in named or _mentions(one, wanted.text)]


def _short(session: Session, found: Sequence[Summary]) -> list[Summary]:
    letters = [one for one in found if one.letter == "sealed"]
    lots = lot_rows(session, {one.lot for one in letters})
    return [one for one in letters if short_of(one.letter, one.expires_on, lots[one.lot])]


def _mentions(one: Summary, text: str) -> bool:
    fields = (one.reference, one.number, one.lead)
    return any(text.casefold() in field.casefold() for field in fields)


def _lots_named(text: str) -> Select[str]:
    """Ids of lots whose project has the text in its name or number."""
    return (
        select(Lot.id)
        .join(Project, Project.id == Lot.project_id)
        .join(ProjectVersion, ProjectVersion.project_id == Project.id)
        .where(
            or_(
                ProjectVersion.name.icontains(text, autoescape=True),
                Project.number.icontains(text, autoescape=True),
            )
        )
    )


def _opened(
    session: Session, actor: Actor, who: str, wanted: Filter, last: str, limit: int
) -> list[Summary]:
    query = _matching(select(OpenCase), actor, who, wanted)
    before = session.get(OpenCase, last) if last else None
    if before is not None:
        query = query.where(
            tuple_(OpenCase.submitted_at, OpenCase.id) < (before.submitted_at, before.id)
        )
    order = (OpenCase.submitted_at.desc(), OpenCase.id.desc())
    return list(casebook.plain_summaries(session.scalars(query.order_by(*order).limit(limit))))


def _count(session: Session, actor: Actor, who: str, wanted: Filter) -> int:
    query = _matching(select(func.count()).select_from(OpenCase), actor, who, wanted)
    return session.scalar(query) or 0


def _matching(query: Select[Any], actor: Actor, who: str, wanted: Filter) -> Select[Any]:
    column = OpenCase.supplier_id if who == "supplier" else OpenCase.institution_id
    query = query.where(column == actor.organisation_id)
    if wanted.short:
        query = query.where(false())  # of opened letters none is asked to last longer
    if wanted.states:
        query = query.where(OpenCase.state.in_(wanted.states))
    return query.where(_mentioning(wanted.text)) if wanted.text else query


def _mentioning(text: str) -> ColumnElement[bool]:
    """Numbers and references are not asked for what they can't contain."""
    found = [
        OpenCase.lead_name.icontains(text, autoescape=True),
        OpenCase.lot_id.in_(_lots_named(text)),
    ]
    if REFERENCE_PART.fullmatch(text):
        found.append(OpenCase.reference.icontains(text, autoescape=True))
    if NUMBER_PART.fullmatch(text):
        number = GuaranteeRow.number.icontains(text, autoescape=True)
        found.append(OpenCase.id.in_(select(GuaranteeRow.case_id).where(number)))
    return or_(*found)


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    rows = session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    )
    return {row.id: row.name for row in rows}


def own_account(session: Session, actor: Actor) -> str:
    """The account that the actor's organisation registered; empty if none."""
    organisation = session.get(Organisation, actor.organisation_id)
    return organisation.account if organisation else ""
