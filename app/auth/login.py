"""The steps of signing in, as the pages call them; cookies and throttling happen here."""

from dataclasses import dataclass

from flask import current_app, g, session

from app.auth import cookie, kept, throttle
from app.auth.actors import VISITOR
from app.auth.passwords import Passwords
from app.auth.paths import home_of, local_path
from app.auth.throttle import Limits
from app.context import now, read, write
from app.display import beijing
from app.text import _
from guarantees.errors import InvalidInput, SignInLocked, SignInRefused
from guarantees.flow import sign_in as flow
from guarantees.flow.sign_in import Answer
from guarantees.queries import sign_ins
from guarantees.queries.sign_ins import HalfWay
from guarantees.records.web_session import new_token

NEXT = "next"
"""In the session: where to go when the login is complete."""


@dataclass(frozen=True)
class RightPassword:
    token: str
    """Of the attempt."""
    encoded: str
    """The hash that it was right against."""


def passwords() -> Passwords:
    found: Passwords = current_app.extensions["baohan_passwords"]
    return found


def limits() -> Limits:
    found: Limits = current_app.extensions["baohan_limits"]
    return found


def check_password(login: str, password: str) -> RightPassword:
    """SignInRefused, alike and after the same time whatever was wrong; or SignInLocked."""
    limits().sign_ins.charge(throttle.address(), now())
    token = new_token()
    attempt = write("sign_in", flow.attempt, VISITOR, now(), login, token)
    resting = attempt.locked_until
    if not attempt.person_id:
        resting = limits().unknown_logins.attempt(login, now())
    if resting is not None:
        raise SignInLocked(until=beijing(resting))
    if not passwords().verify(attempt.password_hash, password):
        raise SignInRefused()
    limits().sign_ins.refund(throttle.address())
    return RightPassword(token, attempt.password_hash)


def begin(login: str, password: str, back: str) -> Answer:
    """First step. Answer.result "code" or "enrol": the browser is half way in."""
    right = check_password(login, password)
    rehashed = passwords().renewed(right.encoded, password)
    answer = write(
        "sign_in", flow.accept_password, VISITOR, now(), right.token, right.encoded, rehashed
    )
    if answer.result in ("code", "enrol"):
        _renew(right.token)
        session[NEXT] = local_path(back) or ""
    return answer


def half_way() -> HalfWay | None:
    """Whose code is awaited in this browser."""
    found = cookie.held()
    return None if found is None or found.idle else read(sign_ins.half_way, now(), found.token)


def complete(typed: str) -> bool:
    """Second step: signed in under a new token, or False if the password is too long ago.

    InvalidInput on field "otp" for a wrong or used code, SignInLocked after too many.
    """
    limits().sign_ins.charge(throttle.address(), now())
    found = cookie.held()
    if found is None:
        return False
    token = new_token()
    answer = write("sign_in", flow.enter_code, VISITOR, now(), found.token, token, typed)
    if not counted(answer):
        return False
    back = session.get(NEXT, "")
    _renew(token)
    session[NEXT] = back
    return True


def counted(answer: Answer) -> bool:
    """Whether a code was right, after the address's count was set straight; False: expired."""
    if answer.locked_until is not None:
        raise SignInLocked(until=beijing(answer.locked_until))
    if answer.result == "refused":
        sentence = _("动态验证码不正确或已经用过，请等验证器显示下一个再填。")
        raise InvalidInput({"otp": sentence})
    limits().sign_ins.refund(throttle.address())
    return answer.result == "done"


def destination() -> str:
    """Where the login that was just completed leads; a form that waits there is marked."""
    found = read(sign_ins.who, now(), g.login_cookie)
    back: str = session.pop(NEXT, "")
    if found is None:  # disabled within this very second
        return "/"
    if back:
        kept.mark(found.actor, back)
    return back or home_of(found.actor.organisation_role)


def continue_as(token: str) -> None:
    """The same person goes on under a new token."""
    _renew(token)


def end() -> None:
    """Sign out: the login ends in the database too."""
    found = cookie.held()
    if found is not None:
        write("sign_out", flow.sign_out, VISITOR, now(), found.token)
    session.clear()
    cookie.take_back()


def _renew(token: str) -> None:
    """Nothing from before goes on: neither token nor CSRF token (session fixation, CWE-384)."""
    session.clear()
    cookie.give(token)
