"""Limits that need no table: tries per network address, pauses for logins that nobody has, and
passphrases tried at an opening.

Kept in the memory of the process: a restart forgets them, and each process counts on its own. The
pauses of real accounts stand in the database (flow.sign_in).
"""

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from flask import request

from app.display import beijing, duration
from guarantees.errors import N_, SignInLocked
from guarantees.tables.sign_in import pause_after
from guarantees.values.actor import Actor
from guarantees.values.contacts import tidy_login

FAILED_SIGN_INS = 60
"""Wrong passwords and codes from one address in SIGN_IN_WINDOW: a whole office may share it."""

SIGN_IN_WINDOW = timedelta(minutes=10)

REGISTRATIONS = 20
"""Registrations from one address in REGISTRATION_WINDOW; each costs a hash and the operator's
attention."""

REGISTRATION_WINDOW = timedelta(hours=1)

PASSPHRASES = 6
"""Wrong passphrases of one person in PASSPHRASE_WINDOW: one code of the authenticator lets the same
act be sent again for minutes, and each try costs the platform a derivation with much memory."""

ORGANISATION_PASSPHRASES = 20
"""The same for all its people together, whose keys open the same letters."""

PASSPHRASE_WINDOW = timedelta(minutes=15)

REMEMBERED = 10_000
"""Addresses, logins or people kept in memory; beyond that the oldest are forgotten."""


T = TypeVar("T")


class AddressResting(SignInLocked):
    """Too much from one network address."""

    code = "address_resting"
    text = N_("您所在的网络短时间内尝试次数太多，请在 %(until)s 之后再试。")


class PassphraseResting(SignInLocked):
    """Too many wrong passphrases of one person, or of one organisation."""

    code = "passphrase_resting"
    text = N_(
        "解密口令短时间内多次不正确，为防止试探已暂停核对：还需等待 %(left)s，请在 %(until)s 之后"
        "再试。函件没有受影响。"
    )


class EventLimit:
    """Counts events, whosever they are, in windows of fixed length."""

    def __init__(self, limit: int, window: timedelta) -> None:
        self._limit = limit
        self._window = window
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def charge(self, whose: str, now: datetime) -> None:
        """One event; what `refusal` makes is raised if the window has had its share already."""
        with self._lock:
            began, count = self._counts.pop(whose, (now, 0))
            if not began <= now < began + self._window:
                began, count = now, 0
            self._counts[whose] = (began, count + 1)
            _forget(self._counts)
        if count >= self._limit:
            raise self.refusal(began + self._window, now)

    def refund(self, whose: str) -> None:
        """The event turned out to be harmless."""
        with self._lock:
            if whose in self._counts:
                began, count = self._counts[whose]
                self._counts[whose] = (began, max(0, count - 1))

    def refusal(self, until: datetime, now: datetime) -> SignInLocked:
        raise NotImplementedError


class AddressLimit(EventLimit):
    """Per network address."""

    def refusal(self, until: datetime, now: datetime) -> SignInLocked:
        return AddressResting(until=beijing(until))


class _PassphraseLimit(EventLimit):
    def refusal(self, until: datetime, now: datetime) -> SignInLocked:
        return PassphraseResting(until=beijing(until), left=duration(until - now))


class PassphraseTries:
    """Counted before they are judged: a hundred at once are not a hundred free guesses."""

    def __init__(
        self,
        person: int = PASSPHRASES,
        organisation: int = ORGANISATION_PASSPHRASES,
        window: timedelta = PASSPHRASE_WINDOW,
    ) -> None:
        self._people = _PassphraseLimit(person, window)
        self._organisations = _PassphraseLimit(organisation, window)

    def charge(self, actor: Actor, now: datetime) -> None:
        """One try of this person; PassphraseResting."""
        self._people.charge(actor.person_id, now)
        try:
            self._organisations.charge(actor.organisation_id, now)
        except PassphraseResting:
            self._people.refund(actor.person_id)  # it was not looked at
            raise

    def refund(self, actor: Actor) -> None:
        """It was right, or was not looked at. What was wrong before stays counted: whoever has a
        key of its own must not guess at a colleague's in between."""
        self._people.refund(actor.person_id)
        self._organisations.refund(actor.organisation_id)


@dataclass
class _Pause:
    failures: int = 0
    until: datetime | None = None


@dataclass
class UnknownLogins:
    """Gives logins that nobody has the same pauses as accounts: pauses must not tell them apart."""

    _pauses: OrderedDict[str, _Pause] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attempt(self, login: str, now: datetime) -> datetime | None:
        """Count an attempt; until when the login rests, if it rests already."""
        with self._lock:
            key = tidy_login(login)
            pause = self._pauses.setdefault(key, _Pause())
            self._pauses.move_to_end(key)
            _forget(self._pauses)
            if pause.until is not None and pause.until > now:
                return pause.until
            pause.failures += 1
            rest = pause_after(pause.failures)
            pause.until = now + rest if rest else None
            return None


@dataclass(frozen=True)
class Limits:
    """The limits of one application."""

    sign_ins: AddressLimit = field(
        default_factory=lambda: AddressLimit(FAILED_SIGN_INS, SIGN_IN_WINDOW)
    )
    registrations: AddressLimit = field(
        default_factory=lambda: AddressLimit(REGISTRATIONS, REGISTRATION_WINDOW)
    )
    passphrases: PassphraseTries = field(default_factory=PassphraseTries)
    unknown_logins: UnknownLogins = field(default_factory=UnknownLogins)


def address() -> str:
    """The network address of this request; one household of IPv6 (a /64) counts as one."""
    given = request.remote_addr or ""
    try:
        parsed = ipaddress.ip_address(given)
    except ValueError:
        return given
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return given


def _forget(kept: OrderedDict[str, T]) -> None:
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
