"""Time-based one-time codes (动态验证码, TOTP, RFC 6238): SHA-1, six digits, 30 seconds."""

import hmac
from datetime import datetime

import pyotp

from guarantees.values.text import half_width

PERIOD = 30
"""Seconds; with SHA-1 and six digits the only combination that every authenticator knows."""

WINDOW = 1
"""Steps before and after the present one that count: telephones are a little off (section 5.2)."""

ISSUER = "baohan"
"""How the authenticator lists the account; ASCII, since not all of them show Chinese."""


def new_secret() -> str:
    """A fresh shared secret: 160 random bits in base 32 (RFC 4226 section 4, R6)."""
    return pyotp.random_base32()


def step_at(moment: datetime) -> int:
    """Number of the 30-second step."""
    return int(moment.timestamp()) // PERIOD


def code_of(secret: str, step: int) -> str:
    return pyotp.TOTP(secret).generate_otp(step)


def tidy_code(typed: str) -> str:
    """What was typed without spaces and in half width: "１２３ 456" is 123456."""
    return "".join(half_width(typed).split())


def matching_step(secret: str, typed: str, now: datetime, used: int) -> int | None:
    """The step whose code was typed, if it lies in the window and after `used`; else None.

    Every step of the window is compared, in constant time each.
    """
    given = tidy_code(typed).encode(errors="replace")
    present = step_at(now)
    found = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        equal = hmac.compare_digest(code_of(secret, step).encode(), given)
        if equal and step > used:
            found = step
    return found


def next_code(secret: str, now: datetime, used: int) -> tuple[str, int]:
    """The code that will be accepted now, and seconds to wait until one is (0: at once).

    The present one; once it is used the next one, which the window takes early.
    """
    step = max(step_at(now), used + 1)
    wait = max(0, (step - WINDOW) * PERIOD - int(now.timestamp()))
    return code_of(secret, step), wait


def enrolment_address(secret: str, login: str) -> str:
    """`otpauth://totp/…`, what the QR code for the authenticator holds (Key Uri Format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
