"""The jobs that end a sealed lot: erase, keep what the law wants kept, see that it is done.

    end_lot       the timekeeper is told and answers when it erases
    archive_end   shortly before: the letters' shares go to the recovery key
    finish_end    when the key is gone: the lot has ended

Each may be killed anywhere and run again. None of them writes into a case, and each is run for a
lot without bids as for one with fifty.
"""

import secrets
from collections.abc import Callable
from typing import TypeVar

import structlog

from app.house import House
from guarantees.errors import Unavailable
from guarantees.flow import finish_end
from guarantees.flow.finish_end import Erasing
from guarantees.records.archive import Kept
from guarantees.records.outbox import Message
from signing import wire
from signing.seal import ReleaseRequest, dummy_request
from signing.timekeeper.protocol import OpeningCertificate, TimekeeperRefused

PADDED_TO = 64
"""Release requests come in multiples of so many, filled with dummies: the timekeeper's journal
must not count a failed tender's bids either."""

R = TypeVar("R")

log = structlog.get_logger("baohan.endings")


def end_lot(house: House, message: Message) -> None:
    end = message.arguments["end"]
    known = _known(house, end)
    if known.state == "confirmed":
        due = _asking(
            lambda: house.timekeeper.erase(
                known.opening, known.kind, known.asked_by, known.confirmed_by
            )
        )
        if house.sessions.write("end_lot", lambda session: finish_end.told(session, end, due)):
            return
    # Taken back before the timekeeper had heard of it, or while it answered.
    _asking(lambda: house.timekeeper.keep(known.opening, known.confirmed_by))


def archive_end(house: House, message: Message) -> None:
    end = message.arguments["end"]
    known = _known(house, end)
    if known.state != "confirmed":
        return
    with house.sessions.reading() as session:
        asked = finish_end.requests(session, end, files=house.files, vault=house.sessions.vault)
    try:
        kept = _archived(house, known, asked)
    except TimekeeperRefused as refused:
        if refused.code in ("early", "not_withheld"):  # nothing is being erased any more
            _settle_taken_back(house, end)
            return
        if refused.code != "erased":
            raise
        # Too late to keep anything: the lot has ended all the same, and the audit says what lacks.
        log.error("nothing archived", end=end)
        kept = []
    house.sessions.write("end_lot", lambda session: finish_end.archived(session, end, kept))


def finish(house: House, message: Message) -> None:
    """Asked for no share, the timekeeper tells how things stand."""
    end = message.arguments["end"]
    known = _known(house, end)
    if known.state != "confirmed":
        return
    try:
        _asking(lambda: house.timekeeper.release(known.opening, []))
    except TimekeeperRefused as refused:
        if refused.code == "erasing":
            raise Unavailable(service="timekeeper", reason=refused.code) from refused
        if refused.code == "erased":
            house.sessions.write(
                "end_lot", lambda session: finish_end.finish(session, house.now(), end)
            )
            return
        if refused.code != "early":
            raise
    _settle_taken_back(house, end)


def _known(house: House, end: str) -> Erasing:
    with house.sessions.reading() as session:
        return finish_end.erasing(session, end)


def _settle_taken_back(house: House, end: str) -> None:
    house.sessions.write(
        "end_lot", lambda session: finish_end.taken_back(session, house.now(), end)
    )


def _archived(house: House, known: Erasing, asked: list[tuple[str, ReleaseRequest]]) -> list[Kept]:
    """What the recovery key gets; a letter whose wrap is broken has nothing to be kept."""
    mixed: list[tuple[str, ReleaseRequest]] = [*asked, *_dummies(known, len(asked))]
    secrets.SystemRandom().shuffle(mixed)
    shares = _asking(
        lambda: house.timekeeper.archive(known.opening, [request for _case, request in mixed])
    )
    answered = zip((case for case, _request in mixed), shares, strict=True)
    return [Kept(case, share) for case, share in answered if case and isinstance(share, bytes)]


def _dummies(known: Erasing, real: int) -> list[tuple[str, ReleaseRequest]]:
    key = OpeningCertificate.from_bytes(known.certificate).public_key
    wanted = max(PADDED_TO, -(-real // PADDED_TO) * PADDED_TO)
    return [("", dummy_request(key)) for _ in range(wanted - real)]


def _asking(ask: Callable[[], R]) -> R:
    try:
        return ask()
    except wire.Unavailable as error:
        raise Unavailable(service="timekeeper") from error
