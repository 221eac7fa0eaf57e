"""An approved application that nobody pays ends by itself and frees the institution's exposure.

A job looks (app/jobs/rounds): sealed cases are found by their institution's slots, as its own
people's lists find them, and nothing beside the case says when it ends.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_
from guarantees.flow import steps
from guarantees.flow.steps import automatic, running
from guarantees.records import casebook
from guarantees.records.case import Case
from guarantees.records.guarantee import OpenCase
from guarantees.records.organisation import Organisation
from guarantees.records.project import Opening
from guarantees.records.summary import Summary
from guarantees.sums.validity import lapses_at
from guarantees.tables.lifecycle import may, move
from guarantees.values.actor import SYSTEM

NOT_PAID = N_("到期没有缴费，申请自动失效，占用的额度已释放。")
NOT_ARRIVED = N_("到开标时间保费仍未到账，申请自动失效；此后到账的款项不动用，应由机构原路退回。")


def institutions(session: Session) -> list[str]:
    """Whose cases are to be looked at, one after the other."""
    return list(session.scalars(select(Organisation.id).where(Organisation.role == "institution")))


def overdue(session: Session, now: datetime, institution_id: str) -> list[str]:
    """Ids of the institution's cases that `lapse` would end now."""
    waiting = [*_sealed(session, now, institution_id), *_opened(session, institution_id)]
    openings = _openings(session, {one.lot for one in waiting})
    return [
        one.id
        for one in waiting
        if _is_over(
            now, one.submitted_at, openings.get(one.lot), under_way=one.payment == "ordered"
        )
    ]


def lapse(session: Session, now: datetime, case_id: str) -> bool:
    """End the case and free what it took; False if it was paid, ended or not yet over.

    Its payment, if one is under way, stays open: a notice that comes later is judged as any that
    finds the application ended (flow.pay), and says that the money is due back.
    """
    opening = running.hold(session, casebook.get(session, case_id).lot)
    case = casebook.get(session, case_id)
    if not _lapsing(case.state):
        return False
    under_way = _under_way(case)
    if not _is_over(now, case.submitted_at, opening.opening_time, under_way=under_way):
        return False
    case.state = move("application", case.state, "lapsed", "application.lapse")
    # The end of a lot gave back all that it took. Its cases lapse as any others do, and the book
    # is written all the same: what is written must not tell whose lot had ended.
    automatic.free(session, case, counted=opening.state != "ended")
    note = NOT_ARRIVED if under_way else NOT_PAID
    steps.record(case, SYSTEM, now, "application.lapsed", note)
    casebook.save(session, case)
    steps.tell(session, "application.lapsed", case.supplier)
    return True


def _lapsing(state: str) -> bool:
    return may("application", state, "application.lapse")


def _under_way(case: Case) -> bool:
    payment = case.payment()
    return payment is not None and payment.state == "ordered"


def _is_over(
    now: datetime, submitted_at: datetime, opening_time: datetime | None, *, under_way: bool
) -> bool:
    ends = lapses_at(submitted_at, opening_time, under_way=under_way)
    return ends is not None and now >= ends


def _sealed(session: Session, now: datetime, institution_id: str) -> Iterator[Summary]:
    since = casebook.oldest_sealed(session)
    if since is not None:
        held = casebook.sealed_of(session, "institution", institution_id, since=since, now=now)
        yield from (one for one in held if _lapsing(one.state))


def _opened(session: Session, institution_id: str) -> Iterator[Summary]:
    """Those whose lot was opened before they ended."""
    rows = session.scalars(
        select(OpenCase).where(
            OpenCase.institution_id == institution_id, OpenCase.state == "awaiting_payment"
        )
    )
    return casebook.plain_summaries(rows)


def _openings(session: Session, lots: Iterable[str]) -> dict[str, datetime]:
    """T of each lot, as postponed."""
    rows = session.execute(
        select(Opening.lot_id, Opening.opening_time).where(Opening.lot_id.in_(lots))
    )
    return {row.lot_id: row.opening_time for row in rows}
