"""The job "withhold": the timekeeper refuses the share of a withdrawn letter for ever."""

from app.house import House
from guarantees.errors import Unavailable
from guarantees.flow import withdraw_letter
from guarantees.records.outbox import Message
from signing import wire


def withhold_letter(house: House, message: Message) -> None:
    """Ask, then note that it was confirmed; both bear repetition. `Unavailable`, and what the
    timekeeper refuses: the job is tried again. Asked for under the case's random id: neither
    supplier nor lot stand in the timekeeper's journal."""
    case = message.arguments["case"]
    with house.sessions.reading() as session:
        digest = withdraw_letter.to_withhold(
            session, case, files=house.files, vault=house.sessions.vault
        )
    if digest is None:
        return
    try:
        house.timekeeper.withhold(digest, case)
    except wire.Unavailable as error:
        raise Unavailable(service="timekeeper") from error
    house.sessions.write(
        "withhold_letter",
        lambda session: withdraw_letter.withheld(session, house.now(), case),
    )
