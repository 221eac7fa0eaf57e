"""Every kind of outbox message and the job that does it. A meta-test finds each kind here."""

from collections.abc import Callable, Mapping

from app.house import House
from app.jobs import endings
from app.jobs.letters import issue_letter
from app.jobs.mails import send_mails
from app.jobs.payments import order_payment
from app.jobs.withholding import withhold_letter
from guarantees.records.outbox import Message

Handler = Callable[[House, Message], None]
"""Does the work, or raises: then it is done again later, so a handler must bear repetition."""

HANDLERS: Mapping[str, Handler] = {
    "issue": issue_letter,
    "order_payment": order_payment,
    "mail": send_mails,
    "withhold": withhold_letter,
    "end_lot": endings.end_lot,
    "archive_end": endings.archive_end,
    "finish_end": endings.finish,
}
