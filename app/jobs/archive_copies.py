"""What an institution takes home of its own sealed letter, for the legal 15 years."""

from app.house import House
from guarantees.errors import NotFound
from guarantees.flow.steps import envelopes
from guarantees.records.case import Case
from signing.seal import SealContext, archive_file


def read(house: House, case: Case) -> bytes:
    """The sealed letter as the institution keeps it (signing.seal.archive), before the opening as
    after it. NotFound without a letter. Whoever calls has asked whether the reader may have it."""
    intent, letter = case.intent, case.letter
    held = house.files.get(f"sealed/{intent.id}") if intent else None
    if intent is None or letter is None or held is None:
        raise NotFound(noun="letter", id=case.id)
    vault = house.sessions.vault
    inner = envelopes.inner(envelopes.unpack(intent.id, held, vault), vault)
    return archive_file(inner, SealContext(letter.eid, intent.number, case.lot, intent.opening))
