"""The job "issue": reserve, produce, settle, as often as it takes (design.md section 3)."""

from datetime import timedelta

from app.house import House
from app.jobs.later import Later
from guarantees.errors import NoOpeningKey, TooLate
from guarantees.flow import issue
from guarantees.ports import LetterOrder
from guarantees.records.outbox import Message

KEY_PAUSE = timedelta(minutes=15)
"""Between two looks whether there is a key again that could open the letter."""


def issue_letter(house: House, message: Message) -> None:
    """Issue the letter of one case; after the opening began nothing is issued any more.

    Raises `Unavailable` and what the signer raises; the job is then tried again. `Later` while
    nobody has a key to open the letter with. Killed anywhere
    and run again it makes the same letter: the write-once store decides.
    """
    case = message.arguments["case"]
    try:
        order = _reserve(house, case)
        if order is not None:
            _make(house, case, order)
    except NoOpeningKey:
        house.sessions.write(
            "reserve_letter", lambda session: issue.wait_for_key(session, house.now(), case)
        )
        raise Later(house.now() + KEY_PAUSE) from None
    except TooLate:
        house.sessions.write(
            "settle_letter", lambda session: issue.lapse(session, house.now(), case)
        )


def _reserve(house: House, case: str) -> LetterOrder | None:
    return house.sessions.write(
        "reserve_letter",
        lambda session: issue.reserve(
            session,
            house.now(),
            case,
            base_url=house.settings.base_url,
            recovery=house.recovery_key,
        ),
    )


def _make(house: House, case: str, order: LetterOrder) -> None:
    stored = issue.produce(
        order, letters=house.letters, files=house.files, vault=house.sessions.vault
    )
    house.sessions.write(
        "settle_letter",
        lambda session: issue.settle(session, house.now(), case, order.intent, stored),
    )
