"""The cookie of a login: a random token, signed together with the time it was last used.

The database knows how old a login is; how long it was idle stands in the cookie, so that reading
pages writes nothing. Whoever steals token and cookie can be active as long as their owner could;
nobody can make an old cookie younger.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, TimestampSigner

from app.context import now
from guarantees.tables.sign_in import IDLE

SALT = "baohan/login/v1"

RENEW_AFTER = timedelta(minutes=1)
"""A cookie younger than this is not written again: fewer headers, idle time a minute coarse."""


@dataclass(frozen=True)
class Held:
    token: str
    used_at: datetime
    """When the cookie was last written, to the second."""

    @property
    def idle(self) -> bool:
        """Too long without a request."""
        return not self.used_at <= now() + timedelta(seconds=1) or now() - self.used_at > IDLE


class _Signer(TimestampSigner):
    def get_timestamp(self) -> int:
        """The request's time, not the machine's: time is settable in tests."""
        return int(now().timestamp())


def held() -> Held | None:
    """The login cookie of this request, if this application wrote it."""
    try:
        token, used_at = _signer().unsign(request.cookies.get(_name(), ""), return_timestamp=True)
    except BadSignature:
        return None
    return Held(token.decode(), used_at)


def give(token: str) -> None:
    """Let the answer to this request carry a new token."""
    g.login_cookie = token


def take_back() -> None:
    """Let the answer delete the cookie."""
    g.login_cookie = ""


def init_cookie(app: Flask) -> None:
    """Write what `give` and `take_back` asked for, and renew the time of last use."""

    @app.after_request
    def write(response: Response) -> Response:
        token = g.get("login_cookie")
        if token is None and g.get("signed_in") is not None:
            current = held()
            if current is not None and now() - current.used_at >= RENEW_AFTER:
                token = current.token
        if token:
            _set(response, _signer().sign(token).decode())
        elif token is not None:
            response.delete_cookie(_name(), secure=_secure(), httponly=True, samesite="Lax")
        if token is not None or g.get("signed_in") is not None:
            # Nothing of a signed-in person stays on a shared computer.
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _set(response: Response, value: str) -> None:
    # No expiry: the browser forgets it when it is closed.
    response.set_cookie(_name(), value, secure=_secure(), httponly=True, samesite="Lax")


def _signer() -> _Signer:
    return _Signer(current_app.secret_key or b"", salt=SALT)


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _name() -> str:
    # __Host-: the browser takes it only over https and from this host alone.
    return "__Host-login" if _secure() else "login"
