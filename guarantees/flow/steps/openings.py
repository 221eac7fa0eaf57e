"""Openings (开标) of a project's lots, as the timekeeper certifies them (sealing.md step 1).

The timekeeper is asked inside the transaction that stores its answer: it is idempotent by lot, so
a call that was cut off anywhere is simply made again and gives the same certificate.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, Unavailable
from guarantees.flow import steps
from guarantees.records import log
from guarantees.records.project import Lot, Opening, Project, ProjectVersion
from guarantees.tables.lifecycle import NEW, move
from guarantees.values.actor import Actor
from guarantees.values.moments import beijing_text
from guarantees.values.notice import FIELD_NAMES
from guarantees.values.notice_faults import Fault, NoticeRefused
from guarantees.values.sentence import Sentence
from signing import wire
from signing.timekeeper.protocol import (
    REFUSALS,
    OpeningCertificate,
    Timekeeper,
    TimekeeperRefused,
)
from signing.timekeeper.times import from_text

TIME_REFUSALS = frozenset(
    {"already_registered", "time_before_deadline", "time_past", "time_not_later", "opening_passed"}
)
"""Refusals of the timekeeper that another opening time would settle."""


def make_or_postpone(
    session: Session,
    actor: Actor,
    now: datetime,
    project: Project,
    version: ProjectVersion,
    timekeeper: Timekeeper,
) -> int:
    """Bring every lot's opening to the notice in force; answers how many certificates are new.

    `Unavailable` when the timekeeper is away, `NoticeRefused` when it holds a later time.
    """
    changed = 0
    for lot, opening in _lots(session, project):
        if opening is None:
            _make(session, actor, now, lot, version, timekeeper)
        elif opening.state != "ended" and opening.opening_time < _time(version):
            _postpone(session, actor, now, lot, opening, version, timekeeper)
        else:
            continue
        changed += 1
    session.flush()
    return changed


def _lots(session: Session, project: Project) -> list[tuple[Lot, Opening | None]]:
    lots = session.scalars(
        select(Lot)
        .where(Lot.project_id == project.id, Lot.withdrawn.is_(False))
        .order_by(Lot.number)
    ).all()
    held = session.scalars(
        select(Opening).join(Lot, Lot.id == Opening.lot_id).where(Lot.project_id == project.id)
    )
    openings = {one.lot_id: one for one in held}
    return [(lot, openings.get(lot.id)) for lot in lots]


def _make(
    session: Session,
    actor: Actor,
    now: datetime,
    lot: Lot,
    version: ProjectVersion,
    timekeeper: Timekeeper,
) -> None:
    wanted = _time(version)
    deadline = version.submission_deadline or wanted
    with _asking():
        certificate = _registered(lot, wanted, deadline, actor, timekeeper)
    _check_time(lot, wanted, certificate)
    session.add(
        Opening(
            id=certificate.opening,
            lot_id=lot.id,
            opening_time=certificate.opening_time,
            certificate=certificate.to_bytes(),
            state=move("opening", NEW, "sealed", "project.register"),
        )
    )
    _publish(session, actor, now, lot, certificate, "opening.registered")


def _registered(
    lot: Lot, wanted: datetime, deadline: datetime, actor: Actor, timekeeper: Timekeeper
) -> OpeningCertificate:
    try:
        return timekeeper.register(lot.id, wanted, deadline)
    except TimekeeperRefused as refused:
        if refused.code != "already_registered":
            raise
        # An attempt was cut off before its commit, and the draft was changed since.
        return timekeeper.postpone(str(refused.detail["opening"]), wanted, _who(actor))


def _postpone(
    session: Session,
    actor: Actor,
    now: datetime,
    lot: Lot,
    opening: Opening,
    version: ProjectVersion,
    timekeeper: Timekeeper,
) -> None:
    with _asking():
        certificate = timekeeper.postpone(opening.id, _time(version), _who(actor))
    _check_time(lot, _time(version), certificate)
    opening.opening_time = certificate.opening_time
    opening.certificate = certificate.to_bytes()
    _publish(session, actor, now, lot, certificate, "opening.postponed")


def _check_time(lot: Lot, wanted: datetime, certificate: OpeningCertificate) -> None:
    if certificate.opening_time != wanted:
        text = N_(
            "标段 %(lot)s 在守时服务登记的开标时间是 %(given)s，只能推迟：请把“%(field)s”"
            "改为不早于它的时间。"
        )
        fields = {
            "lot": lot.number,
            "given": beijing_text(certificate.opening_time),
            "field": FIELD_NAMES["opening_time"],
        }
        raise NoticeRefused([Fault("opening_time", Sentence("opening_held", text, fields))])


def _publish(
    session: Session,
    actor: Actor,
    now: datetime,
    lot: Lot,
    certificate: OpeningCertificate,
    what: str,
) -> None:
    """A pending leaf of the log, and the project's history."""
    held = certificate.to_bytes()
    salt = log.certificate_salt(session, held)
    log.pending(session, "opening_certificate", hashlib.sha256(held).digest(), salt)
    when = beijing_text(certificate.opening_time)
    steps.record_about(
        session, f"project:{lot.project_id}", actor, now, what, f"{lot.number} · {when}"
    )


@contextmanager
def _asking() -> Iterator[None]:
    """Its refusals in our words: a time that cannot be is a fault of the notice."""
    try:
        yield
    except wire.Unavailable as error:
        raise Unavailable(service="timekeeper") from error
    except TimekeeperRefused as error:
        if error.code not in TIME_REFUSALS:
            raise Unavailable(service="timekeeper", reason=error.code) from error
        places = {name: _shown(value) for name, value in error.detail.items()}
        reason = Sentence(error.code, REFUSALS[error.code], places)
        raise NoticeRefused([Fault("opening_time", reason)]) from error


def _shown(value: object) -> object:
    """Moments of a refusal are text in UTC; people read Beijing time."""
    try:
        return beijing_text(from_text(str(value)))
    except ValueError:
        return value


def _time(version: ProjectVersion) -> datetime:
    if version.opening_time is None:
        raise ValueError("a registered notice has an opening time")
    return version.opening_time


def _who(actor: Actor) -> str:
    return actor.person_id or actor.name
