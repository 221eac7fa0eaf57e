"""The job "mail": who is told is data (tables/notices); what is told names no bid."""

import threading
from collections import OrderedDict
from datetime import datetime

from sqlalchemy.orm import Session

from app.adapters.mail import render
from app.house import House
from guarantees.queries import recipients
from guarantees.queries.recipients import Mail
from guarantees.records.outbox import Message
from guarantees.tables import notices
from signing import faults

SENDING = faults.declare("mail.before_call")
SENT = faults.declare("mail.after_call")

REMEMBERED = 10_000
"""Mails that this process remembers having sent."""


class Sent:
    """So that a message of which one mail failed does not send the others twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def __contains__(self, key: tuple[str, str, str]) -> bool:
        with self._lock:
            return key in self._keys

    def add(self, key: tuple[str, str, str]) -> None:
        with self._lock:
            self._keys[key] = None
            while len(self._keys) > REMEMBERED:
                self._keys.popitem(last=False)


_sent = Sent()


def send_mails(house: House, message: Message) -> None:
    """Every mail of the message, once; the last failure is raised when the others are sent.

    A process that is killed between a mail and its commit sends that mail again: a mail server
    offers nothing better.
    """
    with house.sessions.reading() as session:
        mails = _mails(session, message, house.now())
    failure: Exception | None = None
    for mail in mails:
        key = (message.id, mail.to, mail.text)
        if key in _sent:
            continue
        try:
            subject, text = render(mail.text, house.settings.base_url, mail.fields)
            faults.point(SENDING)
            house.mailer.send(mail.to, subject, text)
            faults.point(SENT)
        except Exception as error:  # the other recipients are not to wait for this one
            failure = error
        else:
            _sent.add(key)
    if failure is not None:
        raise failure


def _mails(session: Session, message: Message, now: datetime) -> tuple[Mail, ...]:
    if message.arguments["about"] == notices.HOLDERS:
        return recipients.to_holders(session, message.arguments, now)
    return recipients.mails(session, message.arguments)
