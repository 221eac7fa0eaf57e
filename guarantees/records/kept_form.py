"""Forms kept over a login that ran out: one for each person and page, sealed and padded.

What is kept anew takes a row of its own. A row written a second time would tell that somebody came
back to the same page, and so that two of its applications are for one lot (sealing.md).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from guarantees.records import codec
from guarantees.records.sealed import Draft

SIZES = (16 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024)
CAPACITY = SIZES[-1] - 1024
"""Bytes of a form that are kept; the web takes no longer ones (app.factory.FORM_LIMIT)."""
PURPOSE = "kept form"


@dataclass
class KeptForm:
    page: str
    """Address where the form is shown."""
    kept_at: datetime
    fields: dict[str, list[str]] = field(default_factory=dict)


def put(session: Session, person_id: str, form: KeptForm) -> bool:
    """Takes the place of what was kept for the page before; False if it is too large."""
    data = codec.to_bytes(form)
    if len(data) > CAPACITY:
        return False
    last = _last(session, person_id, form.page)
    tag = _tag(session, person_id, form.page, last + 1)
    session.add(Draft(id=tag, blob=session.info["vault"].seal(PURPOSE, data, tag, SIZES)))
    session.flush()
    return True


def find(session: Session, person_id: str, page: str) -> KeptForm | None:
    tag = _tag(session, person_id, page, _last(session, person_id, page))
    row = session.get(Draft, tag)
    if row is None:
        return None
    form: KeptForm = codec.from_bytes(KeptForm, session.info["vault"].open(PURPOSE, row.blob, tag))
    return form if form.fields else None


def clear(session: Session, person_id: str, page: str) -> None:
    """The row stays, empty: rows that vanish would tell when people work (sealing.md)."""
    tag = _tag(session, person_id, page, _last(session, person_id, page))
    row = session.get(Draft, tag)
    if row is not None:
        empty = codec.to_bytes(KeptForm("", datetime.fromtimestamp(0, UTC)))
        row.blob = session.info["vault"].seal(PURPOSE, empty, tag, SIZES)


def _last(session: Session, person_id: str, page: str) -> int:
    """Place of the row that counts; -1 if there is none. Logins run out over a page but rarely."""
    last = -1
    while session.get(Draft, _tag(session, person_id, page, last + 1)) is not None:
        last += 1
    return last


def _tag(session: Session, person_id: str, page: str, place: int) -> bytes:
    made: bytes = session.info["vault"].tag("kept form", person_id, page, place)
    return made
