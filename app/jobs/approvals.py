"""A trustee's approval of a lot's release, run in the process whose page was asked.

The timekeeper is asked first, with no letter: before T by its clock nobody reads even how many
there are.
"""

from dataclasses import dataclass
from datetime import datetime

from app.house import House
from app.jobs import timekeeping
from guarantees.errors import N_, InvalidInput
from guarantees.flow import approve_release, rehearse_trustee
from guarantees.queries.lots import lot_row
from guarantees.values.actor import Actor
from guarantees.values.moments import beijing_text
from signing.seal import approvals
from signing.seal.approvals import Asked, NotAnApproval, Part

NOT_AN_ANSWER = N_(
    "这不是本次开标的答复文件。请下载请求文件，用 ./baohan trustee 生成答复后再上传。"
)


@dataclass(frozen=True)
class Waiting:
    """What a lot asks of one trustee."""

    opening: str
    asked: tuple[Asked, ...]

    @property
    def letters(self) -> int:
        return len({one.letter for one in self.asked})


def waiting(house: House, actor: Actor, now: datetime, lot: str) -> Waiting:
    """TooEarly, TooLate, NotFound; Unavailable, TimekeeperRefused."""
    with house.sessions.reading() as session:
        opening = approve_release.opening_of(session, actor, now, lot).id
    timekeeping.released(house, opening, [])
    with house.sessions.reading() as session:
        vault = house.sessions.vault
        asked = approve_release.asked(session, actor, now, lot, files=house.files, vault=vault)
    return Waiting(opening, tuple(asked))


def approve(house: House, actor: Actor, now: datetime, lot: str, passphrase: str) -> int:
    """Answers of how many letters. The private keys live in this call only; PassphraseRefused."""
    with house.sessions.reading() as session:
        approve_release.opening_of(session, actor, now, lot)
        keys = approve_release.unlock_keys(session, actor, passphrase)
    found = waiting(house, actor, now, lot)
    return _keep(house, actor, now, lot, found, approvals.take_out(found.asked, keys))


def request_file(house: House, actor: Actor, now: datetime, lot: str) -> bytes:
    """For a trustee who keeps its own key (./baohan trustee)."""
    found = waiting(house, actor, now, lot)
    with house.sessions.reading() as session:
        row = lot_row(session, lot)
    at = beijing_text(row.opening_time) if row.opening_time else ""
    names = (row.project_number or "", row.project_name, row.number, at)
    return approvals.request_file(found.opening, " ".join(filter(None, names)), found.asked)


def take_answer(house: House, actor: Actor, now: datetime, lot: str, answer: bytes) -> int:
    """The same as `approve`, with parts that were taken out elsewhere; InvalidInput."""
    found = waiting(house, actor, now, lot)
    return _keep(house, actor, now, lot, found, _parts(answer, found.opening))


def _parts(answer: bytes, opening: str) -> list[Part]:
    try:
        return approvals.read_answer(answer, opening)
    except NotAnApproval:
        raise InvalidInput({"answer": NOT_AN_ANSWER}) from None


def _keep(
    house: House, actor: Actor, now: datetime, lot: str, found: Waiting, parts: list[Part]
) -> int:
    return house.sessions.write(
        "approve_release",
        lambda session: approve_release.approve(session, actor, now, lot, found.asked, parts),
    )


# --- rehearsal --------------------------------------------------------------------------------


def rehearsal_file(house: House, actor: Actor, now: datetime) -> bytes:
    return approvals.request_file(rehearse_trustee.OPENING, "演练", _trials(house, actor, now))


def _trials(house: House, actor: Actor, now: datetime) -> list[Asked]:
    with house.sessions.reading() as session:
        return rehearse_trustee.trials(session, actor, now, house.sessions.vault)


def rehearse(house: House, actor: Actor, now: datetime, passphrase: str) -> int:
    """Answers how many keys work; PassphraseRefused."""
    with house.sessions.reading() as session:
        keys = approve_release.unlock_keys(session, actor, passphrase)
    return _passed(house, actor, now, approvals.take_out(_trials(house, actor, now), keys))


def take_rehearsal(house: House, actor: Actor, now: datetime, answer: bytes) -> int:
    """InvalidInput for what is no answer to a trial of this organisation."""
    return _passed(house, actor, now, _parts(answer, rehearse_trustee.OPENING))


def _passed(house: House, actor: Actor, now: datetime, parts: list[Part]) -> int:
    vault = house.sessions.vault
    return house.sessions.write(
        "rehearse_trustee",
        lambda session: rehearse_trustee.passed(session, actor, now, parts, vault),
    )
