"""Logins: the cookie holds a random token, the row its keyed tag and a sealed blob.

An attempt, right or wrong, of a known or unknown login, makes one row: neither their number nor
the time a request takes tells which logins exist.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.records import codec
from guarantees.records.sealed import WebSession

SIZE = (4 * 1024,)
PURPOSE = "session"
TOKEN_BYTES = 32

ATTEMPT = "attempt"
"""A password was typed; good for nothing yet."""
HALF = "half"
"""The password was right; the code is awaited."""
FULL = "full"
"""Signed in."""


@dataclass
class Login:
    person_id: str
    """Empty: nobody has the login that was typed."""
    epoch: int
    """The person's session_epoch when it began."""
    started_at: datetime
    stage: str
    counted: int = 0
    """An attempt: the person's failures with this one counted."""
    proved_at: datetime | None = None
    """When a code was last typed with an act (never the one of signing in)."""
    proved_for: str = ""
    """The act, as the address of its form: a code counts for one act, corrections included."""


def new_token() -> str:
    """256 random bits for a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def begin(session: Session, token: str, login: Login) -> None:
    tag = _tag(session, token)
    session.add(WebSession(id=tag, blob=_seal(session, tag, login)))


def find(session: Session, token: str) -> Login | None:
    """The login of this token, if nobody ended it; the caller judges stage, age and epoch."""
    tag = _tag(session, token)
    row = session.get(WebSession, tag)
    if row is None or row.ended:
        return None
    login: Login = codec.from_bytes(Login, session.info["vault"].open(PURPOSE, row.blob, tag))
    return login


def rewrite(session: Session, token: str, login: Login) -> None:
    tag = _tag(session, token)
    row = session.get_one(WebSession, tag)
    row.blob = _seal(session, tag, login)


def end(session: Session, token: str) -> None:
    """Nothing happens if there is no such login."""
    row = session.get(WebSession, _tag(session, token))
    if row is not None:
        row.ended = True


def _tag(session: Session, token: str) -> bytes:
    made: bytes = session.info["vault"].tag("session", token)
    return made


def _seal(session: Session, tag: bytes, login: Login) -> bytes:
    sealed: bytes = session.info["vault"].seal(PURPOSE, codec.to_bytes(login), tag, SIZE)
    return sealed
