"""What a person typed when its login had run out: kept sealed, given back after the next login."""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.flow import steps
from guarantees.records import kept_form, web_session
from guarantees.records.kept_form import KeptForm
from guarantees.values.actor import Actor


def keep(session: Session, actor: Actor, now: datetime, token: str, form: KeptForm) -> bool:
    """Whether it was kept; `token` is of the login that ran out, whose person gets it back."""
    steps.require(actor, "session.start", now)
    login = web_session.find(session, token)
    if login is None or login.stage != web_session.FULL:
        return False
    return kept_form.put(session, login.person_id, form)


def forget(session: Session, actor: Actor, now: datetime, page: str) -> None:
    """The form of `page` was sent again."""
    steps.require(actor, "session.use", now)
    kept_form.clear(session, actor.person_id, page)
